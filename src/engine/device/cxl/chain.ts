import type { CxlMemdev, CxlRegion } from '../../model/cxl.ts';
import type { Condition, DaxDevice, Host } from '../../model/host.ts';
import { factsOf } from '../../kernels/of_host.ts';
import { must } from '../../model/lookup.ts';
import { kernelRefuses, refuse, type Refusal } from '../../model/refusal.ts';
import { hostRecord } from '../../model/transaction.ts';
import type { KnownRegionType } from '../../model/region_type.ts';

/*
 * The chain of a CXL device, as the kernel builds it: everything here only reads.
 *
 *   memdev (a card) ── its endpoint decoder ──┐
 *   memdev          ── its endpoint decoder ──┴── region ── dax device
 */

/** M95: a kernel without drivers/cxl for memory has no CXL devices. */
export function refusesCxl(host: Host): Refusal | null {
  if (factsOf(host).cxl.region_types.length > 0) return null;
  const detail = `${hostRecord(host).kernel} has no driver for CXL memory`;
  return { ...kernelRefuses('ENODEV', detail), pointer: '/provider' };
}

/** A memdev by its name. Refused: `cxl_memdev_not_found`. */
export function findMemdev(host: Host, name: string): CxlMemdev | Refusal {
  return (
    host.tables.cxl_memdevs.get(name) ?? refuse('cxl_memdev_not_found', `there is no CXL memdev ${name}`)
  );
}

/** A region by its name. Refused: `cxl_region_not_found`. */
export function findRegion(host: Host, name: string): CxlRegion | Refusal {
  return (
    host.tables.cxl_regions.get(name) ?? refuse('cxl_region_not_found', `there is no CXL region ${name}`)
  );
}

/** The region a device stands on; asked only where there is one. */
export function regionOf(host: Host, device: DaxDevice): CxlRegion {
  return must(host.tables.cxl_regions.get(device.cxl_region!), `CXL region of ${device.name}`);
}

/** What a card has for regions of a type. */
export function capacityFor({ pmem_size, ram_size }: CxlMemdev, type: KnownRegionType): number {
  return type === 'pmem' ? pmem_size : ram_size;
}

/** Regions that have a decoder of the memdev among their targets, by name. */
export function regionsOn(host: Host, memdev: string): CxlRegion[] {
  return host.tables.cxl_regions.where(({ mappings }) => mappings.some((target) => target.memdev === memdev));
}

/** A region's targets: memdevs in the order of their positions. */
export function targetsOf(memdevs: readonly string[]): CxlRegion['mappings'] {
  return memdevs.map((memdev, position) => ({ position, memdev, decoder: null }));
}

/** Devices that stand on a region, in order of creation. */
export function consumersOf(host: Host, region: string): DaxDevice[] {
  return host.tables.dax_devices.where((device) => device.cxl_region === region);
}

/** Whether a region is up: its driver bound and its range decoded. */
export function isUp({ state, decode_state }: CxlRegion): boolean {
  return state === 'enabled' && decode_state === 'commit';
}

/** Whether a device's region, if it has one, is up. */
export function regionServes(host: Host, device: DaxDevice): boolean {
  return device.cxl_region === null || isUp(regionOf(host, device));
}

/**
 * Whether a target has left the region and none came in its place: it is not ACTIVE, whatever its decoders do (a
 * locked one is not reset); of one whose ways are not told, none came. Source: drivers/cxl/core/region.c cxl_region_detach().
 */
export function hasLostTarget(host: Host, { name, mappings, interleave_ways }: CxlRegion): boolean {
  if (interleave_ways !== null && mappings.length >= interleave_ways) return false;
  return host.tables.cxl_memdevs.where(({ left_region }) => left_region === name).length > 0;
}

/** Whether the decoders over a device are reset: the recorded machines read zeros there, card or no card (R165). */
export function isReset(host: Host, device: DaxDevice): boolean {
  return device.cxl_region !== null && regionOf(host, device).decode_state === 'reset';
}

/** What the operator has to do before a device on the region can be bound again (CX4, CX15). */
export function regionConditions(host: Host, device: DaxDevice): Condition[] {
  if (device.cxl_region === null) return [];
  const region = regionOf(host, device);
  const { name, state } = region;
  const lost = hasLostTarget(host, region);
  if (lost || region.decode_state === 'reset') {
    const why = lost ? 'has lost a target' : 'decodes to nothing';
    const todo = `program the decoders (POST …/cxl-regions/${name}/commit), then bind it`;
    return [{ type: 'cxl_region_reset', detail: `${name} ${why}: ${todo}` }];
  }
  if (state === 'enabled') return [];
  return [{ type: 'cxl_region_disabled', detail: `${name} has no driver: POST …/cxl-regions/${name}/bind` }];
}

/** What gives a memdev that is there its driver. */
export function bindsMemdev(name: string): string {
  return `POST …/cxl-memdevs/${name}/bind with driver cxl_mem`;
}

/** A memdev that is gone, and how its card comes back. */
export function memdevGone({ name }: CxlMemdev): Refusal {
  const back = `POST …/cxl-memdevs/${name}/bind with driver cxl_pci, or a hotplug event, brings it back`;
  return kernelRefuses('ENODEV', `${name} is gone: ${back}`);
}
