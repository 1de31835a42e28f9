-- A device can be in a mode that is not modelled: `unknown`, with its word in the record.
ALTER TABLE dax_devices RENAME TO former_dax_devices;
DROP INDEX dax_devices_by_host;
DROP INDEX dax_devices_by_host_size;
DROP INDEX dax_devices_by_host_state;
DROP INDEX dax_devices_by_host_uid;
DROP INDEX dax_devices_by_size;
DROP INDEX dax_devices_by_id;
DROP INDEX dax_devices_by_mode;
DROP INDEX dax_devices_by_state;
DROP INDEX dax_devices_by_tenant;

-- One DAX device.
CREATE TABLE dax_devices (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  mode TEXT NOT NULL CHECK (mode IN ('fsdax', 'devdax', 'system-ram', 'raw', 'sector', 'unknown')),
  state TEXT NOT NULL CHECK (state IN ('bound', 'removing', 'unbound', 'gone')),
  driver TEXT CHECK (driver IN ('nd_pmem', 'device_dax', 'dax_pmem', 'kmem')),
  tenant TEXT,
  provider TEXT,
  holders TEXT NOT NULL DEFAULT 'not_told' CHECK (holders IN ('not_told', 'told')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX dax_devices_by_host ON dax_devices (host);
CREATE INDEX dax_devices_by_host_size ON dax_devices (host, record ->> '$.size');
CREATE INDEX dax_devices_by_host_state ON dax_devices (host, state);
CREATE INDEX dax_devices_by_host_uid ON dax_devices (host, uid);
CREATE INDEX dax_devices_by_size ON dax_devices (record ->> '$.size');
CREATE INDEX dax_devices_by_id ON dax_devices (id);
CREATE INDEX dax_devices_by_mode ON dax_devices (mode);
CREATE INDEX dax_devices_by_state ON dax_devices (state);
CREATE INDEX dax_devices_by_tenant ON dax_devices (tenant);

-- None of those that there are is.
INSERT INTO dax_devices (key, host, id, uid, revision, mode, state, driver, tenant, provider, holders, record)
  SELECT key, host, id, uid, revision + 1, mode, state, driver, tenant, provider, holders,
    json_set(record, '$.revision', revision + 1, '$.mode_as_listed', NULL)
  FROM former_dax_devices ORDER BY key;
-- A key is never used again, also one whose row is gone.
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'former_dax_devices')
  WHERE name = 'dax_devices';
INSERT INTO sqlite_sequence (name, seq) SELECT 'dax_devices', seq FROM sqlite_sequence
  WHERE name = 'former_dax_devices' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'dax_devices');
DROP TABLE former_dax_devices;
