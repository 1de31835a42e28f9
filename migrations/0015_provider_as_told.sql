-- The provider of a device is a word as listed, or nothing where nobody has told; and how its CXL region is known.
ALTER TABLE dax_devices RENAME TO former_dax_devices;
DROP INDEX dax_devices_by_host;
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
  mode TEXT NOT NULL CHECK (mode IN ('fsdax', 'devdax', 'system-ram', 'raw', 'sector')),
  state TEXT NOT NULL CHECK (state IN ('bound', 'removing', 'unbound', 'gone')),
  driver TEXT CHECK (driver IN ('nd_pmem', 'device_dax', 'dax_pmem', 'kmem')),
  tenant TEXT,
  provider TEXT,
  holders TEXT NOT NULL DEFAULT 'not_told' CHECK (holders IN ('not_told', 'told')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX dax_devices_by_host ON dax_devices (host);
CREATE INDEX dax_devices_by_id ON dax_devices (id);
CREATE INDEX dax_devices_by_mode ON dax_devices (mode);
CREATE INDEX dax_devices_by_state ON dax_devices (state);
CREATE INDEX dax_devices_by_tenant ON dax_devices (tenant);

-- A region that an import found otherwise than on the path of the dax region was derived.
INSERT INTO dax_devices (key, host, id, uid, revision, mode, state, driver, tenant, provider, holders, record)
  SELECT key, host, id, uid, revision + 1, mode, state, driver, tenant, provider, holders,
    json_set(record, '$.revision', revision + 1, '$.cxl_region_from', CASE
      WHEN record ->> '$.cxl_region' IS NULL THEN NULL
      WHEN EXISTS (
        SELECT 1 FROM inventories AS inventory, json_each(inventory.record, '$.record.devices') AS listed
        WHERE inventory.host = device.host AND listed.value ->> '$.name' = device.id
          AND coalesce(listed.value ->> '$.listed.dax_region.path', '') NOT LIKE '%/decoder%/region%'
      ) THEN 'derived'
      ELSE 'listed'
    END)
  FROM former_dax_devices AS device ORDER BY key;
-- A key is never used again, also one whose row is gone.
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'former_dax_devices')
  WHERE name = 'dax_devices';
INSERT INTO sqlite_sequence (name, seq) SELECT 'dax_devices', seq FROM sqlite_sequence
  WHERE name = 'former_dax_devices' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'dax_devices');
DROP TABLE former_dax_devices;
