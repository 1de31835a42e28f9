/** What can be dangerous after a removal. */
export const HAZARD_KINDS = [
  'stale_mapping',
  'pin_outlives_pgmap',
  'gup_livelock',
  'kernel_oops',
  'kernel_livelock',
  'frozen_file_system',
  'leaked_range',
  'data_loss',
  'unsafe_clean_up',
  'open_node',
] as const;

/** The kind of a hazard. */
export type HazardKind = (typeof HAZARD_KINDS)[number];
