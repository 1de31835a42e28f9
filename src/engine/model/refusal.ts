import type { Errno } from './vocabulary.ts';

/**
 * Every reason to refuse a command. A refusal is a value, returned, and changes nothing. `errno` is set where it is the
 * kernel's own answer. `pointer` names the field of the request at fault. docs/errors.md lists every code.
 */
export interface Refusal {
  readonly refused: true;
  readonly code: RefusalCode;
  readonly detail: string;
  readonly errno?: Errno | null;
  readonly pointer?: string;
}

/** code → kind of refusal: `not_found` 404, `conflict` 409, `invalid` 400. HTTP chooses the status. */
export const REFUSAL_CODES = {
  host_not_found: 'not_found',
  dax_device_not_found: 'not_found',
  mount_not_found: 'not_found',
  file_not_found: 'not_found',
  process_not_found: 'not_found',
  mapping_not_found: 'not_found',
  pin_not_found: 'not_found',
  removal_not_found: 'not_found',
  hotplug_event_not_found: 'not_found',
  memory_block_not_found: 'not_found',
  cxl_memdev_not_found: 'not_found',
  cxl_region_not_found: 'not_found',
  exposure_not_found: 'not_found',
  host_exists: 'conflict',
  dax_device_exists: 'conflict',
  process_exists: 'conflict',
  path_exists: 'conflict',
  host_in_use: 'conflict',
  dax_device_in_use: 'conflict',
  file_in_use: 'conflict',
  dax_device_not_bound: 'conflict',
  file_system_not_mounted: 'conflict',
  dax_device_busy: 'conflict',
  removal_in_progress: 'conflict',
  process_ended: 'conflict',
  process_unavailable: 'conflict',
  kernel_refused: 'conflict',
  tool_refused: 'conflict',
  mapping_is_read_only: 'conflict',
  outcome_unknown: 'conflict',
  not_modelled: 'conflict',
  out_of_range: 'invalid',
  overlap: 'invalid',
  invalid_field: 'invalid',
  malformed_inventory: 'invalid',
} as const;

/** Why the domain says no. */
export type RefusalCode = keyof typeof REFUSAL_CODES;

/** A refusal value. */
export function refuse(
  code: RefusalCode,
  detail: string,
  more: { errno?: Errno | null; pointer?: string } = {},
): Refusal {
  return { refused: true, code, detail, ...more };
}

/** A refusal by the kernel itself: 409 with its errno. */
export function kernelRefuses(errno: Errno, detail: string): Refusal {
  return refuse('kernel_refused', detail, { errno });
}

/** Neither a recording nor a source says what happens: refused rather than guessed. */
export function unknownOutcome(detail: string): Refusal {
  return refuse('outcome_unknown', detail);
}

/** Whether a value is a refusal, whatever else it may be. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { refused?: unknown }).refused === true;
}
