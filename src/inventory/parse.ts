import { checkFields } from './check.ts';
import { findDocuments, type OtherText } from './documents.ts';
import { NAME_KEYS } from './field_table.ts';
import { childKind, isChildKey, kindOf, TOOL_OF } from './kinds.ts';
import type { ListedItem, Listing, Tool } from './listing.ts';
import { isObject } from './lossless.ts';
import { regionOfNamespace, textOf } from './read_field.ts';
import type { ListedObject, ListedValue, ObjectKind } from './record.ts';
import { type InventoryRefusal, type ListingFault, pointerTo } from './refusal.ts';
import { settleSizes } from './settle_sizes.ts';
import { NOWHERE, type Skipped } from './skip.ts';
import { withoutTwins } from './twins.ts';

/** Characters of a text: a namespace takes about five hundred of them. No body of 8 MiB has more. */
export const LISTING_LENGTH_MAX = 8 * 1024 * 1024;
/**
 * Objects of one text, of whatever kind or of none that is known, each counted once; also documents, and runs of
 * something else between them. The writer takes a text in one commit: this many hold it for seconds, and a stop waits
 * for it (DRAIN_MS in main.ts). What became of each is told.
 */
const LISTED_OBJECTS_MAX = 10_000;
/** What a document says of the host itself, beside or instead of a listing. */
const HOST_KEYS = ['kernel_release', 'kernel_probes'] as const;

/** What a text holds: its listings in their order, what it says of the host, and what could not be read. */
export interface Reading {
  readonly listings: readonly Listing[];
  /** Unread: whoever takes it checks it. Of several documents that say it, the last. */
  readonly kernel_release?: ListedValue;
  readonly kernel_probes?: ListedValue;
  readonly skipped: readonly Skipped[];
  /** Whether every object of it could be told: else nobody knows what it lacks. */
  readonly is_whole: boolean;
}

interface Walk {
  readonly document: number;
  /** Objects of the whole text so far. */
  readonly counted: { objects: number };
  readonly items: { readonly tool: Tool; readonly item: ListedItem }[];
  readonly host: { [key in (typeof HOST_KEYS)[number]]?: ListedValue };
  readonly skipped: Skipped[];
  isWhole: boolean;
}

/** Where an object stands: in which parent, in which dax region, at which pointer. */
interface Place {
  readonly tool: Tool;
  readonly parent: string | null;
  readonly dax_region: ListedObject | null;
  readonly pointer: string;
  /** The key of the list that it stands in, at the top. */
  readonly group?: string | null;
}

/**
 * The objects of any `ndctl list`, `daxctl list` or `cxl list` invocations, whichever their flags and however many.
 *
 * The tool is told from the keys: an array, the single object of -u, an object of lists (`{"regions": […]}`), an array
 * of such objects (`{"anon memdevs": […]}`). Empty text and `[ ]` are empty listings [M116, M117]. What cannot be read
 * is skipped, and nothing else with it. Refuses `too_large`, `not_json`.
 */
export function readListings(text: string): Reading | InventoryRefusal {
  if (text.length > LISTING_LENGTH_MAX)
    return tooLarge(`${String(text.length)} characters`, LISTING_LENGTH_MAX);
  const { documents, others } = findDocuments(text, LISTED_OBJECTS_MAX);
  const parts = [documents, others].find(({ length }) => length > LISTED_OBJECTS_MAX);
  if (parts !== undefined) {
    const what = parts === documents ? 'documents' : 'runs of text that is no JSON';
    return tooLarge(`more than ${String(LISTED_OBJECTS_MAX)} ${what}`, LISTED_OBJECTS_MAX);
  }
  const [first] = others;
  if (documents.length === 0 && first !== undefined) {
    const where = `line ${String(first.line)}, column ${String(first.column)}`;
    return { code: 'not_json', detail: `${where}: ${first.detail}` };
  }
  const listings: Listing[] = [];
  const skipped: Skipped[] = others.map(skippedText);
  const host: Walk['host'] = {};
  const counted = { objects: 0 };
  let isWhole = !others.some(({ is_broken }) => is_broken);
  for (const [document, { value, faults }] of documents.entries()) {
    const walk: Walk = { document, counted, items: [], host, skipped, isWhole: true };
    for (const fault of faults) skipped.push(skippedValue(document, 'value', '', fault));
    readTop(value, '', walk);
    isWhole &&= walk.isWhole;
    addListings(listings, walk, isObject(value) && kindOf(value) !== null);
  }
  const { objects } = counted;
  if (objects > LISTED_OBJECTS_MAX) return tooLarge(`${String(objects)} objects`, LISTED_OBJECTS_MAX);
  const checked = listings.map((listing) => withoutTwins(listing, skipped));
  return { listings: checked, ...host, skipped, is_whole: isWhole };
}

/** Whether reading said no. */
export function isRefusal(reading: Reading | InventoryRefusal): reading is InventoryRefusal {
  return 'code' in reading;
}

function tooLarge(has: string, max: number): InventoryRefusal {
  const detail = `the listing has ${has}, and one may have ${String(max)}; import the host in several listings`;
  return { code: 'too_large', detail };
}

function skippedText({ line, column, detail }: OtherText): Skipped {
  const name = `line ${String(line)}, column ${String(column)}`;
  return { kind: 'text', name, reason: 'not json', detail, ...NOWHERE };
}

function skippedValue(
  document: number,
  kind: Skipped['kind'],
  name: string,
  { pointer, detail }: ListingFault,
): Skipped {
  return { kind, name, reason: 'invalid value', detail, document, pointer };
}

/** A listing for each tool of a document. Single objects one behind another (`jq -c '.[]'`) are one listing. */
function addListings(listings: Listing[], { items }: Walk, isSingle: boolean): void {
  for (const tool of new Set(items.map((walked) => walked.tool))) {
    const mine = items.filter((walked) => walked.tool === tool).map(({ item }) => item);
    const before = listings.at(-1);
    const names = new Set(before?.items.map(({ kind, name }) => `${kind} ${name}`));
    const goesOn =
      before?.format === tool &&
      before.is_single &&
      isSingle &&
      !mine.some(({ kind, name }) => names.has(`${kind} ${name}`));
    if (goesOn) listings[listings.length - 1] = { ...before, items: [...before.items, ...mine] };
    else listings.push({ format: tool, items: mine, is_single: isSingle });
  }
}

function readTop(value: ListedValue, pointer: string, walk: Walk, group: string | null = null): void {
  const members: readonly (readonly [ListedValue, string])[] = Array.isArray(value)
    ? (value as ListedValue[]).map((member, index) => [member, pointerTo(pointer, index)] as const)
    : [[value, pointer]];
  for (const [member, at] of members) readElement(member, at, walk, group);
}

function readElement(value: ListedValue, pointer: string, walk: Walk, group: string | null): void {
  if (!isObject(value)) {
    skipUnknown(walk, pointer, 'is no object that ndctl list, daxctl list or cxl list prints');
    return;
  }
  const kind = kindOf(value, group);
  if (kind !== null) {
    readObject(kind, value, { tool: TOOL_OF[kind], parent: null, dax_region: null, pointer, group }, walk);
    return;
  }
  const told = HOST_KEYS.filter((key) => Object.hasOwn(value, key));
  for (const key of told) walk.host[key] = value[key]!;
  const members = Object.entries(value).filter(([key]) => !told.some((mine) => mine === key));
  const nested = members.filter(([, member]) => typeof member === 'object' && member !== null);
  const lists = nested.length === members.length ? nested : nested.filter(([key]) => isChildKey(key));
  if (lists.length === 0 && (told.length === 0 || members.length > 0)) {
    skipUnknown(walk, pointer, 'is no object that ndctl list, daxctl list or cxl list prints', value);
  }
  for (const [key, member] of lists) readTop(member as ListedValue, pointerTo(pointer, key), walk, key);
}

function skipUnknown(walk: Walk, pointer: string, detail: string, object: ListedObject = {}): void {
  const name = textOf(object, 'dev') ?? '';
  walk.isWhole = false;
  walk.counted.objects += 1;
  // The text is refused then: this one is only counted.
  if (walk.counted.objects > LISTED_OBJECTS_MAX) return;
  walk.skipped.push({
    kind: 'value',
    name,
    reason: 'unknown object',
    detail,
    document: walk.document,
    pointer,
  });
}

function readObject(kind: ObjectKind, object: ListedObject, place: Place, walk: Walk): void {
  walk.counted.objects += 1;
  const faults: ListingFault[] = [];
  const checked = checkFields(kind, object, place.pointer, faults);
  for (const [child, value] of Object.entries(object)) {
    if (childKind(kind, child) === null || (typeof value === 'object' && value !== null)) continue;
    walk.isWhole = false;
    faults.push({ pointer: pointerTo(place.pointer, child), detail: `${kind} ${child} must be objects` });
  }
  const name = nameOf(kind, checked);
  const { children, chardev, fields } = partsOf(kind, object, checked);
  const { key } = NAME_KEYS[kind];
  if (name === null) {
    walk.isWhole = false;
    const fault = {
      pointer: pointerTo(place.pointer, key),
      detail: `must name a ${kind}: the object is left out`,
    };
    walk.skipped.push(skippedValue(walk.document, kind, textOf(object, key) ?? '', fault));
  } else {
    for (const fault of faults) walk.skipped.push(skippedValue(walk.document, kind, name, fault));
    // A namespace is named for its region, also where it is listed alone or right under its bus.
    const parent = kind === 'namespace' ? regionOfNamespace(name) : place.parent;
    const { dax_region, pointer } = place;
    const item = { kind, name, parent, fields, dax_region, pointer, document: walk.document };
    const isAnon = place.group === 'anon memdevs' && kind === 'memdev' && fields['state'] !== 'disabled';
    const stands_in = kind === 'region' ? standsIn(place, children) : null;
    walk.items.push({
      tool: place.tool,
      item: {
        ...item,
        ...(isAnon ? { is_anon: true as const } : {}),
        ...(stands_in === null ? {} : { stands_in }),
      },
    });
  }
  const inside =
    kind === 'dax_region' && name !== null
      ? { tool: place.tool, parent: place.parent, dax_region: fields }
      : { tool: place.tool, parent: name, dax_region: null };
  if (chardev !== null) {
    // Without -X a devdax namespace shows the name of its device only.
    readObject('dax_device', { chardev }, { ...inside, pointer: pointerTo(place.pointer, 'chardev') }, walk);
  }
  for (const [child, value] of children) {
    readChildren(kind, child, value, { ...inside, pointer: pointerTo(place.pointer, child) }, walk);
  }
}

/** Where a region at the top stands, as far as what stands in it does not tell. */
function standsIn({ group }: Place, children: readonly unknown[]): 'array' | 'lists' | null {
  if (group === 'regions') return 'lists';
  return group === null && children.length > 0 ? 'array' : null;
}

/** What an object has of its own, what stands in it, and the name of its device where it is no more than a name. */
function partsOf(kind: ObjectKind, listed: ListedObject, checked: ListedObject) {
  const isChild = ([key, value]: readonly [string, unknown]): boolean =>
    childKind(kind, key) !== null && typeof value === 'object' && value !== null;
  const entries = Object.entries(checked) as [string, ListedValue][];
  const chardev = kind === 'namespace' ? textOf(checked, 'chardev') : null;
  const own = entries.filter((entry) => !isChild(entry) && !(chardev !== null && entry[0] === 'chardev'));
  return {
    children: (Object.entries(listed) as [string, ListedValue][]).filter(isChild),
    chardev,
    fields: settleSizes(kind, Object.fromEntries(own)),
  };
}

/** The name of an object of a kind; a dax region without an id has its path. */
function nameOf(kind: ObjectKind, fields: ListedObject): string | null {
  const { key, shape } = NAME_KEYS[kind];
  const shown = fields[key];
  const name = typeof shown === 'string' || typeof shown === 'number' ? String(shown) : '';
  if (shape.test(name)) return name;
  return kind === 'dax_region' ? textOf(fields, 'path') : null;
}

function readChildren(kind: ObjectKind, key: string, value: ListedValue, place: Place, walk: Walk): void {
  const child = childKind(kind, key)!;
  const isList = Array.isArray(value);
  for (const [index, member] of (isList ? (value as readonly ListedValue[]) : [value]).entries()) {
    const pointer = isList ? pointerTo(place.pointer, index) : place.pointer;
    if (isObject(member)) readObject(child, member, { ...place, pointer }, walk);
    else skipUnknown(walk, pointer, `must be an object: a ${child}`);
  }
}
