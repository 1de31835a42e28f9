import type { Outcome } from '../model/outcome.ts';
import { extentOfPfn } from '../model/extents.ts';
import type { DaxDevice, Host, Mapping, Process } from '../model/host.ts';
import { anonymousMappingsOf, decodes, filesOfDevice, processOf, fileSystemOf } from '../model/lookup.ts';
import { runs, type Run } from '../model/mapping_table.ts';
import { entriesOf } from '../model/transaction.ts';

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
  return { generation: device.generation, tenant: device.tenant, file: ownerOfPfn(host, device, pfn) };
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

/** The file of the device's present generation whose extent holds the pfn, or null. */
function ownerOfPfn(host: Host, device: DaxDevice, pfn: number): string | null {
  for (const file of filesOfDevice(host, device.name)) {
    const file_system = fileSystemOf(host, file.file_system);
    if (file_system.generation !== device.generation) continue;
    if (extentOfPfn(host, file, pfn) !== undefined) return file.id;
  }
  return null;
}
