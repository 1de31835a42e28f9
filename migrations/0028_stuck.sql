-- A host says what an oops has left without an end. Until now every oops on a kernel in which a stale entry is an ordinary
-- one (6.15) cost all grace periods of RCU, and the walk of a removal that oopsed those of dax_srcu: so it stays until the
-- reboot.
UPDATE hosts SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.stuck', json((
    SELECT json_group_array(word) FROM (
      SELECT 'rcu' AS word WHERE health = 'oopsed' AND (
        kernel = 'v7.3' OR kernel = 'resolved' AND (
          CAST(kernel_release AS INTEGER) > 6 OR CAST(kernel_release AS INTEGER) = 6
          AND CAST(substr(kernel_release, instr(kernel_release, '.') + 1) AS INTEGER) >= 15))
      UNION ALL
      SELECT 'dax_srcu' WHERE EXISTS (
        SELECT 1 FROM removals, json_each(removals.record, '$.steps') AS step
        WHERE removals.host = hosts.host AND removals.state = 'stuck'
          AND json_type(step.value, '$.result.oopses_in') IS NOT NULL)))));
