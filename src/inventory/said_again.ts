import { sectorsHeld } from './badblocks.ts';
import type { DeviceChange } from './device_change.ts';
import { isEqual } from './is_equal.ts';
import { isObject } from './lossless.ts';
import type { InventoryDeviceRecord, ListedValue } from './record.ts';

/**
 * The changes without those that say what a listing before said, and what the model has: nothing is changed then, though
 * the record of a listing lacks what it leaves unsaid and the model knows [IMP4]. `listed`: the records as the listing
 * before left them; `known`: as they are now.
 */
export function withoutSaidAgain(
  changes: readonly DeviceChange[],
  listed: readonly InventoryDeviceRecord[],
  known: readonly InventoryDeviceRecord[],
): DeviceChange[] {
  const before = new Map(listed.map((record) => [record.name, record]));
  const now = new Map(known.map((record) => [record.name, record]));
  return changes.map((device) => {
    const { record, change } = device;
    const isAgain = change === 'updated' && isEqual(before.get(record.name), record);
    return isAgain && saysNothingElse(record, now.get(record.name)!)
      ? { ...device, change: 'unchanged', changed_fields: [] }
      : device;
  });
}

/** Of badblocks those count that its data hold; none are none also where the tools would not print them. */
function saysNothingElse({ listed, ...record }: InventoryDeviceRecord, now: InventoryDeviceRecord): boolean {
  const said = { ...record, poisoned_ranges: record.poisoned_ranges === null ? null : sectorsHeld(record) };
  const shown = { ...now, poisoned_ranges: sectorsHeld(now) };
  return isAsSaid(shown as unknown as ListedValue, said as unknown as ListedValue);
}

/** Whether it is so as far as anything is said of it: null is what is not. */
function isAsSaid(now: ListedValue, said: ListedValue): boolean {
  if (said === null || isEqual(now, said)) return true;
  if (!isObject(said) || !isObject(now)) return false;
  return Object.entries(said).every(([key, value]) => isAsSaid(now[key]!, value!));
}
