import type { ListedItem } from './listing.ts';
import { toCount } from './number.ts';
import { isModeOfDax, isModeOfNamespace, namespaceMode, NIL_UUID, textOf } from './read_field.ts';
import { OBJECT_KINDS, type ObjectKind } from './record.ts';

/**
 * Why an object, or a value, of a listing became no DAX device, or was not taken as it is.
 *
 * `seed`: an unused namespace or dax device that the kernel keeps ready. `not counted`: blocks of memory, all taken as
 * online. `past the end`: badblocks behind the data of their device. `not placeable`: poison that is in no known place of
 * a device. `blk`: a region reached through block windows. `rounded`: a number that -u does not print exactly.
 * `invalid value`: its key cannot have it; of a name, that the object cannot be told. `unknown object`: none of the tools
 * prints such a one. `twin`: a name that stood before in the same listing. `not json`: a line of the text. `unknown mode`:
 * its mode was not taken; of a namespace that is listed without one, nothing was.
 */
export type SkipReason =
  | 'not a dax device'
  | 'seed'
  | 'blk'
  | 'unknown mode'
  | 'rounded'
  | 'size unknown'
  | 'not counted'
  | 'past the end'
  | 'not placeable'
  | 'invalid value'
  | 'unknown object'
  | 'twin'
  | 'not json';

/**
 * What was left out of what is known, or kept unread, and why. `document`, `pointer`: where it stands in the text,
 * the document counted from 0; null and empty where that is in none.
 */
export interface Skipped {
  readonly kind: SkippedKind;
  readonly name: string;
  readonly reason: SkipReason;
  readonly detail: string;
  readonly document: number | null;
  readonly pointer: string;
}

/** Where what stands in no text does. */
export const NOWHERE = { document: null, pointer: '' } as const;

/** What is skipped: an object of a kind, what is said of the host, a size, badblocks, a value of no known object, or text that is no JSON. */
export const SKIPPED_KINDS = [...OBJECT_KINDS, 'host', 'size', 'badblocks', 'value', 'text'] as const;
export type SkippedKind = (typeof SKIPPED_KINDS)[number];

const NO_DEVICE_DETAILS: Readonly<Record<Exclude<ObjectKind, 'namespace' | 'dax_device'>, string>> = {
  bus: 'an nd bus: kept as the provider of its regions',
  dimm: 'a dimm: kept as the medium of its regions',
  region: 'an nd region: kept as the place of its namespaces',
  dax_region: 'a dax region: kept with its devices',
  cxl_bus: 'a CXL bus: kept as CXL topology',
  port: 'a CXL port: kept as CXL topology',
  endpoint: 'a CXL endpoint port: kept as CXL topology',
  memdev: 'a CXL memdev: kept as CXL topology, the medium of its regions',
  decoder: 'a CXL decoder: kept as CXL topology',
  cxl_region: 'a CXL region: kept as CXL topology, the place of its devices',
};

/** Of a namespace that is reached through block windows. */
export const NOT_DAX = 'a namespace of a blk region is not DAX';

/** Why an object is no device by what it is; null for the namespace or dax device of one [IMP6]. `is_blk`: see blk.ts. */
export function skippedObject(item: ListedItem, is_blk = false): Skipped | null {
  const { kind, name, fields, document, pointer } = item;
  const skip = (reason: SkipReason, detail: string): Skipped => ({
    kind,
    name,
    reason,
    detail,
    document,
    pointer,
  });
  if (kind === 'dax_device') {
    const mode = textOf(fields, 'mode');
    if (toCount(fields['size']) === 0) return skip('seed', 'a dax device of size 0 is a seed');
    return mode === null || isModeOfDax(mode) ? null : skip('unknown mode', `mode ${mode} is not known`);
  }
  if (kind !== 'namespace') return skip('not a dax device', NO_DEVICE_DETAILS[kind]);

  const mode = namespaceMode(fields);
  if (is_blk) return skip('blk', NOT_DAX);
  if (isSeed(item)) return skip('seed', 'a namespace of size 0 without a uuid is a seed');
  return mode !== null && isModeOfNamespace(mode)
    ? null
    : skip(
        'unknown mode',
        mode === null ? 'the listing does not show its mode' : `mode ${mode} is not known`,
      );
}

/** Whether an object is a device in spite of it: one in a mode that is not modelled [IMP44]. */
export function isStillDevice({ kind, fields }: ListedItem, { reason }: Skipped): boolean {
  return reason === 'unknown mode' && (kind !== 'namespace' || namespaceMode(fields) !== null);
}

/** A namespace that was destroyed or never created [M128]; one of a size is there, whatever its uuid. */
export function isSeed({ kind, fields: { size, uuid } }: Pick<ListedItem, 'kind' | 'fields'>): boolean {
  return kind === 'namespace' && (toCount(size) === 0 || (size === undefined && uuid === NIL_UUID));
}
