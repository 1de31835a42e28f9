import type { RepurposeFacts } from './profile.ts';

/** The devmap bit, or the special one, keeps the zap away from struct pages. */
export const REPURPOSE_V510: RepurposeFacts = {
  zap_of_ram: { pte: { do: 'ok' }, pmd: { do: 'ok' } },
  bad_page_map: false,
};

/** v7.3 takes the new owner's folio for its own; a DAX PMD has no page table deposited that an anonymous one has. */
export const REPURPOSE_V73: RepurposeFacts = {
  zap_of_ram: {
    pte: { do: 'ok' },
    pmd: { do: 'oops', at: 'pgtable_trans_huge_withdraw', task: 'stuck' },
  },
  bad_page_map: true,
};
