-- A memory range says how many blocks a listing counts, as the last one that did tells of its device.
UPDATE memory_ranges SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.counted', (
    SELECT device.value ->> '$.memory_blocks.total'
      FROM inventories, json_each(inventories.record, '$.record.devices') AS device
      WHERE inventories.host = memory_ranges.host AND device.value ->> '$.name' = memory_ranges.dax_device));
