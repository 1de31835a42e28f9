-- The file says whose it is: "DAXP", in its header.
PRAGMA application_id = 1145133136;

-- The process that serves this file, or did last: whoever finds the file taken names it. /readyz writes checked_at.
CREATE TABLE owner (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  pid INTEGER NOT NULL,
  hostname TEXT NOT NULL,
  url TEXT,
  started_at TEXT NOT NULL,
  checked_at TEXT
) STRICT;
