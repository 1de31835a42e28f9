-- System RAM on devices, CXL memdevs and regions, exposures. New fields of stored records get the values that
-- hold for what was stored without them.

-- System RAM that kmem added: one range of whole memory blocks; it outlives its device's driver when it leaks.
CREATE TABLE memory_ranges (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  leaked INTEGER NOT NULL CHECK (leaked IN (0, 1)),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX memory_ranges_by_host ON memory_ranges (host, dax_device);
CREATE INDEX memory_ranges_by_leaked ON memory_ranges (leaked);

-- A CXL memory device by its kernel name.
CREATE TABLE cxl_memdevs (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'gone')),
  serial TEXT,
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX cxl_memdevs_by_host ON cxl_memdevs (host);

-- A CXL region by its kernel name.
CREATE TABLE cxl_regions (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  type TEXT NOT NULL CHECK (type IN ('pmem', 'ram')),
  state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled')),
  decode_state TEXT NOT NULL CHECK (decode_state IN ('commit', 'reset')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX cxl_regions_by_host ON cxl_regions (host);

-- A window in which a mapping or pin reaches pfns that belong to another generation or tenant.
CREATE TABLE exposures (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  mapping TEXT,
  pin TEXT,
  pid INTEGER NOT NULL,
  tenant TEXT,
  to_tenant TEXT,
  open INTEGER NOT NULL CHECK (open IN (0, 1)),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX exposures_by_host ON exposures (host, dax_device);
CREATE INDEX exposures_by_open ON exposures (open);
CREATE INDEX exposures_by_tenant ON exposures (tenant);
CREATE INDEX exposures_by_to_tenant ON exposures (to_tenant);

UPDATE hosts SET record = json_set(record,
  '$.counters.memory_failure', json('{}'),
  '$.memory_block_bytes', 134217728,
  '$.proposed', json('{"devdax_memory_failure":false,"kmem_memory_failure":false}'));
UPDATE dax_devices SET record = json_set(record,
  '$.hwpoisoned', json('[]'), '$.badblocks', json('[]'), '$.clears_poison', json('false'), '$.faulted', json('[]'), '$.cxl_region', json('null'), '$.kmem_state', json('null'));
UPDATE mappings SET record = json_set(record, '$.anonymous', json('false'), '$.generation', coalesce(
  (SELECT json_extract(d.record, '$.generation') FROM dax_devices d
    WHERE d.host = mappings.host AND d.id = mappings.dax_device), 1));
UPDATE pins SET record = json_set(record, '$.generation', coalesce(
  (SELECT json_extract(d.record, '$.generation') FROM dax_devices d
    WHERE d.host = pins.host AND d.id = pins.dax_device), 1));
UPDATE removals SET record = json_set(record, '$.cxl_memdev', json('null'),
  '$.report.blast_radius', json('null'),
  '$.report.simulated_kernel_cost', json('{"seconds":null,"range":null,"reason":"the removal is older than the estimate","formula":null,"workload":null,"terms":{"mapped_mib_by_pte":0,"mapped_mib_by_pmd":0,"device_pfns":0,"pages":0,"armed_pages":0,"kills":0},"basis":"none","source":null}'));
