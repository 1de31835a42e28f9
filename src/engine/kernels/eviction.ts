import { CHANGES } from './changes.ts';
import { row, type ByKernel, type Row } from './row.ts';

const disassociate = 'dax_disassociate_entry' as const;
const layout = 'dax_layout_busy_page_range' as const;

type Evidence = 'read' | 'recorded';

/** What was recorded belongs to the kernel that was. */
const evidence = (values: ByKernel<Evidence>, source: string, rules: string): Row<Evidence> => ({
  ...row<Evidence>(values, source, rules, CHANGES.measured),
  unrecorded: 'read',
});

/** What the eviction of an inode does to the DAX entries that faults left in its i_pages. */
// biome-ignore format: a table is read by its columns
export const EVICTION = {
  //                  v5.10         letter        posted        armed         v6.1          v6.12         v7.3
  /** Where it oopses at an entry whose struct pages are gone. */
  oopses_in:     row([disassociate, disassociate, disassociate, disassociate, disassociate, disassociate, layout], '__dax_invalidate_entry(), dax_break_layout_final()', 'S1, S4', CHANGES.refcounted),
  /** It waits until nobody refers to the pages, by their counts, which the zap of a stale entry makes wrong. */
  waits_for_refs: row([false,       false,        false,        false,        false,        false,        true],   'dax_delete_mapping_entry(), dax_break_layout_final()', 'S10, S47', CHANGES.refcounted),
  /** Whether what follows a bind before the users end was recorded: their ends and umount meet new struct pages. */
  bound_again:    evidence(['read',      'read',        'read',        'read',        'recorded',    'recorded',    'read'],  'dax_disassociate_entry(), dax_break_layout_final()', 'S7, S11'),
};
