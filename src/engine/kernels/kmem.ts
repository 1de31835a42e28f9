import { CHANGES } from './changes.ts';
import { row } from './row.ts';

const nextReboot = 'cannot be hotremoved until the next reboot' as const;
const untilReboot = 'stuck online until reboot' as const;
const probeOf = 'DRV: probe of DEV failed' as const;
const withDriver = 'DRV DEV: probe with driver DRV failed' as const;

/** Where an offline dies of a free page whose reference count is not zero, on every kernel: BUG_ON(page_count(page)). */
export const OFFLINE_BUG_AT = '__offline_isolated_pages';

/** How kernels differ in system RAM made of a dax device. */
// biome-ignore format: a table is read by its columns
export const KMEM = {
  //                                v5.10          letter         posted         armed          v6.1          v6.12        v7.3
  /** A probe that finds no whole memory block. */
  no_block_left:               row(['binds_empty', 'binds_empty', 'binds_empty', 'binds_empty', 'EINVAL',     'EINVAL',    'EINVAL'],    'dev_dax_kmem_probe()',                                             'M63',      CHANGES.memory_group),
  /** The probe says how much of the range lies outside whole blocks. */
  says_truncation:             row([false,         false,         false,         false,         false,        false,       true],        'dev_dax_kmem_probe()',                                             'M61',      CHANGES.truncation_said),
  /** FOLL_LONGTERM migrates pages out of ZONE_MOVABLE first. */
  longterm_pin_leaves_movable: row([false,         false,         false,         false,         true,         true,        true],        'check_and_migrate_cma_pages(), check_and_migrate_movable_pages()', 'M76',      CHANGES.migrate_pinned),
  /** A policy of a node that loses its memory reads another node. */
  policy_follows_memory:       row([false,         false,         false,         false,         true,         true,        true],        'mpol_rebind_mm()',                                                 'M75',      CHANGES.mpol_rebind),
  /** `daxctl list` of a device waits behind its unbind. */
  list_blocks_behind_unbind:   row([true,          true,          true,          true,          true,         false,       false],       'size_show()',                                                      'M160',     CHANGES.dax_rwsem),
  /** sysfs `bind` of a device whose driver is on its way out. */
  bind_behind_unbind:          row(['ENODEV',      'ENODEV',      'ENODEV',      'ENODEV',      'waits',      'waits',     'waits'],     'bind_store()',                                                     'M159',     CHANGES.bind_checks),
  leak_message:                row([nextReboot,    nextReboot,    nextReboot,    nextReboot,    nextReboot,   nextReboot,  untilReboot], 'dev_dax_kmem_remove()',                                            'M66',      CHANGES.kmem_state),
  /** `daxX.Y/state`. */
  state_attr:                  row([false,         false,         false,         false,         false,        false,       true],        'state_store()',                                                    'M84, M85', CHANGES.kmem_state),
  /** Onlining a block that holds a poisoned page. */
  online_poisoned_block:       row(['allowed',     'allowed',     'allowed',     'allowed',     'allowed',    'EHWPOISON', 'EHWPOISON'], 'memory_block_online()',                                            'M82',      CHANGES.hwpoison_of_block),
  /** Who binds soft-reserved memory and CXL ram where nobody chose. */
  default_driver_hmem:         row(['device_dax',  'device_dax',  'device_dax',  'device_dax',  'device_dax', 'kmem',      'kmem'],      'dax_match_type()',                                                 'M92',      CHANGES.hmem_by_kmem),
  probe_failed_text:           row([probeOf,       probeOf,       probeOf,       probeOf,       probeOf,      withDriver,  withDriver],  'really_probe(), call_driver_probe()',                              'M69',      CHANGES.probe_failed),
};
