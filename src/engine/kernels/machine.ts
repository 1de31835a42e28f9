import { CHANGES } from './changes.ts';
import { row } from './row.ts';

/** How kernels differ in what concerns the whole machine. */
// biome-ignore format: a table is read by its columns
export const MACHINE = {
  //                         v5.10      letter     posted     armed      v6.1       v6.12      v7.3
  /** sysfs `bind` of a device that has a driver, and of a failed probe. */
  bind_bound_errno:     row(['ENODEV',  'ENODEV',  'ENODEV',  'ENODEV',  'EBUSY',   'EBUSY',   'EBUSY'],          'bind_store()',                                         'R149, M64', CHANGES.bind_checks),
  /** memory_failure/ of each node in sysfs. */
  per_node_mf_counters: row([false,     false,     false,     false,     false,     true,      true],             'num_poisoned_pages_inc(), update_per_node_mf_stats()', 'M47',       CHANGES.mf_of_node),
  auto_online_default:  row(['offline', 'offline', 'offline', 'offline', 'offline', 'online',  'online'],         'recordings kmem-unbind-*',                             'M87',       CHANGES.auto_online),
};
