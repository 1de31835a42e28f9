import { at, ok, stuck, type ByLevel, type Effect } from './effect.ts';
import { CHANGES } from './changes.ts';
import { row } from './row.ts';

const effects = row<ByLevel>;
const fine = at<Effect>(ok, ok);
/** A DAX PMD has no page table deposited, which an anonymous one has. */
const noDeposit = at(ok, stuck('pgtable_trans_huge_withdraw'));

/** What zapping a stale entry does once its pfns have struct pages, and an owner, again. Rule D1. */
// biome-ignore format: a table is read by its columns
export const REPURPOSE = {
  //                   v5.10  letter  posted  armed  v6.1   v6.12  v7.3
  /** The page is anonymous memory of another process: system-ram was made of the device. */
  zap_of_ram: effects([fine,  fine,   fine,   fine,  fine,  fine,  noDeposit], 'zap_huge_pmd(), zap_pte_range()', 'R161',       CHANGES.refcounted),
  /** The mapcount of a page that is mapped by nobody new drops below zero: `BUG: Bad page map`, 60 lines at most. */
  bad_page_map:   row([false, false,  false,  false, false, false, true],      'print_bad_pte()',                 'R160, R162', CHANGES.refcounted),
};
