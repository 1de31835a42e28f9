-- The words of ndctl before v60, memory and dax, were taken for fsdax and devdax. A device that was listed so stays what
-- it is, under the words of today, until a listing has the former ones again.
CREATE TEMP VIEW devices_now AS
  SELECT inventories.host, lists.name AS list, device.key AS at, device.value ->> '$.listed.namespace.mode' AS word,
    CASE device.value ->> '$.listed.namespace.mode'
      WHEN 'memory' THEN json_set(device.value, '$.listed.namespace.mode', 'fsdax', '$.mode_as_listed', NULL)
      WHEN 'dax' THEN json_set(device.value, '$.listed.namespace.mode', 'devdax', '$.mode_as_listed', NULL)
      ELSE device.value END AS device
  FROM inventories, (SELECT 'devices' AS name UNION ALL SELECT 'former') AS lists,
    json_each(inventories.record, '$.record.' || lists.name) AS device;
UPDATE inventories SET record = json_replace(record,
  '$.record.devices', json((SELECT json_group_array(json(device)) FROM (
    SELECT device FROM devices_now WHERE devices_now.host = inventories.host AND list = 'devices' ORDER BY at))),
  '$.record.former', json((SELECT json_group_array(json(device)) FROM (
    SELECT device FROM devices_now WHERE devices_now.host = inventories.host AND list = 'former' ORDER BY at))))
WHERE host IN (SELECT host FROM devices_now WHERE word IN ('memory', 'dax'));
DROP VIEW devices_now;
UPDATE dax_devices SET revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.mode_as_listed', NULL)
WHERE mode <> 'unknown' AND record ->> '$.mode_as_listed' IN ('memory', 'dax');
