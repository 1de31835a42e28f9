import { asListed } from './current_state.ts';
import { isDisabledNamespace } from './derive.ts';
import { HOST_KINDS } from './host_tables.ts';
import type { KnownInventory } from './known_inventory.ts';
import type { Listing } from './listing.ts';
import { groundsOfDevice, keyOf, type Losses, lossesIn } from './losses.ts';
import { textOf } from './read_field.ts';
import { type InventoryDeviceRecord, type ObjectKind, OBJECT_KINDS } from './record.ts';
import { shownAs } from './shown.ts';
import { isListed, type Sight, sightOf, wouldShow } from './sight.ts';
import { isSeed } from './skip.ts';

/** Why what is absent is, or why a complete listing does not end it. */
export const ABSENCE_REASONS = [
  'not listed',
  'being removed',
  'still told',
  'empty listing',
  'not read',
] as const;

/**
 * An object that was there, and that a listing does not show. `dax_device`: the device that it is.
 *
 * `not listed`: it has no driver, or is gone, or a filter left it out, or what it stands on is lacked. `being removed`:
 * its removal has not ended, and a listing does not end it. `still told`: another object of the listing tells that it is
 * there. `empty listing`: no one can tell which tool printed nothing. `not read`: it may be among what of a complete
 * listing cannot be read.
 */
export interface Absence {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly dax_device: string | null;
  readonly reason: (typeof ABSENCE_REASONS)[number];
  readonly detail: string;
}

/**
 * What listings of one moment lack of what they would show, and what is not there without that [IMP17]. Those that are
 * `not listed` are gone where the listing is complete [IMP18]: nothing else decides it. Of an empty listing, which ends
 * nothing, that is told only where it is said to be complete.
 */
export function absencesFrom(
  known: KnownInventory,
  listings: readonly Listing[],
  isComplete: boolean,
): readonly Absence[] {
  const sight = sightOf(listings);
  if (sight.items.length === 0) return isComplete ? unshown(known) : [];
  const names = namesIn(sight);
  const listed = known.devices.filter((device) => namesOf(device).some((name) => names.has(name)));
  const losses = lossesIn(sight, known, listed);
  const devices = known.devices.flatMap((device) => absentDevice({ sight, known, losses, names }, device));
  const told = new Set(devices.map(({ kind, name }) => keyOf(kind, name)));
  return [...devices, ...absentObjects(losses).filter(({ kind, name }) => !told.has(keyOf(kind, name)))];
}

/** What an empty listing does not show: nobody knows whose it is. */
function unshown(known: KnownInventory): readonly Absence[] {
  const detail = 'the listing is empty, and no one can tell which tool printed it: nothing is ended by it';
  const empty = (object: Absent): Absence => ({ ...object, reason: 'empty listing', detail });
  const devices = known.devices.flatMap((device) => {
    const object = objectShown(known, device, () => true);
    return object === null ? [] : [removingOf(known, device, object) ?? empty(object)];
  });
  const aside = known.host.namespaces.filter(({ fields }) => !isSeed({ kind: 'namespace', fields }));
  return [...devices, ...aside.map(({ name }) => empty({ kind: 'namespace', name, dax_device: null }))];
}

type Absent = Pick<Absence, 'kind' | 'name' | 'dax_device'>;

interface Look {
  readonly sight: Sight;
  readonly known: KnownInventory;
  readonly losses: Losses;
  /** By which the listings show devices. */
  readonly names: ReadonlySet<string>;
}

function absentDevice(
  { sight, known, losses, names }: Look,
  device: InventoryDeviceRecord,
): readonly Absence[] {
  const missed = objectShown(
    known,
    device,
    (kind, name, fields) =>
      !isListed(sight, kind, name) && wouldShow(sight, kind, { name, parent: device.region, fields }),
  );
  const teller = namesOf(device).find((name) => names.has(name));
  const ground = lostGround(losses, device);
  const object = missed ?? (ground === undefined || teller !== undefined ? null : objectOf(device));
  if (object === null) return [];
  const removing = removingOf(known, device, object);
  if (removing !== null) return [removing];
  return [
    teller === undefined ? notListed(object, missed === null ? ground! : null) : stillTold(object, teller),
  ];
}

/** The object that a device is shown as, the first of those that `isAsked`; null where there is none. */
function objectShown(
  known: KnownInventory,
  device: InventoryDeviceRecord,
  isAsked: (kind: ObjectKind, name: string, fields: { readonly state?: string }) => boolean,
): Absent | null {
  const { name, namespace, listed } = device;
  const shown = known.shown?.get(name) ?? shownAs({ ...asListed(device), is_present: true });
  const chardev = textOf(listed.dax_device, 'chardev');
  if (namespace !== null && shown.namespace !== 'none') {
    const fields = shown.namespace === 'disabled' ? { state: 'disabled' } : {};
    if (isAsked('namespace', namespace, fields)) return objectOf(device);
  }
  const hasDaxDevice = chardev !== null && shown.dax_device !== 'none' && !isDisabledNamespace(listed);
  if (!hasDaxDevice || !isAsked('dax_device', chardev, {})) return null;
  return { kind: 'dax_device', name: chardev, dax_device: name };
}

function objectOf({ name, namespace, listed }: InventoryDeviceRecord): Absent {
  if (namespace !== null) return { kind: 'namespace', name: namespace, dax_device: name };
  return { kind: 'dax_device', name: textOf(listed.dax_device, 'chardev') ?? name, dax_device: name };
}

/** What a device stands on that is lost; of a memdev that is, its region may be there and has no driver. */
function lostGround({ lost, undriven }: Losses, device: InventoryDeviceRecord): string | undefined {
  const ground = groundsOfDevice(device).find((each) => lost.has(each));
  const memdev = undriven.get(device.cxl_region ?? '');
  return ground ?? (memdev === undefined ? undefined : keyOf('memdev', memdev));
}

function absentObjects({ lost, told }: Losses): readonly Absence[] {
  const absences = [...lost].map(([key, ground]) => notListed(namedBy(key), ground));
  const others = [...told].map(([key, teller]) => stillTold(namedBy(key), teller));
  const order: readonly ObjectKind[] = ['namespace', ...HOST_KINDS, 'dax_region'];
  return [...absences, ...others].sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
}

function namedBy(key: string): Absent {
  const kind = OBJECT_KINDS.find((each) => key.startsWith(`${each} `))!;
  return { kind, name: key.slice(kind.length + 1), dax_device: null };
}

function notListed(object: Absent, ground: string | null): Absence {
  const detail =
    ground === null
      ? `the listing shows others of its kind, and not ${object.name}: it has no driver, or is gone, or was filtered out; ?complete=true says that nothing was`
      : `it stands on ${ground}, which the listing lacks: it has no driver, or is gone, or that was filtered out; ?complete=true says that nothing was`;
  return { ...object, reason: 'not listed', detail };
}

function stillTold(object: Absent, teller: string): Absence {
  const detail = `the listing does not show it, and shows ${teller}, which is not there without it: it is ended by no listing`;
  return { ...object, reason: 'still told', detail };
}

function removingOf(
  { removing }: KnownInventory,
  { name }: InventoryDeviceRecord,
  object: Absent,
): Absence | null {
  if (removing?.has(name) !== true) return null;
  return { ...object, reason: 'being removed', detail: 'its removal has not ended' };
}

/** The names by which listings show devices. */
function namesIn({ items }: Sight): ReadonlySet<string> {
  const devices = items.filter(({ kind }) => kind === 'namespace' || kind === 'dax_device');
  return new Set(devices.flatMap(({ name, fields }) => [name, textOf(fields, 'blockdev') ?? name]));
}

function namesOf({ name, namespace, listed }: InventoryDeviceRecord): readonly string[] {
  return [name, namespace ?? name, textOf(listed.dax_device, 'chardev') ?? name];
}
