-- A CXL region can be of a type that is not modelled: `unknown`, with its word in the record.
ALTER TABLE cxl_regions RENAME TO former_cxl_regions;
DROP INDEX cxl_regions_by_host;
DROP INDEX cxl_regions_by_host_size;
DROP INDEX cxl_regions_by_id;
DROP INDEX cxl_regions_by_size;
DROP INDEX cxl_regions_by_state;

-- One CXL region.
CREATE TABLE cxl_regions (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  type TEXT NOT NULL CHECK (type IN ('pmem', 'ram', 'unknown')),
  state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled')),
  decode_state TEXT NOT NULL CHECK (decode_state IN ('commit', 'reset')),
  size INTEGER NOT NULL DEFAULT 0,
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX cxl_regions_by_host ON cxl_regions (host);
CREATE INDEX cxl_regions_by_host_size ON cxl_regions (host, size);
CREATE INDEX cxl_regions_by_id ON cxl_regions (id);
CREATE INDEX cxl_regions_by_size ON cxl_regions (size);
CREATE INDEX cxl_regions_by_state ON cxl_regions (state);

-- Those that listings told to be of another type were taken as if none was told.
CREATE TEMP TABLE listed_types AS
  SELECT inventories.host, region.value ->> '$.name' AS id, region.value ->> '$.fields.type' AS word
  FROM inventories, json_each(inventories.record, '$.record.host.cxl_regions') AS region
  WHERE word NOT IN ('pmem', 'ram', 'none');
INSERT INTO cxl_regions (key, host, id, uid, revision, type, state, decode_state, size, record)
  SELECT key, host, id, uid, revision + 1, iif(word IS NULL, type, 'unknown'), state, decode_state, size,
    json_set(record, '$.revision', revision + 1, '$.type', iif(word IS NULL, type, 'unknown'),
      '$.type_as_listed', word)
  FROM former_cxl_regions LEFT JOIN listed_types USING (host, id) ORDER BY key;
DROP TABLE listed_types;
-- A key is never used again, also one whose row is gone.
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'former_cxl_regions')
  WHERE name = 'cxl_regions';
INSERT INTO sqlite_sequence (name, seq) SELECT 'cxl_regions', seq FROM sqlite_sequence
  WHERE name = 'former_cxl_regions' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'cxl_regions');
DROP TABLE former_cxl_regions;
