import type { CurrentInventory } from './current_inventory.ts';
import { renderCxl } from './render_cxl.ts';
import { renderDaxctl } from './render_daxctl.ts';
import { renderNdctl } from './render_ndctl.ts';

/** The tools whose listings are exported. */
export const EXPORT_FORMATS = ['ndctl', 'daxctl', 'cxl'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const RENDER = { ndctl: renderNdctl, daxctl: renderDaxctl, cxl: renderCxl } as const;

/**
 * What a host is listed as now, in the shape of `ndctl list -BDRNXMi`, `daxctl list -RDM` or `cxl list -vvv`, as far as
 * listings told it; plain numbers, unknown left out.
 *
 * Equal to what was imported, key for key, as far as the simulator has not changed it; devices that are gone are not
 * in it. What is only known rounded is printed as its estimate [IMP21]. Nothing to list is empty text, as the tools
 * print it [M116].
 */
export function exportListing(format: ExportFormat, inventory: CurrentInventory): string {
  return RENDER[format](inventory);
}
