-- A mount says whether a file without a name was freed since its device is gone; whether one was, nothing that is stored tells.
-- An ext4 that was shut down has aborted its journal with that.
UPDATE mounts SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.uncommitted', json('false'), '$.journal',
    CASE WHEN fs_type = 'ext4' AND fs_state = 'shutdown' THEN 'aborted' ELSE record ->> '$.journal' END);
