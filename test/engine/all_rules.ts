import type { Rule } from './observe.ts';
import { REFUSED, type Refused } from './refused.ts';
import { COST_REFUSED, COST_RULES } from './rules/cost.ts';
import { CXL_REFUSED, CXL_RULES } from './rules/cxl.ts';
import { DEVDAX_RULES, PAGE_CACHE_RULES } from './rules/devices.ts';
import { EXT4_RULES } from './rules/ext4.ts';
import { LETTER_RULES, MASS_FAILURE_RULES } from './rules/force_unmap.ts';
import { INVENTORY_REFUSED, INVENTORY_RULES } from './rules/inventory.ts';
import { KMEM_REFUSED, KMEM_RULES } from './rules/kmem.ts';
import { MAPPING_RULES } from './rules/mappings.ts';
import { MEMORY_FAILURE_REFUSED, MEMORY_FAILURE_RULES } from './rules/memory_failure.ts';
import { PIN_RULES } from './rules/pins.ts';
import { REPURPOSE_RULES } from './rules/repurpose.ts';
import { STALE_RULES } from './rules/stale.ts';
import { RMAPBT_RULES } from './rules/rmapbt.ts';
import { XFS_RULES } from './rules/xfs.ts';

/** Every rule that is acted out, in the order of the pages of rules. */
export const RULES: readonly Rule[] = [
  ...MAPPING_RULES,
  ...EXT4_RULES,
  ...XFS_RULES,
  ...RMAPBT_RULES,
  ...MASS_FAILURE_RULES,
  ...LETTER_RULES,
  ...PAGE_CACHE_RULES,
  ...DEVDAX_RULES,
  ...PIN_RULES,
  ...STALE_RULES,
  ...REPURPOSE_RULES,
  ...KMEM_RULES,
  ...MEMORY_FAILURE_RULES,
  ...CXL_RULES,
  ...INVENTORY_RULES,
  ...COST_RULES,
];

/** Every row that is refused, with the reason. */
export const ALL_REFUSED: readonly Refused[] = [
  ...REFUSED,
  ...KMEM_REFUSED,
  ...MEMORY_FAILURE_REFUSED,
  ...CXL_REFUSED,
  ...INVENTORY_REFUSED,
  ...COST_REFUSED,
];
