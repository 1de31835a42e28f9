import type { DaxDevice, Host } from '../model/host.ts';
import { filesOf, filesShown, mountsOfDevice, mountsOn, pinsOfDevice, usersOf } from '../model/lookup.ts';
import { runs } from '../model/mapping_table.ts';
import { countPages, type PfnRange } from '../model/pfn_range.ts';
import { cutLists } from '../model/cut.ts';
import type { BlastRadius } from '../model/removal.ts';
import { entriesOf } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';

/**
 * Who and what a removal of the device now would touch, with what holds it since a former one: superblocks that are dead
 * count as their users do, but what was stored there is lost already. `mapped` are the device's pfns that some task maps
 * (mappedPfns()). O(mappings and runs of the mounted files).
 */
export function blastRadius(host: Host, device: DaxDevice, mapped: readonly PfnRange[]): BlastRadius {
  const pins = pinsOfDevice(host, device.name);
  const users = usersOf(host, device);
  const owners = [device, ...users].flatMap(({ tenant }) => (tenant === null ? [] : [tenant]));
  const { rows, told } = cutLists({ tenants: [...new Set(owners)].sort() });
  const live = new Set(mountsOn(host, device).map(({ file_system }) => file_system));
  const written = [...live].flatMap((file_system) => filesOf(host, file_system));
  const dirty = written.flatMap((file) => [...runs(entriesOf(host, file.id))]).filter((run) => run.writable);
  return {
    processes: users.length,
    ...rows,
    ...told,
    mounts: mountsOfDevice(host, device.name).length,
    files: filesShown(host, device.name).length,
    mapped_bytes: countPages(mapped) * PAGE_BYTES,
    dirty_bytes: dirty.reduce((sum, run) => sum + run.nr_pages, 0) * PAGE_BYTES,
    pins: pins.length,
  };
}
