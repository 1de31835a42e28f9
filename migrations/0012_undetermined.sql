-- A removal can rest before a step of which nobody knows what it does on its kernel, and its verdict is that nobody
-- knows: two words more.
ALTER TABLE removals RENAME TO former_removals;
DROP INDEX removals_by_host;
DROP INDEX removals_by_state;
DROP INDEX removals_by_dax_device;
DROP INDEX removals_by_verdict;

-- One ->remove(), with its steps and its report so far.
CREATE TABLE removals (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  kernel TEXT NOT NULL,
  "trigger" TEXT NOT NULL CHECK ("trigger" IN ('unbind', 'surprise_removal', 'orderly_removal')),
  state TEXT NOT NULL CHECK (state IN ('running', 'waiting', 'stuck', 'completed', 'undetermined')),
  verdict TEXT CHECK (verdict IN ('contained', 'leaked', 'unsafe', 'exposed', 'undetermined')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX removals_by_host ON removals (host);
CREATE INDEX removals_by_state ON removals (state);
CREATE INDEX removals_by_dax_device ON removals (dax_device);
CREATE INDEX removals_by_verdict ON removals (verdict);

INSERT INTO removals SELECT * FROM former_removals ORDER BY key;
-- A key is never used again, also one whose row is gone.
DELETE FROM sqlite_sequence WHERE name = 'removals';
INSERT INTO sqlite_sequence (name, seq) SELECT 'removals', seq FROM sqlite_sequence WHERE name = 'former_removals';
DROP TABLE former_removals;
