-- A device says who had it before its present tenant without a bind, and an exposure why the pfns are another's.
UPDATE dax_devices SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.former_tenants', json('[]'));
UPDATE exposures SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.reason', 'generation');
