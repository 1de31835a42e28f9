import type { Exposure } from '../../src/engine/model/exposure.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { ext4, type Rig } from './rig.ts';
import { DEVICE, found, removeDevice, type Machine, type Mapper } from './support.ts';

export const NEXT_TENANT = { type: 'bind', dax_device: DEVICE, tenant: 'b' } as const;
export const REPLACE = { type: 'record_hotplug_event', action: 'replace', dax_device: DEVICE } as const;

export function exposures(made: Machine): Exposure[] {
  return [...made.host.tables.exposures.values()];
}

/** The mappings and pins that an exposure shows. */
export function through({ windows }: Exposure): string[] {
  return windows.map(({ mapping, pin }) => mapping ?? found(pin ?? undefined));
}

/** Each exposure in a line: through what, how much, and by which event it opened and closed. */
export function told(made: Machine): string[] {
  return exposures(made).map((one) => {
    const what = `${String(one.pages)} pages, ${String(one.writable_pages)} writable`;
    const to = `${String(one.generation)} → ${String(one.to_generation)} (${String(one.to_tenant)})`;
    const end = one.open ? 'open' : String(one.closed_by).split(' ')[0];
    return `${through(one).join('+')} ${to}: ${what}; ${one.opened_by.split(' ')[0] ?? ''}, ${String(end)}`;
  });
}

/** ext4 on v6.12, a reader of 2 MiB, the device unbound. */
export function unbound(kernel: KernelName = 'v6.12'): Rig & { readonly reader: Mapper } {
  const rig = ext4(kernel);
  const reader = rig.mapper({ tenant: 'a' });
  removeDevice(rig.made);
  return { ...rig, reader };
}
