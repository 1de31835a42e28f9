-- A device says who waits for a lock that its removal has: the removals that stand behind it in their order. Of the binds
-- that were blocked nobody kept what they asked for.
UPDATE dax_devices SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.lock_waiters', json((
    SELECT json_group_array(json_object('removal', id) ORDER BY key) FROM removals
    WHERE removals.host = dax_devices.host AND removals.dax_device = dax_devices.id AND state = 'waiting'
      AND removals.record ->> '$.behind' IS NOT NULL)));
