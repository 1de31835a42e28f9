-- A device says of which layout its size and place are, where that is not the present one.
UPDATE dax_devices SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.placed_as', NULL);
