import type { CurrentInventory } from './current_inventory.ts';
import { isModeTold } from './derive.ts';
import { printLossless } from './lossless.ts';
import { printable } from './printable.ts';
import { hidesContent } from './read_field.ts';
import type { InventoryDeviceRecord, ListedObject } from './record.ts';
import { daxDeviceObject, regionFieldsOf, showsDaxDevice } from './render_daxctl.ts';

const BADBLOCKS = ['badblock_count', 'badblocks'];

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
export function renderNdctl(inventory: CurrentInventory): string {
  const { host, devices, idle_regions: idle } = inventory;
  const taken = new Set(devices.map(({ namespace }) => namespace));
  const namespaces: readonly PlacedNamespace[] = [
    ...devices.flatMap((device) =>
      device.listed.namespace === null || inventory.shown.get(device.name)!.namespace === 'none'
        ? []
        : [{ region: device.region, object: namespaceObject(inventory, device, device.listed.namespace) }],
    ),
    ...host.namespaces
      .filter(({ name, parent }) => !taken.has(name) && !idle.has(parent ?? ''))
      .map(({ parent, fields }) => ({ region: parent, object: printable('namespace', fields) })),
  ];
  const byRegion = new Map<string | null, ListedObject[]>();
  for (const { region, object } of namespaces) {
    const siblings = byRegion.get(region);
    if (siblings === undefined) byRegion.set(region, [object]);
    else siblings.push(object);
  }
  const there = host.regions.filter(({ name }) => !idle.has(name));
  const regions = there.map(({ name, fields }) => {
    const inside = byRegion.get(name) ?? [];
    const hidden = fields['state'] === 'disabled' ? BADBLOCKS : [];
    return { ...printable('region', fields, hidden), ...(inside.length === 0 ? {} : { namespaces: inside }) };
  });
  const known = new Set(there.map(({ name }) => name));
  const others = namespaces
    .filter(({ region }) => region === null || !known.has(region))
    .map(({ object }) => object);
  if (regions.length > 0) {
    return `${printLossless({ regions, ...(others.length === 0 ? {} : { namespaces: others }) })}\n`;
  }
  return others.length === 0 ? '' : `${printLossless(others)}\n`;
}

function namespaceObject(
  inventory: CurrentInventory,
  device: InventoryDeviceRecord,
  namespace: ListedObject,
): ListedObject {
  const shown = printable('namespace', namespace, hidesContent(namespace) ? ['size', ...BADBLOCKS] : []);
  if (!showsDaxDevice(inventory, device)) return shown;
  const { dax_device: dax, dax_region: region } = device.listed;
  // As without -X: what stands inside would be what the namespace says already.
  if (region === null && !isModeTold(dax!)) return { ...shown, chardev: dax!['chardev'] };
  return {
    ...shown,
    daxregion: { ...regionFieldsOf(device, ['path']), devices: [daxDeviceObject(device, ['mappings'])] },
  };
}
