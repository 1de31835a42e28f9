import { findRecord } from './find_record.ts';
import type { ListedItem } from './listing.ts';
import { mergeFields } from './merge_fields.ts';
import { type DeviceMerge, drop, type Owner } from './merge_state.ts';
import { regionOfNamespace, textOf } from './read_field.ts';
import type { InventoryHostRecord } from './record.ts';
import { NOT_DAX, NOWHERE } from './skip.ts';

/**
 * Whether a namespace that is listed is reached through block windows, as nd_blk did up to v5.17: no dax, and no device.
 *
 * The names tell that it has, or last had: ndblkR.N is a disk of that driver, pmemR and daxR.N are none; where there is
 * no such name its region does, by its type [IMP70].
 * Source: drivers/nvdimm/namespace_devs.c nvdimm_namespace_disk_name(), region_devs.c nd_region_to_nstype(), v5.10.
 */
export function isListedBlk(
  merge: DeviceMerge,
  { name, fields }: ListedItem,
  owner: Owner | null,
  host: InventoryHostRecord,
): boolean {
  const inside = merge.kin.get(name)?.[0]?.name ?? null;
  const told = firstTold([textOf(fields, 'blockdev'), textOf(fields, 'chardev'), inside]);
  return told ?? merge.namespaces.get(name)?.is_blk ?? isKnownBlk(name, owner, host);
}

/**
 * Keeps it for the export, as it was listed. A device that was taken for it by its namespace alone, or by a disk of nd_blk,
 * has never been: nothing is left of it [IMP47]; another that was known there is gone.
 */
export function keepBlkAside(
  merge: DeviceMerge,
  { name, fields }: Pick<ListedItem, 'name' | 'fields'>,
  owner: Owner | null,
): void {
  const known = merge.namespaces.get(name);
  const is_blk = firstTold([textOf(fields, 'blockdev')]) ?? known?.is_blk ?? false;
  merge.namespaces.set(name, {
    name,
    parent: regionOfNamespace(name),
    fields: mergeFields('namespace', known?.fields ?? owner?.parts.namespace ?? null, fields),
    ...(is_blk ? { is_blk } : {}),
  });
  if (owner === null) return;
  drop(merge, owner.name);
  const hasNeverBeen = firstTold([owner.name]) !== false;
  if (hasNeverBeen && merge.gone.has(owner.name)) merge.is_now.set(owner.name, name);
}

/** Ends the devices that a listing shows to be of nd_blk without listing them: it tells the type of their region. */
export function dropBlk(merge: DeviceMerge, host: InventoryHostRecord): void {
  for (const [name, parts] of merge.parts) {
    const dev = textOf(parts.namespace, 'dev');
    const stays = merge.listed.has(name) || merge.removing.has(name);
    if (dev === null || stays || !isKnownBlk(dev, { name, parts }, host)) continue;
    keepBlkAside(merge, { name: dev, fields: parts.namespace! }, { name, parts });
    merge.skipped.push({ kind: 'namespace', name: dev, reason: 'blk', detail: NOT_DAX, ...NOWHERE });
  }
}

function isKnownBlk(namespace: string, owner: Owner | null, { regions }: InventoryHostRecord): boolean {
  const { dax_device: dax, namespace: known } = owner?.parts ?? {};
  const told = firstTold([textOf(known, 'blockdev'), textOf(dax, 'chardev'), owner?.name ?? null]);
  return told ?? findRecord(regions, regionOfNamespace(namespace))?.fields['type'] === 'blk';
}

/** What the first of the names tells that is one of the kernel's; null where none is. */
function firstTold(names: readonly (string | null)[]): boolean | null {
  const told = names.find((name) => name !== null && /^(?:ndblk|pmem|dax)\d/.test(name));
  return told === undefined ? null : told!.startsWith('ndblk');
}
