import type { CurrentInventory } from './current_inventory.ts';
import { renderDaxctl } from './render_daxctl.ts';
import { renderNdctl } from './render_ndctl.ts';

export type ExportFormat = 'ndctl' | 'daxctl';

/**
 * The devices of a host in the shape of `daxctl list -RDM` or `ndctl list -RNXMi`, plain numbers, unknown left out.
 *
 * Equal to what was imported, key for key, as far as the simulator has not changed it; devices that are gone are not
 * in it. Nothing to list is empty text, as the tools print it [M116].
 */
export function exportListing(format: ExportFormat, inventory: CurrentInventory): string {
  return format === 'ndctl' ? renderNdctl(inventory) : renderDaxctl(inventory);
}
