import type { DeviceChange } from './device_change.ts';
import { FIELDS } from './field_table.ts';
import { findRecord } from './find_record.ts';
import { estimate, parseHumanSize } from './human_size.ts';
import type { ListedItem, Listing } from './listing.ts';
import { tableOf } from './host_tables.ts';
import { toCount } from './number.ts';
import { textOf } from './read_field.ts';
import type { InventoryHostRecord } from './record.ts';
import { pointerTo } from './refusal.ts';
import type { Skipped } from './skip.ts';

/**
 * The sizes that a listing shows rounded (-u), each with what was made of it: of a device its one size, of every other
 * object all that it has.
 */
export function roundedSizes(
  listing: Listing,
  devices: readonly DeviceChange[],
  host: InventoryHostRecord,
): readonly Skipped[] {
  return [...ofDevices(listing, devices), ...listing.items.flatMap((item) => ofObject(item, host))];
}

function ofDevices({ items }: Listing, devices: readonly DeviceChange[]): readonly Skipped[] {
  const rounded = new Map(
    items.flatMap((item) => (typeof item.fields['size'] === 'string' ? [[item.name, item] as const] : [])),
  );
  return devices.flatMap(({ record, change }) => {
    const shown = textOf(record.listed.dax_device, 'chardev') ?? record.name;
    const item = rounded.get(shown) ?? rounded.get(record.namespace ?? '');
    if (item === undefined || change === 'gone') return [];
    return [skippedSize(item, 'size', record.name, record.size, record.size_is_rounded)];
  });
}

/** Buses, regions, the CXL topology: what is neither a device nor around one. */
function ofObject(item: ListedItem, host: InventoryHostRecord): readonly Skipped[] {
  const table = tableOf(item.kind);
  if (table === null) return [];
  const known = findRecord(host[table], item.name)?.fields ?? {};
  const sizes = Object.entries(FIELDS[item.kind].types).filter(([, type]) => type === 'size');
  return sizes.flatMap(([key]) => {
    const human = parseHumanSize(textOf(item.fields, key) ?? '');
    if (human === null) return [];
    const exact = toCount(known[key]);
    return [skippedSize(item, key, item.name, exact ?? estimate(human), exact === null)];
  });
}

/** A size of -u: not taken where the exact one is known, an estimate otherwise. */
function skippedSize(
  { fields, document, pointer }: ListedItem,
  key: string,
  name: string,
  known: number | null,
  isRounded: boolean,
): Skipped {
  const bytes = String(known ?? 0);
  const fate = isRounded
    ? `taken as ${bytes} because nothing else is known`
    : `not taken, ${bytes} is known exactly`;
  const detail = `"${textOf(fields, key) ?? ''}" is rounded: ${fate}`;
  return { kind: 'size', name, reason: 'rounded', detail, document, pointer: pointerTo(pointer, key) };
}
