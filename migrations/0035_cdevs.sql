-- A dax device keeps the cdev of its dev_dax: references of device_dax and of each open file description of its node.
-- That a bind had come while one was open, nobody had asked, nor whether it was opened alive: it was refused otherwise.
UPDATE dax_devices SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.cdevs', json(CASE
    WHEN record ->> '$.mode' IN ('devdax', 'system-ram') AND record ->> '$.parent_bound' THEN
      (SELECT json_array(json_object(
        'instance', dax_devices.record -> '$.instance',
        'refs', count(*) + (dax_devices.record ->> '$.driver' IS 'device_dax'),
        'opens', count(*),
        'dangling', json('false')))
       FROM (SELECT record ->> '$.description' AS description FROM open_files
             WHERE open_files.host = dax_devices.host AND open_files.dax_device = dax_devices.id AND file IS NULL
               AND open_files.record ->> '$.device_instance' = dax_devices.record ->> '$.instance'
             UNION
             SELECT record ->> '$.description' FROM mappings
             WHERE mappings.host = dax_devices.host AND mappings.dax_device = dax_devices.id AND file IS NULL
               AND mappings.record ->> '$.description' IS NOT NULL
               AND mappings.record ->> '$.device_instance' = dax_devices.record ->> '$.instance'))
    ELSE '[]' END));
UPDATE open_files SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.opened_dead', json('false'));
UPDATE hosts SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.underflow_warned', json('false'));
