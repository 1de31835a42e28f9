import { openedDead } from '../mm/cdev.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { nodeHoldersOf } from '../model/lookup.ts';
import type { Hazard } from '../model/removal.ts';

/**
 * The hazard of a node of a device-dax that anybody can open while it is not alive, and map: one of each process that has
 * it open (CDEV3). What the last close of a deleted node does is told with the clean-up (CLEAN1).
 */
export function nodeHazards(host: Host, device: DaxDevice): Hazard[] {
  const cdev = openedDead(device);
  if (cdev === null) return [];
  const holders = new Set(nodeHoldersOf(host, device, cdev.instance).map(({ pid }) => pid));
  const why = cdev.opens > 0 ? 'it is open' : 'its cdev still has a reference';
  const pids = holders.size === 0 ? [null] : [...holders];
  return pids.map((pid) => ({
    kind: 'open_node',
    detail: `${why}: anybody opens the node of ${device.name} although device_dax does not serve it, and an mmap of it oopses, after which no removal of a DAX device returns`,
    pid,
    mapping: null,
    pin: null,
    pfn_ranges: [],
    writable: false,
    triggered_by: ['mmap'],
    source: 'S14, S15, S17',
  }));
}
