import { isDisabledNamespace } from './derive.ts';
import type { KnownInventory } from './known_inventory.ts';
import type { ListedItem } from './listing.ts';
import { toCount } from './number.ts';
import { textOf } from './read_field.ts';
import { namesOfMemdevs } from './rename_memdevs.ts';
import type { InventoryDeviceRecord, ListedRecord, ObjectKind } from './record.ts';
import { shownAs } from './shown.ts';
import { isSeed } from './skip.ts';
import { asListed } from './current_state.ts';
import { HOST_KINDS, HOST_TABLES, type HostKind } from './host_tables.ts';

/**
 * An object that was there, and that a listing of its kind does not show. `dax_device`: the device that it is.
 *
 * `not listed`: it has no driver, or is gone, or a filter left it out. `being removed`: its removal has not ended, and a
 * listing does not end it. `empty listing`: no one can tell which tool printed nothing. `not read`: it may be among what of
 * a complete listing cannot be read.
 */
export interface Absence {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly dax_device: string | null;
  readonly reason: 'not listed' | 'being removed' | 'empty listing' | 'not read';
  readonly detail: string;
}

/** What of a host a listing would show if it were there. */
interface Sight {
  readonly isComplete: boolean;
  readonly isEmpty: boolean;
  /** `daxctl list`: dax devices that stand in no namespace. */
  readonly showsDax: boolean;
  readonly memdevs: readonly ListedItem[];
  readonly names: ReadonlyMap<ObjectKind, ReadonlySet<string>>;
  /** Objects without a driver: only with -i. */
  readonly showsIdle: boolean;
  /** `cxl list -vv` and more: every port, decoder and region. */
  readonly isCxlTree: boolean;
  /** Parents of listed objects, by kind. */
  readonly parents: ReadonlyMap<ObjectKind, ReadonlySet<string>>;
  /** Regions that a listed decoder names. */
  readonly decoded: ReadonlySet<unknown>;
  /** Regions whose whole capacity is available: they have no namespace. */
  readonly free: ReadonlySet<string>;
}

/**
 * What listings lack of what they would show [IMP17]; `items` are those of all listings of one moment.
 *
 * A partial listing says nothing of what it was not asked for: a namespace is missed where its region is listed, or no
 * region is; a region or dimm where others of its bus are; a dax device, a memdev and a CXL region in any list of
 * their kind. `isComplete`: the listing is everything of each kind in it.
 */
export function absencesFrom(
  known: KnownInventory,
  items: readonly ListedItem[],
  isComplete: boolean,
): readonly Absence[] {
  const sight = sightOf(items, isComplete);
  const devices = known.devices.flatMap((device) => absentDevice(sight, known, device));
  const told = new Set(devices.map(({ kind, name }) => `${kind} ${name}`));
  const aside = known.host.namespaces
    .filter((record) => !isSeed({ ...record, kind: 'namespace' }))
    .filter((record) => isAbsent(sight, 'namespace', record) && !told.has(`namespace ${record.name}`))
    .map((record) => absence(sight, 'namespace', record.name, null));
  const others = HOST_KINDS.flatMap((kind) =>
    absentRecords(sight, kind, known.host[HOST_TABLES[kind]]).map(({ name }) =>
      absence(sight, kind, name, null),
    ),
  );
  return [...devices, ...aside, ...others];
}

function sightOf(items: readonly ListedItem[], isComplete: boolean): Sight {
  const names = new Map<ObjectKind, Set<string>>();
  const parents = new Map<ObjectKind, Set<string>>();
  for (const { kind, name, parent } of items) {
    names.set(kind, (names.get(kind) ?? new Set()).add(name));
    if (parent !== null) parents.set(kind, (parents.get(kind) ?? new Set()).add(parent));
  }
  const isFree = ({ kind, fields }: ListedItem): boolean =>
    kind === 'region' && toCount(fields['size']) !== null && fields['available_size'] === fields['size'];
  const showsIdle = items.some((item) => item.fields['state'] === 'disabled' || isSeed(item));
  const tree = ['cxl_bus', 'port', 'decoder'] as const;
  return {
    isComplete,
    isEmpty: items.length === 0,
    showsDax: items.some(({ kind, parent }) => kind === 'dax_device' && parent === null),
    memdevs: items.filter(({ kind }) => kind === 'memdev'),
    names,
    parents,
    decoded: new Set(items.filter(({ kind }) => kind === 'decoder').map(({ fields }) => fields['region'])),
    showsIdle,
    isCxlTree: showsIdle && tree.every((kind) => names.has(kind)),
    free: new Set(items.filter(isFree).map(({ name }) => name)),
  };
}

function absentDevice(
  sight: Sight,
  known: KnownInventory,
  device: InventoryDeviceRecord,
): readonly Absence[] {
  const { name, listed } = device;
  const shown = known.shown?.get(name) ?? shownAs({ ...asListed(device), is_present: true });
  const chardev = textOf(listed.dax_device, 'chardev');
  const found = (kind: ObjectKind, object: string): readonly Absence[] => [
    known.removing?.has(name) === true
      ? { kind, name: object, dax_device: name, reason: 'being removed', detail: 'its removal has not ended' }
      : absence(sight, kind, object, name),
  ];
  if (device.namespace !== null && shown.namespace !== 'none') {
    const fields = shown.namespace === 'disabled' ? { state: 'disabled' } : {};
    const record = { name: device.namespace, parent: device.region, fields };
    if (isAbsent(sight, 'namespace', record)) return found('namespace', device.namespace);
  }
  const hasDaxDevice = chardev !== null && shown.dax_device !== 'none' && !isDisabledNamespace(listed);
  if (!hasDaxDevice) return [];
  const record = { name: chardev, parent: null, fields: {} };
  return isAbsent(sight, 'dax_device', record) ? found('dax_device', chardev) : [];
}

function absentRecords(
  sight: Sight,
  kind: HostKind,
  known: readonly ListedRecord[],
): readonly ListedRecord[] {
  if (kind !== 'memdev') return known.filter((record) => isAbsent(sight, kind, record));
  // A memdev is listed under whatever number it has now.
  const there = new Set(namesOfMemdevs(known, sight.memdevs).values());
  return known.filter((record) => !there.has(record.name) && isCovered(sight, kind, record));
}

function isAbsent(sight: Sight, kind: ObjectKind, record: ListedRecord): boolean {
  return sight.names.get(kind)?.has(record.name) !== true && isCovered(sight, kind, record);
}

/** Whether the listing would show an object of the kind, being what the record says. */
function isCovered(sight: Sight, kind: ObjectKind, { name, parent, fields }: ListedRecord): boolean {
  const { isComplete, isEmpty, showsDax, names, parents, decoded, showsIdle, isCxlTree, free } = sight;
  if (isComplete && isEmpty) return kind === 'namespace' || kind === 'dax_device';
  if (fields['state'] === 'disabled' && !showsIdle) return false;
  const isListed = names.has(kind);
  switch (kind) {
    case 'namespace': {
      const isRegionListed = names.get('region')?.has(parent ?? '') ?? true;
      return free.has(parent ?? '') || (isListed && (isComplete || isRegionListed));
    }
    case 'dax_device':
      return showsDax;
    case 'bus':
    case 'cxl_bus':
      return isComplete && isListed;
    case 'dimm':
    case 'region':
      return isListed && (isComplete || parents.get(kind)?.has(parent ?? '') === true);
    case 'memdev':
      return isListed || (isCxlTree && !names.has('endpoint'));
    case 'cxl_region':
      return (isListed || isCxlTree) && !decoded.has(name);
    case 'port':
    case 'endpoint':
    case 'decoder':
      return isCxlTree || (isComplete && isListed);
    case 'dax_region':
      return false;
  }
}

function absence(
  { isComplete, isEmpty }: Sight,
  kind: ObjectKind,
  name: string,
  device: string | null,
): Absence {
  const absent = { kind, name, dax_device: device };
  if (isComplete && isEmpty) {
    const detail = 'the listing is empty, and no one can tell which tool printed it: nothing is ended by it';
    return { ...absent, reason: 'empty listing', detail };
  }
  const detail = `the listing shows others of its kind, and not ${name}: it has no driver, or is gone, or was filtered out; ?complete=true says that nothing was`;
  return { ...absent, reason: 'not listed', detail };
}
