-- What the service answers instead of, or beside, what it does: for people who test their own tools against it.
CREATE TABLE fault_rules (
  key INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  description TEXT,
  selector TEXT NOT NULL CHECK (json_valid(selector)),
  action TEXT NOT NULL CHECK (json_valid(action)),
  remaining INTEGER,
  probability REAL NOT NULL,
  seed INTEGER NOT NULL,
  matched INTEGER NOT NULL DEFAULT 0,
  applied INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL
) STRICT;
-- The clock of a host, by which delays of fault rules go; one that nobody has set has no row.
CREATE TABLE host_clocks (
  host INTEGER PRIMARY KEY REFERENCES hosts (key) ON DELETE CASCADE,
  revision INTEGER NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('real', 'manual')),
  advanced_ms INTEGER NOT NULL
) STRICT;
