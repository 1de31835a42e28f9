-- Whether anyone has told who uses a device. Of a device that something was made on, it is told, since now at the
-- latest: records do not say when they were made.
ALTER TABLE dax_devices ADD COLUMN holders TEXT NOT NULL DEFAULT 'not_told' CHECK (holders IN ('not_told', 'told'));
UPDATE dax_devices SET holders = 'told' WHERE EXISTS (
  SELECT 1 FROM files f WHERE f.host = dax_devices.host AND f.dax_device = dax_devices.id
) OR EXISTS (
  SELECT 1 FROM mounts m WHERE m.host = dax_devices.host AND m.dax_device = dax_devices.id
) OR EXISTS (
  SELECT 1 FROM mappings v WHERE v.host = dax_devices.host AND v.dax_device = dax_devices.id
) OR EXISTS (
  SELECT 1 FROM pins p WHERE p.host = dax_devices.host AND p.dax_device = dax_devices.id
);
UPDATE dax_devices SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.holders', holders,
    '$.told_at', CASE holders WHEN 'told' THEN strftime('%Y-%m-%dT%H:%M:%fZ', 'now') END);
