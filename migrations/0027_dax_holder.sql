-- The first xfs that was mounted on a device with struct pages holds its dax_device, at whatever path it is mounted.
UPDATE mounts SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.dax_holder', json(CASE WHEN
    fs_type = 'xfs'
    AND EXISTS (SELECT 1 FROM dax_devices
      WHERE dax_devices.host = mounts.host AND dax_devices.id = mounts.dax_device AND dax_devices.record ->> '$.map' IS NOT NULL)
    AND file_system = (SELECT first.file_system FROM mounts AS first
      WHERE first.host = mounts.host AND first.dax_device = mounts.dax_device AND first.fs_type = 'xfs'
        AND first.record ->> '$.device_instance' = mounts.record ->> '$.device_instance'
      ORDER BY first.key LIMIT 1)
    THEN 'true' ELSE 'false' END));
