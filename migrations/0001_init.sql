-- The first schema. One table a kind of record of the engine (host.ts). `record` is the record as JSON, which is
-- the API resource itself; the columns beside it are copies of its fields, for filters and their indexes.
-- `key` grows with creation and is never used again: lists page after it, so a page neither skips nor repeats.
-- `kernel` has no CHECK: a kernel is a row of data in the engine, and adding one is no change of the schema.

-- One machine. Its id is its name; deleting it deletes every row that names it.
CREATE TABLE hosts (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  kernel TEXT NOT NULL,
  health TEXT NOT NULL CHECK (health IN ('ok', 'oopsed', 'livelocked')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  CHECK (id = host),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX hosts_by_kernel ON hosts (kernel);

-- A DAX device by its kernel name.
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
  provider TEXT NOT NULL CHECK (provider IN ('ACPI.NFIT', 'e820', 'virtio-pmem', 'CXL', 'hmem')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX dax_devices_by_host ON dax_devices (host);
CREATE INDEX dax_devices_by_mode ON dax_devices (mode);
CREATE INDEX dax_devices_by_state ON dax_devices (state);
CREATE INDEX dax_devices_by_tenant ON dax_devices (tenant);
CREATE INDEX dax_devices_by_id ON dax_devices (id);

-- A file system on a device or partition; it outlives its mounts.
CREATE TABLE file_systems (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  fs_type TEXT NOT NULL CHECK (fs_type IN ('ext4', 'xfs')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX file_systems_by_host ON file_systems (host);

-- A mount and its superblock.
CREATE TABLE mounts (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  fs_type TEXT NOT NULL CHECK (fs_type IN ('ext4', 'xfs')),
  state TEXT NOT NULL CHECK (state IN ('mounted', 'lazy')),
  fs_state TEXT NOT NULL CHECK (fs_state IN ('alive', 'shutdown', 'frozen')),
  file_system TEXT NOT NULL,
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX mounts_by_host ON mounts (host);
CREATE INDEX mounts_by_dax_device ON mounts (dax_device);
CREATE INDEX mounts_by_host_dax_device ON mounts (host, dax_device);

-- A file and where its extents lie. `entries` holds its i_pages, in the shape of a mapping's.
CREATE TABLE files (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  mount TEXT NOT NULL,
  dax_device TEXT NOT NULL,
  file_system TEXT NOT NULL,
  path TEXT NOT NULL,
  record TEXT NOT NULL CHECK (json_valid(record)),
  entries BLOB NOT NULL CHECK (length(entries) % 32 = 0),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX files_by_host ON files (host);
CREATE INDEX files_by_host_mount ON files (host, mount);
CREATE INDEX files_by_host_path ON files (host, path);

-- A process; its id is its pid in decimal.
CREATE TABLE processes (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  pid INTEGER NOT NULL,
  tenant TEXT,
  state TEXT NOT NULL CHECK (state IN ('running', 'dead', 'oopsed', 'blocked', 'livelocked')),
  parent_pid INTEGER,
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX processes_by_host ON processes (host);
CREATE INDEX processes_by_tenant ON processes (tenant);

-- A VMA. `entries` holds its page-table entries: little-endian doubles, four columns a run (mapping_table.ts).
CREATE TABLE mappings (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  pid INTEGER NOT NULL,
  dax_device TEXT NOT NULL,
  file TEXT,
  record TEXT NOT NULL CHECK (json_valid(record)),
  entries BLOB NOT NULL CHECK (length(entries) % 32 = 0),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX mappings_by_host ON mappings (host);
CREATE INDEX mappings_by_dax_device ON mappings (dax_device);
CREATE INDEX mappings_by_host_dax_device ON mappings (host, dax_device);
CREATE INDEX mappings_by_host_pid ON mappings (host, pid);
CREATE INDEX mappings_by_host_file ON mappings (host, file);

-- Page references taken by gup.
CREATE TABLE pins (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  pid INTEGER NOT NULL,
  mapping TEXT,
  dax_device TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('transient', 'longterm')),
  holder TEXT NOT NULL CHECK (holder IN ('io_uring', 'rdma', 'vfio', 'xdp', 'vmsplice', 'direct_io', 'other')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX pins_by_host ON pins (host);
CREATE INDEX pins_by_dax_device ON pins (dax_device);
CREATE INDEX pins_by_host_dax_device ON pins (host, dax_device);
CREATE INDEX pins_by_host_pid ON pins (host, pid);

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
  state TEXT NOT NULL CHECK (state IN ('running', 'waiting', 'stuck', 'completed')),
  verdict TEXT CHECK (verdict IN ('contained', 'leaked', 'unsafe', 'exposed')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX removals_by_host ON removals (host);
CREATE INDEX removals_by_state ON removals (state);
CREATE INDEX removals_by_dax_device ON removals (dax_device);
CREATE INDEX removals_by_verdict ON removals (verdict);

-- What the bus did.
CREATE TABLE hotplug_events (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('surprise_remove', 'orderly_remove', 'add', 'replace')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX hotplug_events_by_host ON hotplug_events (host);
CREATE INDEX hotplug_events_by_dax_device ON hotplug_events (dax_device);

-- What the imported listings of a host said, kept whole for the export.
CREATE TABLE inventories (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX inventories_by_host ON inventories (host);

-- The journal: what happened, densely numbered, and the changes that were the whole effect. Never rewritten; it
-- outlives its host.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  at TEXT NOT NULL,
  data TEXT NOT NULL CHECK (json_valid(data)),
  changes TEXT NOT NULL CHECK (json_valid(changes))
) STRICT;
CREATE INDEX events_by_host ON events (host);

-- Replies kept for 24 hours under the client's Idempotency-Key, written with the effect they answer.
CREATE TABLE idempotency_keys (
  key TEXT NOT NULL PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  reply TEXT NOT NULL CHECK (json_valid(reply)),
  seq INTEGER NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_created_at ON idempotency_keys (created_at);
