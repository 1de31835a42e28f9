import type { DaxDevice, Host, Mapping, Mount, Pin } from '../model/host.ts';
import {
  blockDeviceGone,
  generationOf,
  mappingsOfDevice,
  mountsOfDevice,
  pinsOfDevice,
} from '../model/lookup.ts';
import { pagesIn, pfnList, setOf, setOfRanges, unionOf, type PfnSet } from '../model/pfn_set.ts';
import { addDax, addReached, EVERY } from '../model/scan_entries.ts';
import { entriesOf } from '../model/transaction.ts';
import { windowFinder } from '../model/window.ts';
import type { Residue } from './record.ts';

/** Mappings and pins, by id, that still reach a device through what is gone or another's. */
export type ResidualUses = ReadonlyMap<string, { readonly pid: number; readonly pfns: PfnSet }>;

/** The residue of a device, by mapping and pin. O(pins and mapped extents). */
export function residualUses(host: Host, device: DaxDevice): ResidualUses {
  const mappings = mappingsOfDevice(host, device.name).map((mapping) => ({
    id: mapping.id,
    pid: mapping.pid,
    pfns: reachedBy(host, device, mapping),
  }));
  const held = pinsOfDevice(host, device.name)
    .filter((pin) => outlives(device, pin))
    .map(({ id, pid, pfn_ranges }) => ({ id, pid, pfns: setOfRanges(pfn_ranges) }));
  const uses = [...mappings, ...held].filter(({ pfns }) => pfns.length > 0);
  return new Map(uses.map(({ id, pid, pfns }) => [id, { pid, pfns }]));
}

/** Mounts that a removal has left, in whatever state: of a device that is bound, those of a block device before it. */
export function leftMounts(host: Host, { name, state }: DaxDevice): Mount[] {
  const mounts = mountsOfDevice(host, name);
  return state === 'bound' ? mounts.filter((mount) => blockDeviceGone(host, mount)) : mounts;
}

/** The residue of a device, counted. */
export function countResidue(host: Host, device: DaxDevice, uses: ResidualUses): Residue {
  const superblocks = leftMounts(host, device).map(
    ({ file_system, device_instance }) => `${file_system}/${String(device_instance)}`,
  );
  const ids = [...uses.keys()];
  const windowOf = windowFinder(host);
  const list = [...uses.values()];
  return {
    mappings: ids.filter((id) => host.tables.mappings.has(id)).length,
    pins: ids.filter((id) => host.tables.pins.has(id)).length,
    processes: new Set(list.map(({ pid }) => pid)).size,
    pages: pagesIn(unionOf(list.map(({ pfns }) => pfns))),
    exposures: ids.filter((id) => windowOf(id) !== null).length,
    superblocks: new Set(superblocks).size,
  };
}

/** Through translations of a device that has no driver, of a pgmap before this one, or of a former owner's pfns. */
function reachedBy(host: Host, device: DaxDevice, mapping: Mapping): PfnSet {
  const former = generationOf(host, mapping) !== device.generation;
  const reached = pfnList();
  const entries = entriesOf(host, mapping.id);
  if (former || device.state !== 'bound') addReached(reached, entries);
  else addDax(reached, entries, null, { ...EVERY, but: device.pgmap });
  return setOf(reached);
}

function outlives(device: DaxDevice, { pgmap, generation }: Pin): boolean {
  return device.state !== 'bound' || pgmap !== device.pgmap || generation !== device.generation;
}
