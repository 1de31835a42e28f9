-- A file says whether its times are left to commit, and whether its atime is due. Of one whose device is gone a store is
-- taken to have come since, as until now.
UPDATE files SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.atime_due', json('true'), '$.uncommitted', json(
    CASE WHEN EXISTS (
      SELECT 1 FROM mounts JOIN dax_devices ON dax_devices.host = mounts.host AND dax_devices.id = mounts.dax_device
      WHERE mounts.host = files.host AND mounts.id = files.mount
        AND mounts.record ->> '$.device_instance' <> dax_devices.record ->> '$.instance') THEN 'true' ELSE 'false' END));
