import { releaseMemdev } from '../../device/cxl/change.ts';
import { removalsNotCompleted } from '../../model/lookup.ts';
import { memdevDriver } from '../../model/via.ts';
import type { StepInput, StepOutput } from '../step.ts';

/** The memdev is let go by the last removal above it. Source: drivers/cxl/core/memdev.c; M96, M100. */
export function cxlMemdevRemove({ tx, removal }: StepInput): StepOutput {
  const memdev = removal.cxl_memdev!;
  const others = removalsNotCompleted(tx.host).filter(
    (other) => other.cxl_memdev === memdev && other.id !== removal.id,
  );
  if (others.length > 0) return { end: 'done', result: { memdev, waits_for: others.map(({ id }) => id) } };
  const released = releaseMemdev(tx, memdev, memdevDriver(removal.via));
  return { end: 'done', result: { memdev, state: released?.state ?? null } };
}
