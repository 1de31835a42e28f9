import { isOnDaxBus, type DaxMode, type DeviceMode, type DeviceState } from '../engine/model/vocabulary.ts';

/** What decides which objects the tools print of a device. */
export interface Visible {
  readonly mode: DeviceMode;
  readonly state: DeviceState;
  /** A dax device on an nd bus: whether dax_pmem is bound to its namespace. */
  readonly parent_bound: boolean;
  /** False where the medium, its region or its namespace is gone: then there is nothing for a tool to find. */
  readonly is_present: boolean;
}

/** How the two objects of a device are printed: not at all, as they are, or with `state: disabled`. */
export interface Shown {
  /** By ndctl; a dax device that no namespace is known for has none. */
  readonly namespace: 'none' | 'enabled' | 'disabled';
  /** By daxctl, and by ndctl -X inside the namespace. */
  readonly dax_device: 'none' | 'enabled' | 'disabled';
  /** The mode that the dax device is printed in; nobody but kmem makes it system-ram. */
  readonly dax_mode: DaxMode;
}

const NOTHING: Shown = { namespace: 'none', dax_device: 'none', dax_mode: 'devdax' };

/**
 * What `ndctl list -i` and `daxctl list` print of a device in any state it can have.
 *
 * | device | driver | namespace | dax device |
 * |---|---|---|---|
 * | gone, or nothing of it is left | | none | none |
 * | fsdax, raw, sector | nd_pmem | enabled | none |
 * | | none | disabled [M122] | none |
 * | unknown | | as listed | as listed |
 * | devdax, system-ram | device_dax | enabled | enabled, devdax |
 * | | kmem | enabled, devdax [M124] | enabled, system-ram |
 * | | none, dax_pmem above it | enabled [M123] | disabled, devdax [M68] |
 * | | none, nor dax_pmem | disabled | none |
 *
 * While a removal runs or waits the driver is still linked: shown as bound.
 * Source: ndctl util/json.c util_namespace_to_json(), util_daxctl_dev_to_json(), v76.1; the recorded inventories.
 */
export function shownAs({ mode, state, parent_bound: hasParent, is_present: isPresent }: Visible): Shown {
  if (!isPresent || state === 'gone') return NOTHING;
  if (mode === 'unknown') return { ...NOTHING, namespace: 'enabled', dax_device: 'enabled' };
  const isDriven = state === 'bound' || state === 'removing';
  if (!isOnDaxBus(mode)) return { ...NOTHING, namespace: isDriven ? 'enabled' : 'disabled' };
  if (isDriven) {
    return { namespace: 'enabled', dax_device: 'enabled', dax_mode: mode };
  }
  if (!hasParent) return { ...NOTHING, namespace: 'disabled' };
  return { namespace: 'enabled', dax_device: 'disabled', dax_mode: 'devdax' };
}
