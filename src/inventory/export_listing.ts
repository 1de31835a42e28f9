import { type CurrentDevice, withCurrentState } from './current_state.ts';
import type { InventoryDeviceRecord, InventoryHostRecord } from './record.ts';
import { renderDaxctl } from './render_daxctl.ts';
import { renderNdctl } from './render_ndctl.ts';

export type ExportFormat = 'ndctl' | 'daxctl';

/** A device to export: what was imported of it, if it was, and what it is now. */
export interface ExportedDevice {
  readonly record: InventoryDeviceRecord | null;
  readonly current: CurrentDevice;
}

/**
 * The devices of a host in the shape of `daxctl list -RDM` or `ndctl list -RNXMi`, plain numbers, unknown left out.
 *
 * Equal to what was imported, key for key, as far as the simulator has not changed it; devices that are gone are not
 * in it. Nothing to list is empty text, as the tools print it [M116].
 */
export function exportListing(
  format: ExportFormat,
  host: InventoryHostRecord,
  devices: readonly ExportedDevice[],
): string {
  const records = devices
    .filter(({ current }) => current.state !== 'gone')
    .map(({ record, current }) => withCurrentState(host, record, current));
  return format === 'ndctl' ? renderNdctl(host, records) : renderDaxctl(host, records);
}
