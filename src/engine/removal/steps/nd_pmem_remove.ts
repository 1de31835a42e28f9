import { decodes } from '../../model/lookup.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * Drops the badblocks handle and flushes the write queues: what was stored and flushed reaches the medium
 * while it is still there and decoded. Source: drivers/nvdimm/pmem.c nd_pmem_remove().
 */
export function ndPmemRemove({ tx, device }: StepInput): StepOutput {
  return { end: 'done', result: { nvdimm_flush: decodes(tx.host, device) ? 'done' : 'reaches nothing' } };
}
