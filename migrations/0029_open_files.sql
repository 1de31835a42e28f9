-- Descriptors, which hold an open file description as mappings do; how an inode stands.
CREATE TABLE open_files (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  pid INTEGER NOT NULL,
  dax_device TEXT NOT NULL,
  file TEXT,
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX open_files_by_host ON open_files (host);
CREATE INDEX open_files_by_host_pid ON open_files (host, pid);
CREATE INDEX open_files_by_host_dax_device ON open_files (host, dax_device);
CREATE INDEX open_files_by_host_file ON open_files (host, file);
CREATE INDEX open_files_by_pid ON open_files (pid);
CREATE INDEX open_files_by_dax_device ON open_files (dax_device);

-- What was mapped before was opened for its mapping alone.
UPDATE mappings SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.description',
    CASE WHEN record ->> '$.anonymous' THEN NULL ELSE id END);
UPDATE files SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.state', 'linked');
