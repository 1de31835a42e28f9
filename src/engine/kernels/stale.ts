import {
  at,
  dies,
  exitsWithinRcu,
  ok,
  stuck,
  stuckWithinRcu,
  stuckWithTable,
  type ByLevel,
  type Effect,
  type GupEffect,
} from './effect.ts';
import type { MappingVerb } from '../model/vocabulary.ts';
import { CHANGES } from './changes.ts';
import { row, type Row } from './row.ts';

const refcounted = CHANGES.refcounted;
const effects = row<ByLevel>;
const gup = row<ByLevel<GupEffect>>;

const fine = at<Effect>(ok, ok);

/** Slow gup finds no pgmap. At a PTE it faults, finds none again, and spins; at a PMD it gives up. */
const slow = at<GupEffect>({ do: 'livelock' }, { do: 'errno', errno: 'EFAULT' });
const slowEio = at<GupEffect>({ do: 'livelock' }, { do: 'errno', errno: 'EIO' });
const slowOops = at(dies('follow_page_pte'), dies('__get_user_pages'));
const slowHang = at(stuckWithinRcu('follow_page_pte'), stuckWithinRcu('__get_user_pages'));

/** The posted code takes no pgmap reference on a PMD: gup-fast follows a stale one into a freed struct page. */
const hugeOops = at(slow.pte, dies('__gup_device_huge'));
const hugeHang = at(slow.pte, stuck('__gup_device_huge'));
const fastOops = at(dies('try_grab_folio_fast'), dies('try_grab_folio_fast'));

const pmdAlone = at(ok, dies('smaps_pte_range'));
const pmdGrab = at(ok, dies('try_grab_page'));
const smapsOops = at(dies('smaps_account'), dies('smaps_pte_range'));
const pmdPagemap = at(ok, dies('pagemap_pmd_range'));
const bothPagemap = at(dies('pagemap_pmd_range'), dies('pagemap_pmd_range'));
const gatherOops = at(dies('gather_pte_stats'), dies('gather_pte_stats'));

const ext4Oops = at<Effect>(stuckWithinRcu('do_wp_page'), ok);
const splitOops = at<Effect>(stuckWithinRcu('do_wp_page'), stuckWithTable('split_huge_pmd_locked'));

/** What a zap does at a PTE, by where it oopses, and at a PMD. In which function a PTE oopses up to 7.0: inlining. */
const zaps = (atPte: (where: string) => Effect, at_pmd: Effect) => {
  const zapIn = (where: string) => at<Effect>(atPte(where), at_pmd);
  const walks = [
    [refcounted, zapIn('zap_pte_range')],
    [CHANGES.zap_inlined, zapIn('unmap_page_range')],
    CHANGES.zap_by_range,
  ] as const;
  return { oops: zapIn('__zap_vma_range'), walks };
};
const at_pmd = 'vm_normal_folio_pmd';
const exit = zaps(exitsWithinRcu, stuck(at_pmd));
/** It goes on to exit, with the lock; who dies of MADV_DONTNEED does not come to its exit_mmap(). */
const unmap = zaps(stuckWithinRcu, stuckWithTable(at_pmd));
const drop = zaps(stuckWithinRcu, stuck(at_pmd));

/**
 * What every verb that walks to a stale entry does to the kernel. A load is no row: on every kernel it reads the pfn.
 * From 6.15 on a DAX entry has no devmap bit, so that each walk follows it to a struct page, which is gone.
 * Source: C3, C4; recordings stale-op-*.
 */
// biome-ignore format: a table is read by its columns
export const STALE = {
  //                         v5.10       letter      posted      armed       v6.1        v6.12       v7.3
  munmap:           effects([fine,       fine,       fine,       fine,       fine,       fine,       unmap.oops],  'zap_pte_range(), zap_huge_pmd()',        'R141',       ...unmap.walks),
  exit:             effects([fine,       fine,       fine,       fine,       fine,       fine,       exit.oops],   'zap_pte_range(), zap_huge_pmd()',        'R140',       ...exit.walks),
  madvise_dontneed: effects([fine,       fine,       fine,       fine,       fine,       fine,       drop.oops],   'zap_pte_range(), zap_huge_pmd()',        'R141',       ...drop.walks),
  vmsplice:             gup([slow,       slow,       hugeHang,   hugeHang,   slow,       slow,       fastOops],    'get_user_pages_fast()',                  'R129, R130', refcounted),
  direct_io:            gup([slow,       slow,       hugeOops,   hugeOops,   slow,       slow,       fastOops],    'get_user_pages_fast()',                  'R127, R128', refcounted),
  madvise_hwpoison:     gup([slow,       slow,       hugeOops,   hugeOops,   slow,       slow,       fastOops],    'get_user_pages_fast()',                  'R135',       refcounted),
  process_vm_readv:     gup([slow,       slow,       slow,       slow,       slow,       slow,       slowOops],    'follow_page_pte(), follow_devmap_pmd()', 'R131, R132', refcounted),
  ptrace:               gup([slowEio,    slowEio,    slowEio,    slowEio,    slowEio,    slowEio,    slowOops],    'access_remote_vm(), follow_page_pte()',  'R133',       refcounted),
  mlock:            effects([fine,       fine,       fine,       fine,       fine,       fine,       slowHang],    'populate_vma_page_range()',              'R142',       refcounted),
  smaps:            effects([pmdAlone,   pmdAlone,   pmdAlone,   pmdAlone,   pmdGrab,    fine,       smapsOops],   'smaps_pte_range(), smaps_account()',     'R136, R137', CHANGES.gup_by_folio, CHANGES.smaps_by_pmd, refcounted),
  pagemap:          effects([pmdPagemap, pmdPagemap, pmdPagemap, pmdPagemap, pmdPagemap, pmdPagemap, bothPagemap], 'pagemap_pmd_range()',                    'R138',       refcounted),
  numa_maps:        effects([fine,       fine,       fine,       fine,       fine,       fine,       gatherOops],  'can_gather_numa_stats()',                'R139',       refcounted),
} satisfies { readonly [Verb in MappingVerb]?: Row<ByLevel> };

/**
 * What a store of the processor does to the kernel where the entry sends it into a fault. `ok`: the fault goes on,
 * to what the file system answers. Rules C4, R22, R23, R30, R31, R48.
 */
// biome-ignore format: a table is read by its columns
export const STALE_STORE = {
  //                    v5.10  letter  posted  armed  v6.1  v6.12  v7.3
  shared_ext4: effects([fine,  fine,   fine,   fine,  fine, fine,  ext4Oops],  'do_wp_page(), wp_pfn_shared()',      'R22, R23', refcounted),
  shared_xfs:  effects([fine,  fine,   fine,   fine,  fine, fine,  splitOops], 'do_wp_page(), __split_huge_pmd()',   'R48',      refcounted),
  private:     effects([fine,  fine,   fine,   fine,  fine, fine,  splitOops], 'wp_page_copy(), __split_huge_pmd()', 'R30, R31', refcounted),
};

/** Whether fork takes the struct page of a device entry that it copies; else it copies the entry alone. Rule FORK1. */
// biome-ignore format: a table is read by its columns
export const STALE_FORK = {
  //                    v5.10  letter posted armed  v6.1   v6.12  v7.3
  fork_takes_pages: row([false, false, false, false, false, false, true], 'copy_present_pte(), copy_present_ptes(), vm_normal_page()', 'FORK1', refcounted),
};
