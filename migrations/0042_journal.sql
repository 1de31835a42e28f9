-- The journal has a host's name as a number, its time in milliseconds since 1970, and of what a command changed only what
-- differs. Names of hosts are kept for good: a host that comes again under one has its events with the former's.
CREATE TABLE host_names (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO host_names (name) SELECT DISTINCT host FROM events UNION SELECT host FROM hosts;
-- Names of the members of a new record, in their order, with a space between: the journal has the values alone.
CREATE TABLE record_shapes (
  key INTEGER PRIMARY KEY,
  members TEXT NOT NULL UNIQUE
) STRICT;
-- What tells the ids of this store's events from those of another's.
CREATE TABLE identity (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  random INTEGER NOT NULL
) STRICT;
INSERT INTO identity (one, random) VALUES (1, random());
-- `id`: 16 bytes of those that were given one, NULL of those whose id is made of number and time. `data`: NULL for {}.
-- `changes`: as in src/store/change_text.ts; those that were stored before this migration are objects.
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES host_names (key),
  at_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  data TEXT,
  changes TEXT NOT NULL,
  id BLOB CHECK (length(id) = 16)
) STRICT;
INSERT INTO journal (seq, host, at_ms, type, subject, data, changes, id)
  SELECT e.seq, n.key, unixepoch(e.at) * 1000 + substr(e.at, 21, 3), e.type, e.subject, nullif(e.data, '{}'), e.changes,
    unhex(replace(e.id, '-', ''))
  FROM events AS e JOIN host_names AS n ON n.name = e.host ORDER BY e.seq;
DROP TABLE events;
ALTER TABLE journal RENAME TO events;
CREATE INDEX events_by_host ON events (host);
