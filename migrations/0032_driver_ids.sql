-- A device says which drivers of the dax bus have its name by a write to new_id. What had been given to kmem, or stands
-- on a dynamic dax region, was bound by one, and no way to take it back had been asked for.
UPDATE dax_devices SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.driver_ids', json(CASE
    WHEN record ->> '$.state' <> 'unbound' THEN '[]'
    WHEN record ->> '$.mode' = 'system-ram' THEN '["kmem"]'
    WHEN record ->> '$.mode' = 'devdax' AND (record ->> '$.provider' = 'hmem' OR record ->> '$.cxl_region' IS NOT NULL)
      THEN '["device_dax"]'
    ELSE '[]' END));
