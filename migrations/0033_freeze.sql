-- File systems are frozen by their users, and processes wait for the thaw; a mapping says how its description was opened.
UPDATE mounts SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.frozen_by_user', json('false'));
UPDATE processes SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.waits_for_thaw', NULL);
UPDATE mappings SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.opened',
    CASE WHEN record ->> '$.anonymous' THEN NULL ELSE coalesce(
      (SELECT open_files.record ->> '$.flags[0]' FROM open_files
       WHERE open_files.host = mappings.host AND open_files.record ->> '$.description' = mappings.record ->> '$.description'),
      CASE WHEN record ->> '$.prot' = 'rw' AND record ->> '$.flags' NOT LIKE '%private%' THEN 'rdwr' ELSE 'rdonly' END) END);
