-- A memory range says how many blocks a listing counts. Until now every one of a host known by listings was taken so.
UPDATE memory_ranges SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.counted', iif(
    EXISTS (SELECT 1 FROM inventories WHERE inventories.host = memory_ranges.host),
    (record ->> '$.nr_pages') / ((record ->> '$.block_bytes') / 4096), NULL));
