-- The words of ndctl before v60, memory and dax, were taken for fsdax and devdax. A device that was listed so stays what
-- it is, under the words of today, until a listing has the former ones again.
UPDATE inventories SET record = json_set(record, '$.record.devices', (
  SELECT json_group_array(json(CASE value ->> '$.listed.namespace.mode'
    WHEN 'memory' THEN json_set(value, '$.listed.namespace.mode', 'fsdax', '$.mode_as_listed', NULL)
    WHEN 'dax' THEN json_set(value, '$.listed.namespace.mode', 'devdax', '$.mode_as_listed', NULL)
    ELSE value END))
  FROM json_each(record, '$.record.devices')))
WHERE EXISTS (
  SELECT 1 FROM json_each(record, '$.record.devices')
    WHERE value ->> '$.listed.namespace.mode' IN ('memory', 'dax'));
UPDATE inventories SET record = json_set(record, '$.record.former', (
  SELECT json_group_array(json(CASE value ->> '$.listed.namespace.mode'
    WHEN 'memory' THEN json_set(value, '$.listed.namespace.mode', 'fsdax', '$.mode_as_listed', NULL)
    WHEN 'dax' THEN json_set(value, '$.listed.namespace.mode', 'devdax', '$.mode_as_listed', NULL)
    ELSE value END))
  FROM json_each(record, '$.record.former')))
WHERE EXISTS (
  SELECT 1 FROM json_each(record, '$.record.former')
    WHERE value ->> '$.listed.namespace.mode' IN ('memory', 'dax'));
UPDATE dax_devices SET revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.mode_as_listed', NULL)
WHERE mode <> 'unknown' AND record ->> '$.mode_as_listed' IN ('memory', 'dax');
