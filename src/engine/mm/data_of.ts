import type { Outcome } from '../model/outcome.ts';
import { extentOfPfn } from '../model/extents.ts';
import type { DaxDevice, File, Host, Mapping, Process } from '../model/host.ts';
import {
  anonymousMappingsOf,
  blocksAt,
  decodes,
  fileOf,
  filesOfDevice,
  fileSystemsOfDevice,
  processOf,
} from '../model/lookup.ts';
import { runs, type Run } from '../model/mapping_table.ts';
import { entriesOf } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';

/**
 * Whose bytes a read through an entry returns: of the device's owner now, and of the file that owns the pfn
 * now. A copied or cached page is the mapping's own. Null: the bytes are nobody's, zeros: the page is the zero page of a
 * hole, or the range decodes to nothing (R165).
 */
export function dataOf(
  host: Host,
  device: DaxDevice,
  mapping: Mapping,
  run: Run,
  index: number,
): Outcome['data_of'] {
  if (run.kind === 'zero') return null;
  if (run.kind !== 'dax') {
    const process = processOf(host, mapping.pid);
    return { generation: device.generation, tenant: process.tenant, file: mapping.file };
  }
  if (!decodes(host, device)) return null;
  const pfn = run.pfn + (index - run.index);
  const user = userOfPage(host, device, pfn);
  if (user !== null)
    return { generation: device.generation, tenant: user.tenant ?? device.tenant, file: null };
  return {
    generation: device.generation,
    tenant: device.tenant,
    file: ownerOfPfn(host, device, mapping, index, pfn),
  };
}

/** The process whose anonymous memory the page is now: system-ram was made of the device. */
function userOfPage(host: Host, device: DaxDevice, pfn: number): Process | null {
  const user = anonymousMappingsOf(host, device.name).find(({ id }) =>
    [...runs(entriesOf(host, id))].some(
      (run) => run.kind === 'ram' && run.pfn <= pfn && pfn < run.pfn + run.nr_pages,
    ),
  );
  if (user === undefined) return null;
  return processOf(host, user.pid);
}

/** The file of the device's present generation that has the pfn behind a page of a mapping, or null. */
function ownerOfPfn(
  host: Host,
  device: DaxDevice,
  mapping: Mapping,
  index: number,
  pfn: number,
): string | null {
  const there = fileSystemsOfDevice(host, device.name).filter(
    ({ generation, start_pfn, nr_pages }) =>
      generation === device.generation && start_pfn <= pfn && pfn < start_pfn + nr_pages,
  );
  const mapped = mapping.file === null ? null : fileOf(host, mapping.file);
  // A block has one owner in its file system, which mostly is the file that is mapped: no other is looked at.
  const isOwn = there.length === 1 && there[0]!.id === mapped?.file_system;
  if (isOwn && isAt(host, mapped, index + mapping.offset / PAGE_BYTES, pfn)) return mapped.id;
  const systems = new Set(there.map(({ id }) => id));
  const owner = filesOfDevice(host, device.name).find(
    (file) => systems.has(file.file_system) && extentOfPfn(host, file, pfn) !== undefined,
  );
  return owner?.id ?? null;
}

/** Whether the block of a page of a file is this one. */
function isAt(host: Host, file: File, index: number, pfn: number): boolean {
  const { extent } = blocksAt(host, file, index);
  return extent !== null && extent.pfn + (index - extent.offset) === pfn;
}
