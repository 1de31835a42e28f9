-- A superblock may never be torn down, and folios may have lost references that were never taken.
ALTER TABLE mounts RENAME TO former_mounts;
DROP INDEX mounts_by_dax_device;
DROP INDEX mounts_by_host;
DROP INDEX mounts_by_host_dax_device;
DROP INDEX mounts_by_host_path;
DROP INDEX mounts_by_path;

-- One mount of a file system.
CREATE TABLE mounts (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  fs_type TEXT NOT NULL CHECK (fs_type IN ('ext4', 'xfs')),
  state TEXT NOT NULL CHECK (state IN ('mounted', 'lazy', 'shutting_down')),
  fs_state TEXT NOT NULL CHECK (fs_state IN ('alive', 'shutdown', 'frozen')),
  file_system TEXT NOT NULL,
  path TEXT NOT NULL DEFAULT '',
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
INSERT INTO mounts (key, host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, path, record)
  SELECT key, host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, path, record FROM former_mounts ORDER BY key;
-- A key is never used again, also one whose row is gone.
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'former_mounts')
  WHERE name = 'mounts';
INSERT INTO sqlite_sequence (name, seq) SELECT 'mounts', seq FROM sqlite_sequence
  WHERE name = 'former_mounts' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'mounts');
DROP TABLE former_mounts;
CREATE INDEX mounts_by_host ON mounts (host);
CREATE INDEX mounts_by_host_dax_device ON mounts (host, dax_device);
CREATE INDEX mounts_by_host_path ON mounts (host, path);
CREATE INDEX mounts_by_dax_device ON mounts (dax_device);
CREATE INDEX mounts_by_path ON mounts (path);

UPDATE dax_devices SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.lost_refs', json('[]'), '$.lost_ptes', json('[]'));
