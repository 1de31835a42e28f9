import type { DaxDevice, Host } from '../model/host.ts';
import { filesOf, filesShown, mountsOfDevice, mountsOn, pinsOfDevice, usersOf } from '../model/lookup.ts';
import { writablePages } from '../model/scan_entries.ts';
import { cutLists } from '../model/cut.ts';
import type { BlastRadius } from '../model/removal.ts';
import { entriesOf } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';

/**
 * Who and what a removal of the device now would touch, with what holds it since a former one: superblocks that are dead
 * count as their users do, but what was stored there is lost already. `mapped` are the device's pages that some task maps.
 * O(mappings and runs of the mounted files).
 */
export function blastRadius(host: Host, device: DaxDevice, mapped: number): BlastRadius {
  const pins = pinsOfDevice(host, device.name);
  const users = usersOf(host, device);
  const owners = [device, ...users].flatMap(({ tenant }) => (tenant === null ? [] : [tenant]));
  const { rows, told } = cutLists({ tenants: [...new Set(owners)].sort() });
  const live = new Set(mountsOn(host, device).map(({ file_system }) => file_system));
  const written = [...live].flatMap((file_system) => filesOf(host, file_system));
  const dirty = written.reduce((sum, file) => sum + writablePages(entriesOf(host, file.id)), 0);
  return {
    processes: users.length,
    ...rows,
    ...told,
    mounts: mountsOfDevice(host, device.name).length,
    files: filesShown(host, device.name).length,
    mapped_bytes: mapped * PAGE_BYTES,
    dirty_bytes: dirty * PAGE_BYTES,
    pins: pins.length,
  };
}
