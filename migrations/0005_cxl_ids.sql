-- Memdevs and regions say the id of their path, as every other resource that has one.
UPDATE cxl_memdevs SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.id', id);
UPDATE cxl_regions SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.id', id);
