-- Memory blocks say whether the kernel has pages of its own in them. Nobody has told on a host that is known by listings.
UPDATE memory_ranges SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.blocks', json((
    SELECT json_group_array(json_set(value, '$.kernel_pages', json(
      CASE
        WHEN value ->> '$.state' != 'offline' AND EXISTS (
          SELECT 1 FROM inventories WHERE inventories.host = memory_ranges.host) THEN 'null'
        ELSE 'false'
      END)))
    FROM json_each(record, '$.blocks'))));
