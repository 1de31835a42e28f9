import { expect, test } from 'vitest';
import type { Hazard } from '../../src/engine/model/removal.ts';
import { inAnyCase } from './imagine.ts';
import { ext4 } from './rig.ts';
import { removeDevice } from './support.ts';

const words = (hazards: readonly Hazard[]) =>
  hazards.filter(({ kind }) => kind === 'kernel_oops').map(({ detail }) => detail);
const REST = 'in pagemap_pmd_range (pagemap), in gather_pte_stats (numa_maps)';
const FAST = 'in try_grab_folio_fast (vmsplice, direct_io, madvise_hwpoison)';

test('[HZ1] [C4] an oops on a stale entry is told by its functions, each with what comes there', () => {
  const { made, mapper } = ext4('v7.3');
  mapper();
  expect(words(removeDevice(made).hazards)).toEqual([
    `the kernel oopses on the stale entry, in vm_normal_folio_pmd (munmap, exit, madvise_dontneed), ${FAST}, in __get_user_pages (process_vm_readv, ptrace, mlock), in smaps_pte_range (smaps), ${REST}`,
  ]);
});

test('[HZ1] [UNK3] where a kernel is known but for a function, that is said', () => {
  const { made, mapper } = ext4('v6.12');
  mapper({ small: true });
  expect(words(inAnyCase(made, '6.16.3').hazards)).toEqual([
    `the kernel oopses on the stale entry, in do_wp_page (store), ${FAST}, in follow_page_pte (process_vm_readv, ptrace, mlock), in smaps_account (smaps), ${REST}, in a function that is not known (munmap, exit, madvise_dontneed)`,
  ]);
});
