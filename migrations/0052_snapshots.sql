-- States of hosts that were kept: a record of each, and its content (src/store/snapshot_content.ts).
CREATE TABLE snapshots (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  name TEXT,
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;
CREATE INDEX snapshots_by_host ON snapshots (host);
CREATE INDEX snapshots_by_name ON snapshots (name);
CREATE INDEX snapshots_by_made_ms ON snapshots (made_ms);
-- The content of each, in pieces.
CREATE TABLE snapshot_chunks (
  snapshot INTEGER NOT NULL REFERENCES snapshots (key) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (snapshot, number)
) STRICT, WITHOUT ROWID;
