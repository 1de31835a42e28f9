import { isOnDaxBus } from '../engine/model/vocabulary.ts';
import { isModeTold } from './derive.ts';
import { isEqual } from './is_equal.ts';
import type { ListedAt } from './listing.ts';
import { estimated } from './printable.ts';
import { isUuid } from './read_field.ts';
import type { InventoryDeviceRecord, ListedValue } from './record.ts';

/**
 * What became of one device. `changed_fields` names the fields of the record that differ (never `listed`).
 * `previous_name`: it was known under this name, that of its namespace, until its own was listed; else null.
 * `is_another`: its content is another one's than what was known under its name [IMP8, IMP13].
 */
export interface DeviceChange {
  readonly record: InventoryDeviceRecord;
  readonly change: 'created' | 'updated' | 'unchanged' | 'gone';
  readonly previous_name: string | null;
  readonly changed_fields: readonly string[];
  readonly is_another: boolean;
  /** Where the text shows it; null where it only follows from what stands there, and of one that is gone. */
  readonly listed_at: ListedAt | null;
  /** Of one that is gone: the device, known too, that it turned out to be, or the namespace that is none; else null [IMP47]. */
  readonly is_now: string | null;
}

/** What a device has that was not there before, or is not there any more. */
const AS_IT_IS = { previous_name: null, changed_fields: [], is_another: false, is_now: null } as const;

/** What became of a device that is there now; `old` is undefined where it was not known. */
export function changeOf(
  old: InventoryDeviceRecord | undefined,
  record: InventoryDeviceRecord,
  listed_at: ListedAt | null,
): DeviceChange {
  if (old === undefined) return { record, change: 'created', ...AS_IT_IS, listed_at };
  return {
    record,
    change: saysSame(old, record) ? 'unchanged' : 'updated',
    previous_name: old.name === record.name ? null : old.name,
    changed_fields: changedFields(old, record),
    is_another: isAnother(old, record),
    listed_at,
    is_now: null,
  };
}

/** A device that was known and is not there any more. */
export function changeToGone(record: InventoryDeviceRecord, is_now: string | null = null): DeviceChange {
  return { record, change: 'gone', ...AS_IT_IS, listed_at: null, is_now };
}

/** The devices that are known after these changes. */
export function devicesAfter(
  known: readonly InventoryDeviceRecord[],
  changes: readonly DeviceChange[],
): readonly InventoryDeviceRecord[] {
  const devices = new Map(known.map((record) => [record.name, record]));
  for (const { record, change, previous_name } of changes) {
    if (previous_name !== null) devices.delete(previous_name);
    if (change === 'gone') devices.delete(record.name);
    else devices.set(record.name, record);
  }
  return [...devices.values()];
}

/**
 * The changes of several listings, one after another, as those of one: what was known before all of them, and what is
 * known after.
 */
export function combineChanges(
  known: readonly InventoryDeviceRecord[],
  listings: readonly (readonly DeviceChange[])[],
): readonly DeviceChange[] {
  const before = new Map(known.map((record) => [record.name, record]));
  /** Name now → name before all; those that came are their own. */
  const origins = new Map<string, string>();
  const last = new Map<string, DeviceChange>();
  for (const step of listings.flat()) {
    const former = step.previous_name ?? step.record.name;
    const origin = origins.get(former) ?? former;
    if (step.previous_name !== null) {
      last.delete(step.previous_name);
      origins.delete(step.previous_name);
    }
    origins.set(step.record.name, origin);
    last.set(step.record.name, step);
  }
  return [...last].flatMap(([name, { record, change, listed_at, is_now }]): readonly DeviceChange[] => {
    const old = before.get(origins.get(name) ?? name);
    if (change !== 'gone') return [changeOf(old, record, listed_at)];
    return old === undefined ? [] : [changeToGone(old, is_now)];
  });
}

/**
 * Whether a device was made anew while nobody looked: it is listed in another mode, or its namespace has another uuid.
 * Of a dax device of which no more than the name was told, system-ram is no other mode, but the first that is told
 * [M124]; nor is one that is not modelled, where the uuid is the same: former ndctl had other words [IMP43].
 */
export function isAnother(old: InventoryDeviceRecord, record: InventoryDeviceRecord): boolean {
  const { dax_device: dax } = old.listed;
  const isUntold = dax === null || !isModeTold(dax);
  const isFirstTold = isOnDaxBus(record.mode) && old.mode === 'devdax' && isUntold;
  const isSame = isUuid(old.uuid) && old.uuid === record.uuid;
  const isOtherWord = isSame && (old.mode === 'unknown' || record.mode === 'unknown');
  if (old.mode !== record.mode) return !isFirstTold && !isOtherWord;
  return isUuid(old.uuid) && isUuid(record.uuid) && old.uuid !== record.uuid;
}

/** A number is no news where it is the estimate of the rounded one that was known: an export prints it so [IMP21]. */
function saysSame(old: InventoryDeviceRecord, record: InventoryDeviceRecord): boolean {
  if (isEqual(old, record)) return true;
  const said = ({ size_is_rounded, listed, ...others }: InventoryDeviceRecord): unknown => {
    return { ...others, listed: estimated(listed as unknown as ListedValue) };
  };
  return isEqual(said(old), said(record));
}

function changedFields(old: InventoryDeviceRecord, record: InventoryDeviceRecord): readonly string[] {
  const keys = Object.keys(record) as (keyof InventoryDeviceRecord)[];
  return keys.filter((key) => key !== 'listed' && !isEqual(old[key], record[key]));
}
