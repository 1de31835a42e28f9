import { checkFields } from './check.ts';
import { NAME_KEYS } from './field_table.ts';
import type { ListedItem, Listing, ListingFormat } from './listing.ts';
import { isObject, parseLossless } from './lossless.ts';
import { regionOfNamespace, textOf } from './read_field.ts';
import type { ListedObject, ListedValue, ObjectKind } from './record.ts';
import { type InventoryRefusal, type ListingFault, pointerTo, refuseListing } from './refusal.ts';
import { settleSizes } from './settle_sizes.ts';

type Tool = Exclude<ListingFormat, 'empty'>;

const TOOLS: Readonly<Record<ObjectKind, Tool>> = {
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
  cxl_region: { daxregion: 'dax_region' },
};
const CXL_CHILDREN: Readonly<Record<string, ObjectKind>> = {
  ports: 'port',
  endpoints: 'endpoint',
  memdevs: 'memdev',
  decoders: 'decoder',
  regions: 'cxl_region',
};

/** Children that are one object, not an array of them. */
const SINGLE_CHILDREN = ['daxregion', 'memdev'];

/** An object with an id is a dax region if it has one of these. */
const DAX_REGION_KEYS = ['path', 'size', 'align', 'available_size', 'devices'];

/**
 * Objects of one listing, of whatever kind, each counted once. The writer takes a listing in one commit: this many
 * hold it for seconds, and a stop waits for it (DRAIN_MS in main.ts).
 */
const LISTED_OBJECTS_MAX = 10_000;

interface Walk {
  readonly tools: Set<Tool>;
  readonly items: ListedItem[];
  /** Known keys with a wrong value. */
  readonly faults: ListingFault[];
  /** What is no object of a listing at all. */
  readonly strays: ListingFault[];
}

/** Where an object stands: in which parent, in which dax region, at which pointer. */
interface Place {
  readonly parent: string | null;
  readonly dax_region: ListedObject | null;
  readonly pointer: string;
}

/**
 * The objects of any `ndctl list`, `daxctl list` or `cxl list` invocation, whichever its flags.
 *
 * The tool is told from the keys: an array, the single object of -u, an object of lists (`{"regions": […]}`), an array
 * of such objects (`{"anon memdevs": […]}`). Empty text and `[ ]` are empty listings [M116, M117].
 * Refuses `too_large`, `not_json`, `not_a_listing`, `invalid_field`.
 */
export function parseListing(text: string): Listing | InventoryRefusal {
  if (text.trim() === '') return { format: 'empty', items: [] };
  const parsed = parseLossless(text);
  if ('refusal' in parsed) return parsed.refusal;

  const walk: Walk = { tools: new Set(), items: [], faults: [], strays: [] };
  readTop(parsed.value, '', walk);
  if (walk.items.length > LISTED_OBJECTS_MAX) return refuseListing('too_large', tooMany(walk.items.length));
  findTwins(walk);
  if (walk.strays[0] !== undefined)
    return refuseListing('not_a_listing', walk.strays[0], walk.strays.slice(1));
  if (walk.faults[0] !== undefined)
    return refuseListing('invalid_field', walk.faults[0], walk.faults.slice(1));
  const [format, another] = walk.tools;
  if (another === undefined) return { format: format ?? 'empty', items: walk.items };
  const detail = `holds objects of ${[...walk.tools].join(' and ')}; a listing is the output of one tool`;
  return refuseListing('not_a_listing', { pointer: '', detail });
}

function tooMany(objects: number): ListingFault {
  const detail = `the listing has ${String(objects)} objects, and one may have ${String(LISTED_OBJECTS_MAX)}; import the host in several listings`;
  return { pointer: '', detail };
}

/** Whether parsing said no. */
export function isRefusal(parsed: Listing | InventoryRefusal): parsed is InventoryRefusal {
  return 'code' in parsed;
}

function readTop(value: ListedValue, pointer: string, walk: Walk): void {
  const members: readonly (readonly [ListedValue, string])[] = Array.isArray(value)
    ? (value as ListedValue[]).map((member, index) => [member, pointerTo(pointer, index)] as const)
    : [[value, pointer]];
  for (const [member, at] of members) readElement(member, at, walk);
}

function readElement(value: ListedValue, pointer: string, walk: Walk): void {
  if (!isObject(value)) {
    walk.strays.push({
      pointer,
      detail: 'must be an object that ndctl list, daxctl list or cxl list prints',
    });
    return;
  }
  const kind = kindOf(value);
  const lists = Object.entries(value) as [string, ListedValue][];
  if (kind !== null) {
    walk.tools.add(TOOLS[kind]);
    readObject(kind, value, { parent: null, dax_region: null, pointer }, walk);
  } else if (lists.length > 0 && lists.every(([, member]) => Array.isArray(member))) {
    for (const [key, member] of lists) readTop(member, pointerTo(pointer, key), walk);
  } else {
    walk.strays.push({ pointer, detail: 'is not an object that ndctl list, daxctl list or cxl list prints' });
  }
}

/** The kind of an object at the top, told by the key that names it. */
function kindOf(object: ListedObject): ObjectKind | null {
  const { dev } = object;
  if (typeof dev === 'string') {
    const kinds = ['bus', 'dimm', 'region', 'namespace'] as const;
    return kinds.find((kind) => NAME_KEYS[kind].shape.test(dev)) ?? null;
  }
  const named = ['dax_device', 'endpoint', 'port', 'cxl_bus', 'decoder', 'cxl_region', 'memdev'] as const;
  const kind = named.find((candidate) => typeof object[NAME_KEYS[candidate].key] === 'string');
  if (kind !== undefined) return kind;
  const isDaxRegion = typeof object['id'] === 'number' && DAX_REGION_KEYS.some((key) => key in object);
  return isDaxRegion ? 'dax_region' : null;
}

function readObject(kind: ObjectKind, object: ListedObject, place: Place, walk: Walk): void {
  const { key, shape } = NAME_KEYS[kind];
  const shown = object[key];
  const name = typeof shown === 'string' || typeof shown === 'number' ? String(shown) : '';
  if (!shape.test(name)) {
    walk.strays.push({ pointer: pointerTo(place.pointer, key), detail: `must name a ${kind}` });
    return;
  }
  const checked = checkFields(kind, object, place.pointer, walk.faults);
  const childKeys = Object.keys(checked).filter((child) => childKind(kind, child) !== null);
  const { chardev, ...rest } = Object.fromEntries(
    Object.entries(checked).filter(([field]) => !childKeys.includes(field)),
  );
  const showsDevice = kind === 'namespace' && typeof chardev === 'string';
  const fields = settleSizes(
    kind,
    kind === 'namespace' || chardev === undefined ? rest : { chardev, ...rest },
  );
  // A namespace is named for its region, also where it is listed alone or right under its bus.
  const parent = kind === 'namespace' ? regionOfNamespace(name) : place.parent;
  walk.items.push({ ...place, kind, name, parent, fields });

  const inside =
    kind === 'dax_region' ? { parent: place.parent, dax_region: fields } : { parent: name, dax_region: null };
  if (showsDevice) {
    // Without -X a devdax namespace shows the name of its device only.
    readObject('dax_device', { chardev }, { ...inside, pointer: pointerTo(place.pointer, 'chardev') }, walk);
  }
  for (const child of childKeys) {
    readChildren(kind, child, checked[child]!, { ...inside, pointer: pointerTo(place.pointer, child) }, walk);
  }
}

function readChildren(kind: ObjectKind, key: string, value: ListedValue, place: Place, walk: Walk): void {
  const child = childKind(kind, key)!;
  const members = SINGLE_CHILDREN.includes(key) ? [value] : value;
  if (!Array.isArray(members)) {
    walk.faults.push({ pointer: place.pointer, detail: `must be an array of objects: each a ${child}` });
    return;
  }
  (members as ListedValue[]).forEach((member, index) => {
    const pointer = SINGLE_CHILDREN.includes(key) ? place.pointer : pointerTo(place.pointer, index);
    if (isObject(member)) readObject(child, member, { ...place, pointer }, walk);
    else walk.faults.push({ pointer, detail: `must be an object: a ${child}` });
  });
}

function childKind(kind: ObjectKind, key: string): ObjectKind | null {
  const children = CHILDREN[kind] ?? {};
  if (Object.hasOwn(children, key)) return children[key]!;
  if (TOOLS[kind] !== 'cxl') return null;
  if (kind === 'endpoint' && key === 'memdev') return 'memdev';
  const [plural, above] = key.split(':');
  return above !== undefined && Object.hasOwn(CXL_CHILDREN, plural!) ? CXL_CHILDREN[plural!]! : null;
}

/** A dax region is told by its path: its id is that of the nd region, which may hold several. */
function findTwins(walk: Walk): void {
  const seen = new Set<string>();
  const add = (kind: string, name: string, pointer: string): void => {
    const key = `${kind} ${name}`;
    if (seen.has(key)) walk.strays.push({ pointer, detail: `names ${name} a second time` });
    seen.add(key);
  };
  for (const { kind, name, pointer, fields } of walk.items) {
    const disk = kind === 'namespace' ? textOf(fields, 'blockdev') : null;
    if (kind !== 'dax_region') add(kind, name, pointer);
    if (disk !== null) add('disk', disk, pointerTo(pointer, 'blockdev'));
  }
}
