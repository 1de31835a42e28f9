import type { CreateDaxDevice, ImportedDevice } from '../model/command.ts';
import { identity, type Transaction } from '../model/transaction.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import type { DeviceMode, Driver } from '../model/vocabulary.ts';
import { toldNow, NOT_TOLD } from './told.ts';
import { basePfn, type Places } from './place.ts';
import { kmemStateOf } from './kmem/probe.ts';

/** The driver that binds a device of this mode. */
export function driverOf(mode: DeviceMode): Driver {
  return mode === 'devdax' ? 'device_dax' : mode === 'system-ram' ? 'kmem' : 'nd_pmem';
}

/** 2 MiB where the device itself is mapped, by entries of exactly its align; null else. */
export function defaultAlign(mode: DeviceMode): number | null {
  return mode === 'devdax' ? 2097152 : null;
}

/** A raw namespace has struct pages only where pmem_should_map_pages() says so (legacy e820, virtio-pmem). */
function mapOf(command: CreateDaxDevice | ImportedDevice): 'dev' | 'mem' | null {
  if (command.map !== undefined) return command.map;
  const legacy = command.provider === 'e820' || command.provider === 'virtio-pmem';
  if (command.mode === 'raw') return legacy ? 'mem' : null;
  return command.mode === 'sector' ? null : 'dev';
}

export function newDevice(tx: Transaction, command: CreateDaxDevice, places: Places): DaxDevice {
  const bound = (command.state ?? 'bound') === 'bound';
  const { mode } = command;
  return {
    ...identity(tx),
    name: command.name,
    mode,
    driver: bound ? driverOf(mode) : null,
    size: command.size,
    align: command.align ?? defaultAlign(mode),
    phys_addr: command.phys_addr ?? null,
    numa_node: command.numa_node ?? null,
    target_node: command.target_node ?? null,
    tenant: command.tenant ?? null,
    labels: command.labels ?? {},
    generation: 1,
    media_serial: command.media_serial ?? null,
    state: bound ? 'bound' : 'unbound',
    conditions: [],
    provider: command.provider ?? 'ACPI.NFIT',
    map: mapOf(command),
    base_pfn: basePfn(places, command.phys_addr ?? null),
    pgmap: 1,
    pgmap_state: bound ? 'live' : 'none',
    dax_alive: bound,
    instance: 1,
    parent_bound: true,
    mem_region: bound ? 'requested' : 'released',
    removal: null,
    media_present: true,
    hwpoisoned: [],
    badblocks: [],
    clears_poison: command.clears_poison ?? false,
    faulted: [],
    cxl_region: null,
    kmem_state: bound ? kmemStateOf(tx.host, mode) : null,
    ...(command.holders === 'told' ? toldNow(tx.context) : NOT_TOLD),
  };
}

/**
 * A device that is listed in another mode was bound in it unseen: another owner (GEN3), another pgmap, of whose users
 * nobody has said anything.
 */
export function boundUnseen({ generation, instance, pgmap }: DaxDevice) {
  return { generation: generation + 1, instance: instance + 1, pgmap: pgmap + 1, ...NOT_TOLD };
}

/** A listing that shows a device bound or without a driver wins over a record that nobody uses. */
export function rebound(host: Host, device: DaxDevice, imported: ImportedDevice): DaxDevice {
  const state = imported.state ?? 'bound';
  if (device.state === 'removing' || (device.state === state && device.driver === driverOf(device.mode)))
    return device;
  if (state === 'unbound') {
    const unbound = { driver: null, dax_alive: false, kmem_state: null } as const;
    const released = { pgmap_state: 'none', mem_region: 'released' } as const;
    return { ...device, ...unbound, ...released, ...parentAsListed(device, imported), state };
  }
  const pgmap = device.pgmap_state === 'live' ? device.pgmap : device.pgmap + 1;
  return {
    ...device,
    state,
    driver: driverOf(device.mode),
    dax_alive: true,
    pgmap,
    pgmap_state: 'live',
    hwpoisoned: [],
    faulted: [],
    mem_region: 'requested',
    parent_bound: true,
    kmem_state: kmemStateOf(host, device.mode),
  };
}

/** Without dax_pmem the dev_dax is gone; with it again, there is another. */
function parentAsListed({ parent_bound: before, instance }: DaxDevice, { parent_bound }: ImportedDevice) {
  const now = parent_bound ?? before;
  return { parent_bound: now, instance: before && !now ? instance + 1 : instance };
}
