import type { Column } from './column.ts';
import { COST } from './cost.ts';
import { CXL } from './cxl.ts';
import { DEVICE_DAX } from './device_dax.ts';
import { EVICTION } from './eviction.ts';
import { FILE_SYSTEMS } from './file_systems.ts';
import { KMEM } from './kmem.ts';
import { MACHINE } from './machine.ts';
import { MEMORY_FAILURE } from './memory_failure.ts';
import { PINS } from './pins.ts';
import { REPURPOSE } from './repurpose.ts';
import { STALE, STALE_FORK, STALE_STORE } from './stale.ts';

/** Every table of facts: what kernels differ in, beside the steps of a removal. */
export const FACTS = {
  ...PINS,
  ...FILE_SYSTEMS,
  ...MACHINE,
  stale: STALE,
  stale_store: STALE_STORE,
  ...STALE_FORK,
  eviction: EVICTION,
  device_dax: DEVICE_DAX,
  repurpose: REPURPOSE,
  memory_failure: MEMORY_FAILURE,
  kmem: KMEM,
  cxl: CXL,
  cost: COST,
};

/** What the tables say of one kernel. */
export type Facts = Column<typeof FACTS>;
