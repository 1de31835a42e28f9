import { FIELDS, NAME_KEYS } from './field_table.ts';
import type { Tool } from './listing.ts';
import { textOf } from './read_field.ts';
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

/** The kinds whose name is a word of their own; what ndctl lists is named by `dev`, and told by the name. */
const NAMED_BY_KIND = [
  'dax_device',
  'endpoint',
  'port',
  'cxl_bus',
  'decoder',
  'cxl_region',
  'memdev',
] as const;
const NAMED_BY_DEV = ['bus', 'dimm', 'region', 'namespace'] as const;

/** What an object of any kind may say of itself, or of what it refers to: it tells no kind. */
const OF_ANY_KIND = new Set(
  'id path state type size resource numa_node target_node health firmware'.split(' '),
);
/** What another object may say, too: it tells a kind where no word names the object otherwise (`"fwctl": "fwctl0"`). */
const OF_SOME_KINDS = new Set(['host', 'serial']);

/** The kinds that stand in a list at the top, by its word: `memdevs`, `anon memdevs`. Source: cxl_filter_walk(), v81. */
const LISTED_IN: Readonly<Record<string, readonly ObjectKind[]>> = {
  ...Object.fromEntries(Object.entries(CXL_CHILDREN).map(([word, kind]) => [word, [kind]])),
  regions: ['region', 'cxl_region', 'dax_region'],
  buses: ['bus', 'cxl_bus'],
  dimms: ['dimm'],
  namespaces: ['namespace'],
  devices: ['dax_device'],
};

/**
 * The kind of an object at the top: of those whose key names it, the one that knows most of its keys; null where it
 * merely refers to such a one. `group`: the key of the list that it stands in.
 *
 * What refers to another object names it by the same key: a mapping or a fwctl device its memdev, `ndctl read-labels` and
 * `read-infoblock` their dimm and namespace. Source: cxl/json.c util_cxl_mappings_append_json(), ndctl/dimm.c
 * dump_json(), ndctl/namespace.c pfn_parse(), v81.
 */
export function kindOf(object: ListedObject, group: string | null = null): ObjectKind | null {
  const here = Object.entries(LISTED_IN).find(([word]) => group?.split(' ').at(-1) === word)?.[1] ?? [];
  const [nearest] = kindsNamed(object)
    .filter((kind) => here.includes(kind) || isOne(kind, object))
    .toSorted((kind, other) => foreignTo(kind, object) - foreignTo(other, object));
  if (nearest === undefined) return null;
  const word = Object.keys(object).find((key) => group === `${key}s` || group === `${key}es`);
  return word === undefined || word === NAME_KEYS[nearest].key ? nearest : null;
}

/** The kinds that have a name among the keys of an object. */
function kindsNamed(object: ListedObject): readonly ObjectKind[] {
  if (Object.hasOwn(object, 'dev')) {
    const dev = textOf(object, 'dev') ?? '';
    return NAMED_BY_DEV.filter((kind) => NAME_KEYS[kind].shape.test(dev));
  }
  const named = NAMED_BY_KIND.filter((kind) => Object.hasOwn(object, NAME_KEYS[kind].key));
  const isDaxRegion = typeof object['id'] === 'number' || typeof object['path'] === 'string';
  return isDaxRegion ? [...named, 'dax_region'] : named;
}

/** Whether an object says of itself what one of a kind does, or nothing else than that; most of what it says, anyhow. */
function isOne(kind: ObjectKind, object: ListedObject): boolean {
  const { key: nameKey } = NAME_KEYS[kind];
  const isOwn = (key: string): boolean => key !== nameKey && !OF_ANY_KIND.has(key);
  const known = Object.keys(object).filter((key) => isKeyOf(kind, key));
  const foreign = foreignTo(kind, object);
  const own = known.filter(isOwn);
  const isSure = own.some((key) => !OF_SOME_KINDS.has(key)) || !isNamedOtherwise(kind, object);
  if (own.length > 0) return isSure && known.length >= foreign;
  const isNamed =
    kind === 'dax_region' ? known.some((key) => key !== nameKey) : textOf(object, nameKey) !== null;
  return foreign === 0 && isNamed;
}

/** How many keys of an object no tool prints of a kind. */
function foreignTo(kind: ObjectKind, object: ListedObject): number {
  return Object.keys(object).filter((key) => !isKeyOf(kind, key)).length;
}

/** Whether a key that is none of a kind names the object by its own word. */
function isNamedOtherwise(kind: ObjectKind, object: ListedObject): boolean {
  const isName = (key: string, value: string): boolean =>
    value.startsWith(key) && /^\d/.test(value.slice(key.length));
  return Object.entries(object).some(
    ([key, value]) => !isKeyOf(kind, key) && typeof value === 'string' && isName(key, value),
  );
}

/** Also the sizes of a card's partitions of a kind that is not known: `dc0_size`. */
function isKeyOf(kind: ObjectKind, key: string): boolean {
  const isKnown = Object.hasOwn(FIELDS[kind].types, key) || childKind(kind, key) !== null;
  return isKnown || (kind === 'memdev' && key.endsWith('_size'));
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
