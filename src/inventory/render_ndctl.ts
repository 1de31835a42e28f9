import { isDisabledNamespace } from './derive.ts';
import { printLossless } from './lossless.ts';
import { printable } from './printable.ts';
import type { InventoryDeviceRecord, InventoryHostRecord, ListedObject } from './record.ts';
import { daxDeviceObject, regionFieldsOf } from './render_daxctl.ts';

interface PlacedNamespace {
  readonly region: string | null;
  readonly object: ListedObject;
}

/**
 * What `ndctl list -RNXMi` would print, with what -v and -D told in an import: `{"regions": […]}`, the namespaces of
 * unknown regions beside it, an array of namespaces where no region is known, empty text where there is nothing.
 *
 * A dax device that no namespace is known for, as those of hmem, has no place in it.
 * Source: ndctl/list.c, util/json.c util_namespace_to_json(), v76.1.
 */
export function renderNdctl(host: InventoryHostRecord, devices: readonly InventoryDeviceRecord[]): string {
  const taken = new Set(devices.map(({ namespace }) => namespace));
  const namespaces: readonly PlacedNamespace[] = [
    ...devices.flatMap((device) =>
      device.listed.namespace === null
        ? []
        : [{ region: device.region, object: namespaceObject(device, device.listed.namespace) }],
    ),
    ...host.namespaces
      .filter(({ name }) => !taken.has(name))
      .map(({ parent, fields }) => ({ region: parent, object: printable('namespace', fields) })),
  ];
  const byRegion = new Map<string | null, ListedObject[]>();
  for (const { region, object } of namespaces) {
    const siblings = byRegion.get(region);
    if (siblings === undefined) byRegion.set(region, [object]);
    else siblings.push(object);
  }
  const regions = host.regions.map(({ name, fields }) => {
    const inside = byRegion.get(name) ?? [];
    return { ...printable('region', fields), ...(inside.length === 0 ? {} : { namespaces: inside }) };
  });
  const known = new Set(host.regions.map(({ name }) => name));
  const others = namespaces
    .filter(({ region }) => region === null || !known.has(region))
    .map(({ object }) => object);
  if (regions.length > 0) {
    return `${printLossless({ regions, ...(others.length === 0 ? {} : { namespaces: others }) })}\n`;
  }
  return others.length === 0 ? '' : `${printLossless(others)}\n`;
}

/** Without a driver, a namespace with a pfn or dax personality (it has an align) does not tell its size [M122]. */
function namespaceObject(device: InventoryDeviceRecord, namespace: ListedObject): ListedObject {
  const isDisabled = isDisabledNamespace(device.listed);
  const hidesSize = isDisabled && namespace['align'] !== undefined;
  const own = printable('namespace', namespace, hidesSize ? ['size'] : []);
  if (isDisabled || device.listed.dax_device === null) return own;
  return {
    ...own,
    daxregion: { ...regionFieldsOf(device, ['path']), devices: [daxDeviceObject(device, ['mappings'])] },
  };
}
