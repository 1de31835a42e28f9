import { NAME_KEYS } from './field_table.ts';
import type { Tool } from './listing.ts';
import type { ListedObject, ObjectKind } from './record.ts';

/** Who prints an object of each kind, where it does not stand in another. */
export const TOOL_OF: Readonly<Record<ObjectKind, Tool>> = {
  bus: 'ndctl',
  dimm: 'ndctl',
  region: 'ndctl',
  namespace: 'ndctl',
  dax_region: 'daxctl',
  dax_device: 'daxctl',
  cxl_bus: 'cxl',
  port: 'cxl',
  endpoint: 'cxl',
  memdev: 'cxl',
  decoder: 'cxl',
  cxl_region: 'cxl',
};

/** What stands under a key of an object; cxl keys end in `:PARENT`. */
const CHILDREN: Readonly<Partial<Record<ObjectKind, Readonly<Record<string, ObjectKind>>>>> = {
  bus: { dimms: 'dimm', regions: 'region', namespaces: 'namespace' },
  region: { namespaces: 'namespace' },
  namespace: { daxregion: 'dax_region' },
  dax_region: { devices: 'dax_device' },
  endpoint: { memdev: 'memdev' },
  cxl_region: { daxregion: 'dax_region' },
};
const CXL_CHILDREN: Readonly<Record<string, ObjectKind>> = {
  ports: 'port',
  endpoints: 'endpoint',
  memdevs: 'memdev',
  decoders: 'decoder',
  regions: 'cxl_region',
};

/** An object with an id is a dax region if it has one of these. */
const DAX_REGION_KEYS = ['path', 'size', 'align', 'available_size', 'devices'];

/** The kind of an object at the top, told by the key that names it. */
export function kindOf(object: ListedObject): ObjectKind | null {
  const { dev } = object;
  if (typeof dev === 'string') {
    const kinds = ['bus', 'dimm', 'region', 'namespace'] as const;
    return kinds.find((kind) => NAME_KEYS[kind].shape.test(dev)) ?? null;
  }
  const named = ['dax_device', 'endpoint', 'port', 'cxl_bus', 'decoder', 'cxl_region', 'memdev'] as const;
  const kind = named.find((candidate) => typeof object[NAME_KEYS[candidate].key] === 'string');
  if (kind !== undefined) return kind;
  const hasName = typeof object['id'] === 'number' || typeof object['path'] === 'string';
  const isDaxRegion = hasName && DAX_REGION_KEYS.some((key) => Object.hasOwn(object, key));
  return isDaxRegion ? 'dax_region' : null;
}

/** The kind of what stands under a key of an object; null where that is no object of a listing. */
export function childKind(kind: ObjectKind, key: string): ObjectKind | null {
  const children = CHILDREN[kind] ?? {};
  if (Object.hasOwn(children, key)) return children[key]!;
  const [plural, above] = key.split(':');
  const isCxl = TOOL_OF[kind] === 'cxl' && above !== undefined && Object.hasOwn(CXL_CHILDREN, plural!);
  return isCxl ? CXL_CHILDREN[plural!]! : null;
}

/** Whether objects of a listing stand under this key, of whatever kind the object around is. */
export function isChildKey(key: string): boolean {
  const [plural] = key.split(':');
  const ofKinds = Object.values(CHILDREN).some((children) => Object.hasOwn(children, key));
  return ofKinds || Object.hasOwn(CXL_CHILDREN, plural!);
}
