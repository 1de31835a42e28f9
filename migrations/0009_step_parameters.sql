-- A step keeps the parameters that it began with. Those of a removal that is older get what the profile of its kernel
-- had for its steps until now; pgmap_drain by what is removed, told by a step that stands beside it. Whether
-- kmem_memory_failure is proposed was a matter of the host.
WITH given (kernel, step, beside, parameters) AS (
  VALUES
    ('v5.10', 'del_gendisk', NULL, '{"shuts_fs_down":false}'),
    ('force-unmap', 'del_gendisk', NULL, '{"shuts_fs_down":false}'),
    ('force-unmap-v5.10', 'del_gendisk', NULL, '{"shuts_fs_down":false}'),
    ('force-unmap-v5.12', 'del_gendisk', NULL, '{"shuts_fs_down":false}'),
    ('v6.1', 'del_gendisk', NULL, '{"shuts_fs_down":false}'),
    ('v6.12', 'del_gendisk', NULL, '{"shuts_fs_down":true}'),
    ('v7.3', 'del_gendisk', NULL, '{"shuts_fs_down":true}'),
    ('force-unmap', 'dev_pagemap_failure', NULL, '{"collect":"every_leader_with_entry"}'),
    ('force-unmap-v5.10', 'dev_pagemap_failure', NULL, '{"collect":"current_only"}'),
    ('force-unmap-v5.12', 'dev_pagemap_failure', NULL, '{"collect":"early_kill_or_current"}'),
    ('v6.1', 'dax_holder_notify_failure', NULL, '{"mf_flags":"0","collect":"early_kill_or_current","cowed_page_counts_as_entry":false,"set_hwpoison":"first_page_of_entry","shutdown":"corrupt_ondisk 0x10","page_count_outside_last_ag":"exact"}'),
    ('v6.12', 'dax_holder_notify_failure', NULL, '{"mf_flags":"MF_MEM_PRE_REMOVE","collect":"every_leader_with_entry","cowed_page_counts_as_entry":false,"set_hwpoison":"no","shutdown":"force_umount 0x4","page_count_outside_last_ag":"exact"}'),
    ('v7.3', 'dax_holder_notify_failure', NULL, '{"mf_flags":"MF_MEM_PRE_REMOVE","collect":"every_leader_with_entry","cowed_page_counts_as_entry":true,"set_hwpoison":"no","shutdown":"force_umount 0x4","page_count_outside_last_ag":"wraps_2_32"}'),
    ('v5.10', 'pgmap_drain', 'nd_pmem_remove', '{"waits_for":"page_refs","wait_in":"blk_mq_freeze_queue_wait"}'),
    ('force-unmap', 'pgmap_drain', 'nd_pmem_remove', '{"waits_for":"page_refs","wait_in":"blk_mq_freeze_queue_wait"}'),
    ('force-unmap-v5.10', 'pgmap_drain', 'nd_pmem_remove', '{"waits_for":"page_refs","wait_in":"blk_mq_freeze_queue_wait"}'),
    ('force-unmap-v5.12', 'pgmap_drain', 'nd_pmem_remove', '{"waits_for":"page_refs","wait_in":"blk_mq_freeze_queue_wait"}'),
    ('v5.10', 'pgmap_drain', 'cdev_del', '{"waits_for":"page_refs","wait_in":"memunmap_pages"}'),
    ('force-unmap', 'pgmap_drain', 'cdev_del', '{"waits_for":"page_refs","wait_in":"memunmap_pages"}'),
    ('force-unmap-v5.10', 'pgmap_drain', 'cdev_del', '{"waits_for":"page_refs","wait_in":"memunmap_pages"}'),
    ('force-unmap-v5.12', 'pgmap_drain', 'cdev_del', '{"waits_for":"page_refs","wait_in":"memunmap_pages"}'),
    ('v6.1', 'pgmap_drain', NULL, '{"waits_for":"nothing"}'),
    ('v6.12', 'pgmap_drain', NULL, '{"waits_for":"nothing"}'),
    ('v7.3', 'pgmap_drain', NULL, '{"waits_for":"nothing"}')
)
UPDATE removals SET
  revision = revision + 1,
  record = json_set(
    record,
    '$.revision', revision + 1,
    '$.steps', (
      SELECT json_group_array(json_set(step.value, '$.parameters', json(CASE
        WHEN step.value ->> '$.name' IN ('kmem_memory_failure', 'remove_memory') AND EXISTS (
          SELECT 1 FROM hosts
          WHERE hosts.host = removals.host AND hosts.record ->> '$.proposed.kmem_memory_failure'
        ) THEN '{"proposed":true}'
        ELSE coalesce((
          SELECT given.parameters FROM given
          WHERE given.kernel = removals.kernel AND given.step = step.value ->> '$.name'
            AND (given.beside IS NULL OR EXISTS (
              SELECT 1 FROM json_each(removals.record, '$.steps') AS other
              WHERE other.value ->> '$.name' = given.beside
            ))
        ), '{}')
      END)))
      FROM json_each(removals.record, '$.steps') AS step
    )
  );
