import type { StepParameters } from '../../model/removal.ts';
import { CHANGES } from '../changes.ts';
import { row } from '../row.ts';
import type { KernelFunction } from './kernel_functions.ts';

type Collect = NonNullable<StepParameters['collect']>;
const collect = row<Collect | null>;
const current = 'current_only' as const;
const early = 'early_kill_or_current' as const;
const all = 'every_leader_with_entry' as const;
const preRemove = 'MF_MEM_PRE_REMOVE' as const;
const corrupt = 'corrupt_ondisk 0x10' as const;
const umount = 'force_umount 0x4' as const;
const counts = row<StepParameters['page_count_outside_last_ag'] | null>;
const freeze = 'blk_mq_freeze_queue_wait' as const;
const unmap = 'memunmap_pages' as const;

const told = CHANGES.notify_failure;
const pre_remove = CHANGES.pre_remove;
const cleanup = CHANGES.external_refs;
const no_wait = CHANGES.extra_refcount;
/** With the length that kill_dax() passes, and no calculation of the end: on no kernel that was recorded. */
const walked = [[told, 'walks_past_last_ag'], CHANGES.length_of_walk, CHANGES.walk_of_rt] as const;

/** What steps do differently from kernel to kernel; null where its lists have no such call. */
// biome-ignore format: a table is read by its columns
export const STEP_PARAMETERS = {
  dax_holder_notify_failure: {
    //                               v5.10  letter  posted  armed  v6.1                   v6.12      v7.3
    mf_flags:                   row([null,  null,   null,   null,  '0',                   preRemove, preRemove],    'kill_dax()',                    'R53, R55',      told, pre_remove),
    collect:                collect([null,  null,   null,   null,  early,                 all,       all],          'mf_dax_kill_procs()',           'R58, R59, R60', told, pre_remove),
    cowed_page_counts_as_entry: row([null,  null,   null,   null,  false,                 false,     true],         'dev_pagemap_mapping_shift()',   'R66',           told, CHANGES.refcounted),
    set_hwpoison:               row([null,  null,   null,   null,  'first_page_of_entry', 'no',      'no'],         'mf_dax_kill_procs()',           'R75',           told, pre_remove),
    shutdown:                   row([null,  null,   null,   null,  corrupt,               umount,    umount],       'xfs_dax_notify_ddev_failure()', 'R73',           told, pre_remove),
    page_count_outside_last_ag: counts([null,  null,   null,   null,  'exact',               'exact',   'wraps_2_32'], 'xfs_dax_notify_dev_failure()',  'R54',           ...walked),
  },
  dev_pagemap_failure: {
    //                v5.10  letter  posted   armed  v6.1  v6.12  v7.3
    collect: collect([null,  all,    current, early, null, null,  null], 'memory_failure_dev_pagemap()', 'FU3, R84, R85'),
  },
  del_gendisk: {
    //                  v5.10  letter  posted  armed  v6.1   v6.12  v7.3
    shuts_fs_down: row([false, false,  false,  false, false, true,  true], 'del_gendisk(), fs_bdev_mark_dead()', 'R41, R52', CHANGES.mark_dead),
  },
  memunmap_pages: {
    //              v5.10        letter       posted       armed        v6.1       v6.12      v7.3
    waits_for: row(['page_refs', 'page_refs', 'page_refs', 'page_refs', 'nothing', 'nothing', 'nothing'], 'memunmap_pages()', 'R115, R116', no_wait),
    wait_in:   row([unmap,       unmap,       unmap,       unmap,       null,      null,      null],      'memunmap_pages()', 'R115',       no_wait),
  },
  blk_cleanup_queue: {
    //              v5.10        letter       posted       armed        v6.1  v6.12  v7.3
    waits_for: row(['page_refs', 'page_refs', 'page_refs', 'page_refs', null, null,  null], 'pmem_pagemap_cleanup()', 'R117', cleanup),
    wait_in:   row([freeze,      freeze,      freeze,      freeze,      null, null,  null], 'blk_freeze_queue()',     'R117', cleanup),
  },
} satisfies Partial<Record<KernelFunction, object>>;
