import type { DaxDevice, Host, HostRecord } from '../model/host.ts';
import { NOT_TOLD } from '../device/told.ts';
import { usesBy } from '../model/rest.ts';
import type { Assessment } from './record.ts';

/** The part of an assessment that depends on no name. */
export type Result = Omit<
  Assessment,
  'host' | 'dax_device' | 'uid' | 'mode' | 'kernel' | 'tenant' | 'holders' | 'told_at' | 'trigger'
>;

/** What a removal leaves of a device that nobody uses, by all that determines it. */
export type IdleVerdicts = Map<string, Result>;

/** What tells records apart, or places them, and decides nothing of a removal of a device without users. */
const NAMES = { uid: '', revision: 0, host: '', name: '', labels: {} };
const DEVICE = {
  ...NOT_TOLD,
  media_serial: null,
  phys_addr: null,
  base_pfn: 0,
  numa_node: null,
  target_node: null,
};

/** The host's part of the key. */
export function hostKey(host: HostRecord): string {
  return JSON.stringify({ ...host, ...NAMES, next_id: 0 });
}

/** All of a device that its removal can depend on while nobody uses it; null where somebody may. */
export function idleKey(host: Host, device: DaxDevice): string | null {
  if (device.cxl_region !== null || device.mode === 'system-ram') return null;
  if (host.tables.memory_ranges.has(device.name)) return null;
  for (const kind of ['mounts', 'open_files', 'mappings', 'pins'] as const) {
    const [first] = usesBy(host, `${kind}/dax_device`, device.name);
    if (first !== undefined) return null;
  }
  return JSON.stringify({ ...device, ...NAMES, ...DEVICE });
}
