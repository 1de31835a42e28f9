import { mappingsOfDevice } from '../../model/lookup.ts';
import { dropEntries, emit } from '../../model/transaction.ts';
import { PAGE_BYTES } from '../../model/vocabulary.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * Every entry of the one shared inode of a device-dax goes, in every process; no signal.
 * Source: drivers/dax/bus.c kill_dev_dax(), mm/memory.c unmap_mapping_range().
 */
export function unmapMappingRange({ tx, device }: StepInput): StepOutput {
  const mapped = mappingsOfDevice(tx.host, device.name).filter(
    (mapping) => mapping.file === null && !mapping.anonymous,
  );
  for (const mapping of mapped) dropEntries(tx, mapping.id, 0, mapping.length / PAGE_BYTES);
  if (mapped.length > 0)
    emit(tx, 'entries_zapped', `dax-devices/${device.name}`, { mappings: mapped.length });
  return { end: 'done', result: { mappings: mapped.length } };
}
