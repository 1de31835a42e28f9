import type { ImportedDevice } from '../engine/model/host_command.ts';
import type { DaxDevice } from '../engine/model/host.ts';
import type { InventoryDeviceRecord } from '../inventory/record.ts';
import type { ModelledCxl } from './current_cxl.ts';

/** What a device follows from: its CXL region, and what that one tells of it. */
type Standing = Pick<DaxDevice, 'cxl_region' | 'cxl_region_from' | 'provider' | 'media_serial'>;

/** What is asked of the model: a device by its name or a former one, and whether a CXL region is as it was listed. */
export interface ModelledLinks {
  readonly deviceOf: (name: string) => DaxDevice | undefined;
  readonly isWhole: (cxl_region: string) => boolean;
}

/** The links of a model; a region is whole where it is decoded, and each card that it is told to lie on is there. */
export function linksIn({
  devices,
  cxl_memdevs,
  cxl_regions,
}: ModelledCxl & { readonly devices: readonly DaxDevice[] }): ModelledLinks {
  const byName = new Map(devices.map((device) => [device.name, device]));
  const regions = new Map(cxl_regions.map((region) => [region.name, region]));
  const there = new Set(cxl_memdevs.filter(({ state }) => state === 'enabled').map(({ name }) => name));
  return {
    deviceOf: (name) => byName.get(name),
    isWhole: (name) => {
      const { mappings = [], decode_state } = regions.get(name) ?? {};
      return decode_state === 'commit' && mappings.length > 0 && mappings.every((to) => there.has(to.memdev));
    },
  };
}

/**
 * What all that was told since takes back of where a device stands (IMP30): the link that listings gave it and do not
 * give any more, and with it the provider and the serial that followed from it. Empty where nothing is taken back; a
 * link that a request made stays. `before`: what listings told of the device up to now; `now`: what they tell.
 */
export function takenBack(
  now: InventoryDeviceRecord,
  before: InventoryDeviceRecord | undefined,
  modelled: DaxDevice | undefined,
  links: ModelledLinks,
): Partial<ImportedDevice> {
  if (modelled === undefined) return {};
  const given = givenTo(modelled, before) ?? (isLeftBehind(now, modelled, links) ? modelled : null);
  if (given === null || now.cxl_region === given.cxl_region) return {};
  const followed = (['provider', 'media_serial'] as const).filter(
    (key) => now[key] === null && modelled[key] === given[key],
  );
  return {
    ...(now.cxl_region === null && modelled.cxl_region !== null ? { cxl_region: null } : {}),
    ...Object.fromEntries(followed.map((key) => [key, null])),
  };
}

/** Whether the model has a link that was derived, and is not any more, though its region is whole: a removal kept it. */
export function isLeftBehind(
  now: InventoryDeviceRecord,
  { cxl_region, cxl_region_from, state }: DaxDevice,
  links: ModelledLinks,
): boolean {
  return (
    cxl_region !== null &&
    now.cxl_region !== cxl_region &&
    cxl_region_from === 'derived' &&
    state !== 'removing' &&
    links.isWhole(cxl_region)
  );
}

/** What listings gave a device, where the model has it from them, or has lost its region since; else null. */
function givenTo(
  { cxl_region, cxl_region_from }: DaxDevice,
  before: InventoryDeviceRecord | undefined,
): Standing | null {
  if (before === undefined || before.cxl_region === null) return null;
  const isSame = before.cxl_region === cxl_region && before.cxl_region_from === cxl_region_from;
  return cxl_region === null || isSame ? before : null;
}
