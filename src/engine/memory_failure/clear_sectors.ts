import { cutBadblocks, dropBadblocks, pagesOf } from '../mm/badblocks.ts';
import { clearHwpoison } from '../mm/hwpoison.ts';
import type { Badblocks, DaxDevice } from '../model/host.ts';
import { normalize, subtract, type PfnRange } from '../model/pfn_range.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import { patch, emit, type Transaction } from '../model/transaction.ts';
import { isModelledProvider, type Provider } from '../model/provider.ts';
import { segmentsOf, flagUnit } from './segments.ts';

/**
 * Clears what is bad in a range of sectors, and the flags of the pages in which no sector is bad any more (MF19).
 * Source: drivers/nvdimm/bus.c nvdimm_clear_badblocks_region(), drivers/nvdimm/pmem.c pmem_mkpage_present().
 */
export function clearSectors(tx: Transaction, device: DaxDevice, range: Badblocks): void {
  const gone = cutBadblocks(device.badblocks, range);
  if (gone.length === 0) return;
  const badblocks = dropBadblocks(device.badblocks, gone);
  patch(tx, 'dax_devices', device.name, { badblocks });
  const good = subtract(pagesOf(device, gone), pagesOf(device, badblocks));
  clearHwpoison(tx, device.name, normalize(good.flatMap((pages) => withHeads(tx, device, pages))));
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { badblocks_cleared: gone });
}

/** Whose bus has no ndctl() at all: nvdimm_clear_poison() then says that all of it was cleared. */
const WITHOUT_COMMANDS: readonly Provider[] = ['e820', 'virtio-pmem'];

/**
 * Whether a device replaces what it cannot read: as told. Where nobody has told, no bus but NFIT has the command, and a
 * driver that writes to a bus without any takes it for cleared (MF17). Refused: `outcome_unknown`, on NFIT and on a bus that
 * is not known.
 * Source: drivers/nvdimm/bus.c nvdimm_clear_poison(), drivers/acpi/nfit/core.c acpi_nfit_ctl().
 */
export function clearsPoison(
  { name, provider, clears_poison }: DaxDevice,
  by: 'ndctl' | 'driver',
): boolean | Refusal {
  if (clears_poison !== null) return clears_poison;
  if (isModelledProvider(provider) && provider !== 'ACPI.NFIT')
    return by === 'driver' && WITHOUT_COMMANDS.includes(provider);
  return unknownOutcome(
    `nobody has told whether ${name} has ND_CMD_CLEAR_ERROR: PATCH it with {"clears_poison": true} or false`,
  );
}

/** Pages, and where PG_hwpoison sits on the head of what they lie in, all from there (M22). */
function withHeads(tx: Transaction, device: DaxDevice, pages: PfnRange): PfnRange[] {
  return segmentsOf(tx, device, pages).map(({ pfn, nr_pages, fate }) => {
    const before = fate.kind === 'entry' ? fate.index % flagUnit(tx, device, fate) : 0;
    return [pfn - before, nr_pages + before];
  });
}
