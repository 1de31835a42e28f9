-- A host may say its kernel's release and what was looked up about it: of those that are stored nobody has, their profile stays.
UPDATE hosts SET
  revision = revision + 1,
  record = json_set(
    record,
    '$.revision', revision + 1,
    '$.kernel_release', NULL,
    '$.kernel_probes', json('{"symbols":{},"btf":{},"sysfs":{}}')
  );
