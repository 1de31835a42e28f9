import type { Outcome } from '../command.ts';
import type { DaxDevice, Host, Mapping } from '../host.ts';
import { must } from '../lookup.ts';
import type { Run } from '../mapping_table.ts';

/**
 * Whose bytes a read through an entry returns: of the device's owner now, and of the file that owns the pfn
 * now. A copied or cached page is the mapping's own.
 */
export function dataOf(
  host: Host,
  device: DaxDevice,
  mapping: Mapping,
  run: Run,
  index: number,
): Outcome['data_of'] {
  if (run.kind !== 'dax') {
    const process = must(host.tables.processes.get(String(mapping.pid)), `process ${String(mapping.pid)}`);
    return { generation: device.generation, tenant: process.tenant, file: mapping.file };
  }
  const pfn = run.pfn + (index - run.index);
  return { generation: device.generation, tenant: device.tenant, file: ownerOfPfn(host, device, pfn) };
}

/** The file of the device's present generation whose extent holds the pfn, or null. */
function ownerOfPfn(host: Host, device: DaxDevice, pfn: number): string | null {
  for (const file of host.tables.files.values()) {
    if (file.dax_device !== device.name) continue;
    const file_system = must(host.tables.file_systems.get(file.file_system), file.file_system);
    if (file_system.generation !== device.generation) continue;
    if (file.extents.some((extent) => extent.pfn <= pfn && pfn < extent.pfn + extent.nr_pages))
      return file.id;
  }
  return null;
}
