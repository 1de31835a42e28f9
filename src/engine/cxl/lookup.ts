import type { Condition, CxlMemdev, CxlRegion, DaxDevice, Host } from '../host.ts';
import { must } from '../lookup.ts';
import { refuse, type Refusal } from '../refusal.ts';

/** The chain of a CXL device: memdev → decoder → region → dax device. Everything here only reads. */
export function findMemdev(host: Host, name: string): CxlMemdev | Refusal {
  return (
    host.tables.cxl_memdevs.get(name) ?? refuse('cxl_memdev_not_found', `there is no CXL memdev ${name}`)
  );
}

export function findRegion(host: Host, name: string): CxlRegion | Refusal {
  return (
    host.tables.cxl_regions.get(name) ?? refuse('cxl_region_not_found', `there is no CXL region ${name}`)
  );
}

/** The region a device stands on; asked only where there is one. */
export function regionOf(host: Host, device: DaxDevice): CxlRegion {
  return must(host.tables.cxl_regions.get(device.cxl_region!), `CXL region of ${device.name}`);
}

/** Regions that have a decoder of the memdev among their targets, by name. */
export function regionsOn(host: Host, memdev: string): CxlRegion[] {
  return [...host.tables.cxl_regions.values()].filter(({ mappings }) =>
    mappings.some((target) => target.memdev === memdev),
  );
}

/** Devices that stand on a region, in order of creation. */
export function consumersOf(host: Host, region: string): DaxDevice[] {
  return [...host.tables.dax_devices.values()].filter((device) => device.cxl_region === region);
}

/** Whether a device's region, if it has one, is up: its driver bound and its range decoded. */
export function regionServes(host: Host, device: DaxDevice): boolean {
  if (device.cxl_region === null) return true;
  const region = regionOf(host, device);
  return region.state === 'enabled' && region.decode_state === 'commit';
}

/** Whether the decoders over a device are reset: the recorded machines read zeros there, card or no card (R165). */
export function isReset(host: Host, device: DaxDevice): boolean {
  return device.cxl_region !== null && regionOf(host, device).decode_state === 'reset';
}

/** What the operator has to do before a device on the region can be bound again (C.4). */
export function regionConditions(host: Host, device: DaxDevice): Condition[] {
  if (device.cxl_region === null) return [];
  const { name, state, decode_state } = regionOf(host, device);
  if (decode_state === 'reset') {
    return [
      {
        type: 'cxl_region_reset',
        detail: `${name} decodes to nothing: program the decoders (POST …/cxl-regions/${name}/commit), then bind it`,
      },
    ];
  }
  if (state === 'enabled') return [];
  return [{ type: 'cxl_region_disabled', detail: `${name} has no driver: POST …/cxl-regions/${name}/bind` }];
}
