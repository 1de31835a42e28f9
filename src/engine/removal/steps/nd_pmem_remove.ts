import type { StepInput, StepOutput } from '../step.ts';

/**
 * Drops the badblocks handle and flushes the write queues: what was stored and flushed reaches the medium
 * while it is still there. Source: drivers/nvdimm/pmem.c nd_pmem_remove().
 */
export function ndPmemRemove({ removal }: StepInput): StepOutput {
  return {
    end: 'done',
    result: { nvdimm_flush: removal.trigger === 'surprise_removal' ? 'reaches nothing' : 'done' },
  };
}
