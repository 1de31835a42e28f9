-- A host is a number in every row, the key of its own. A uid is two numbers of 64 bits (src/store/uids.ts) without an index
-- of its own: it begins with its time, which lists are asked for, and the rows of one millisecond are few. Keys are
-- handed out by the writer: they grow with creation and come once, without AUTOINCREMENT's own row for each.
-- `uid_lo` is text, and `uid_hi` NULL, where a uid is no UUID.
ALTER TABLE hosts RENAME TO former_hosts;
ALTER TABLE dax_devices RENAME TO former_dax_devices;
ALTER TABLE memory_ranges RENAME TO former_memory_ranges;
ALTER TABLE cxl_memdevs RENAME TO former_cxl_memdevs;
ALTER TABLE cxl_regions RENAME TO former_cxl_regions;
ALTER TABLE file_systems RENAME TO former_file_systems;
ALTER TABLE mounts RENAME TO former_mounts;
ALTER TABLE files RENAME TO former_files;
ALTER TABLE processes RENAME TO former_processes;
ALTER TABLE open_files RENAME TO former_open_files;
ALTER TABLE mappings RENAME TO former_mappings;
ALTER TABLE pins RENAME TO former_pins;
ALTER TABLE removals RENAME TO former_removals;
ALTER TABLE hotplug_events RENAME TO former_hotplug_events;
ALTER TABLE exposures RENAME TO former_exposures;
ALTER TABLE inventories RENAME TO former_inventories;
ALTER TABLE labels RENAME TO former_labels;
ALTER TABLE entry_chunks RENAME TO former_entry_chunks;
ALTER TABLE extent_chunks RENAME TO former_extent_chunks;
ALTER TABLE mapped_before RENAME TO former_mapped_before;
DROP INDEX cxl_memdevs_by_host;
DROP INDEX cxl_memdevs_by_id;
DROP INDEX cxl_memdevs_by_serial;
DROP INDEX cxl_memdevs_by_state;
DROP INDEX cxl_regions_by_host;
DROP INDEX cxl_regions_by_host_size;
DROP INDEX cxl_regions_by_id;
DROP INDEX cxl_regions_by_size;
DROP INDEX cxl_regions_by_state;
DROP INDEX dax_devices_by_host;
DROP INDEX dax_devices_by_host_size;
DROP INDEX dax_devices_by_host_state;
DROP INDEX dax_devices_by_id;
DROP INDEX dax_devices_by_mode;
DROP INDEX dax_devices_by_size;
DROP INDEX dax_devices_by_state;
DROP INDEX dax_devices_by_tenant;
DROP INDEX exposures_by_dax_device;
DROP INDEX exposures_by_host;
DROP INDEX exposures_by_host_dax_device;
DROP INDEX exposures_by_host_open;
DROP INDEX exposures_by_host_pages;
DROP INDEX exposures_by_open;
DROP INDEX exposures_by_pages;
DROP INDEX exposures_by_tenant;
DROP INDEX exposures_by_tenant_open;
DROP INDEX exposures_by_to_tenant;
DROP INDEX file_systems_by_host;
DROP INDEX files_by_dax_device;
DROP INDEX files_by_host;
DROP INDEX files_by_host_mount;
DROP INDEX files_by_host_path;
DROP INDEX files_by_host_size;
DROP INDEX files_by_mount;
DROP INDEX files_by_path;
DROP INDEX files_by_size;
DROP INDEX hosts_by_health;
DROP INDEX hosts_by_kernel;
DROP INDEX hosts_by_kernel_release;
DROP INDEX hotplug_events_by_dax_device;
DROP INDEX hotplug_events_by_host;
DROP INDEX hotplug_events_by_host_dax_device;
DROP INDEX inventories_by_host;
DROP INDEX labels_by_owner;
DROP INDEX mappings_by_dax_device;
DROP INDEX mappings_by_host;
DROP INDEX mappings_by_host_dax_device;
DROP INDEX mappings_by_host_file;
DROP INDEX mappings_by_host_pid;
DROP INDEX mappings_by_pid;
DROP INDEX memory_ranges_by_host;
DROP INDEX memory_ranges_by_leaked;
DROP INDEX mounts_by_dax_device;
DROP INDEX mounts_by_host;
DROP INDEX mounts_by_host_dax_device;
DROP INDEX mounts_by_host_path;
DROP INDEX mounts_by_path;
DROP INDEX open_files_by_dax_device;
DROP INDEX open_files_by_host;
DROP INDEX open_files_by_host_dax_device;
DROP INDEX open_files_by_host_file;
DROP INDEX open_files_by_host_pid;
DROP INDEX open_files_by_pid;
DROP INDEX pins_by_dax_device;
DROP INDEX pins_by_host;
DROP INDEX pins_by_host_dax_device;
DROP INDEX pins_by_host_pid;
DROP INDEX pins_by_pid;
DROP INDEX processes_by_host;
DROP INDEX processes_by_host_pid;
DROP INDEX processes_by_pid;
DROP INDEX processes_by_state;
DROP INDEX processes_by_tenant;
DROP INDEX removals_by_dax_device;
DROP INDEX removals_by_host;
DROP INDEX removals_by_host_dax_device;
DROP INDEX removals_by_host_state;
DROP INDEX removals_by_kernel;
DROP INDEX removals_by_state;
DROP INDEX removals_by_verdict;

-- One host. Of its record what a change of its counts leaves alone: they are null there.
CREATE TABLE hosts (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  kernel TEXT NOT NULL,
  health TEXT NOT NULL CHECK (health IN ('ok', 'oopsed', 'livelocked')),
  kernel_release TEXT,
  labels TEXT NOT NULL DEFAULT '{}',
  record TEXT NOT NULL
) STRICT;

-- One DAX device.
CREATE TABLE dax_devices (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  mode TEXT NOT NULL CHECK (mode IN ('fsdax', 'devdax', 'system-ram', 'raw', 'sector', 'unknown')),
  state TEXT NOT NULL CHECK (state IN ('bound', 'removing', 'unbound', 'gone')),
  driver TEXT CHECK (driver IN ('nd_pmem', 'device_dax', 'dax_pmem', 'kmem')),
  tenant TEXT,
  provider TEXT,
  holders TEXT NOT NULL DEFAULT 'not_told' CHECK (holders IN ('not_told', 'told')),
  size INTEGER NOT NULL DEFAULT 0,
  labels TEXT NOT NULL DEFAULT '{}',
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- The blocks of one device of system RAM.
CREATE TABLE memory_ranges (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  leaked INTEGER NOT NULL CHECK (leaked IN (0, 1)),
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- One CXL card.
CREATE TABLE cxl_memdevs (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled', 'gone')),
  serial TEXT,
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- One CXL region.
CREATE TABLE cxl_regions (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  type TEXT NOT NULL CHECK (type IN ('pmem', 'ram', 'unknown')),
  state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled')),
  decode_state TEXT NOT NULL CHECK (decode_state IN ('commit', 'reset')),
  size INTEGER NOT NULL DEFAULT 0,
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- One file system.
CREATE TABLE file_systems (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  fs_type TEXT NOT NULL CHECK (fs_type IN ('ext4', 'xfs')),
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- One mount.
CREATE TABLE mounts (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  fs_type TEXT NOT NULL CHECK (fs_type IN ('ext4', 'xfs')),
  state TEXT NOT NULL CHECK (state IN ('mounted', 'lazy', 'shutting_down')),
  fs_state TEXT NOT NULL CHECK (fs_state IN ('alive', 'shutdown', 'frozen')),
  file_system TEXT NOT NULL,
  path TEXT NOT NULL DEFAULT '',
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- One file.
CREATE TABLE files (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  mount TEXT NOT NULL,
  dax_device TEXT NOT NULL,
  file_system TEXT NOT NULL,
  path TEXT NOT NULL,
  size INTEGER NOT NULL DEFAULT 0,
  runs BLOB NOT NULL DEFAULT x'',
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- One process.
CREATE TABLE processes (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  pid INTEGER NOT NULL,
  tenant TEXT,
  state TEXT NOT NULL CHECK (state IN ('running', 'dead', 'oopsed', 'blocked', 'livelocked')),
  parent_pid INTEGER,
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- One descriptor.
CREATE TABLE open_files (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  pid INTEGER NOT NULL,
  dax_device TEXT NOT NULL,
  file TEXT,
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- One VMA.
CREATE TABLE mappings (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  pid INTEGER NOT NULL,
  dax_device TEXT NOT NULL,
  file TEXT,
  runs BLOB NOT NULL DEFAULT x'',
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- One page reference.
CREATE TABLE pins (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  pid INTEGER NOT NULL,
  mapping TEXT,
  dax_device TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('transient', 'longterm')),
  holder TEXT NOT NULL CHECK (holder IN ('io_uring', 'rdma', 'vfio', 'xdp', 'vmsplice', 'direct_io', 'other')),
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- One removal.
CREATE TABLE removals (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  kernel TEXT NOT NULL,
  "trigger" TEXT NOT NULL CHECK ("trigger" IN ('unbind', 'surprise_removal', 'orderly_removal')),
  state TEXT NOT NULL CHECK (state IN ('running', 'waiting', 'stuck', 'completed', 'undetermined')),
  verdict TEXT CHECK (verdict IN ('contained', 'leaked', 'unsafe', 'exposed', 'undetermined')),
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- What the bus did.
CREATE TABLE hotplug_events (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('surprise_removal', 'orderly_removal', 'add', 'replace')),
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- What one process reaches of another owner.
CREATE TABLE exposures (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  pid INTEGER NOT NULL,
  tenant TEXT,
  to_tenant TEXT,
  open INTEGER NOT NULL CHECK (open IN (0, 1)),
  pages INTEGER NOT NULL DEFAULT 0,
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- What listings told of a host.
CREATE TABLE inventories (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

-- What most changes of a host change: its revision and the next number for readable ids, in few bytes for many hosts.
CREATE TABLE host_counts (
  host INTEGER PRIMARY KEY REFERENCES hosts (key) ON DELETE CASCADE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  next_id INTEGER NOT NULL
) STRICT;
-- Labels of hosts and devices, a row each; `key` is the owner's, `host` that of its host.
CREATE TABLE labels (
  kind TEXT NOT NULL CHECK (kind IN ('hosts', 'dax_devices')),
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  key INTEGER NOT NULL,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  UNIQUE (kind, name, value, key)
) STRICT;
-- Entries of a mapping or a file, a row a chunk.
CREATE TABLE entry_chunks (
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  first INTEGER NOT NULL,
  runs BLOB NOT NULL,
  PRIMARY KEY (host, owner, first)
) STRICT, WITHOUT ROWID;
-- Extents of a file that has many.
CREATE TABLE extent_chunks (
  file INTEGER NOT NULL REFERENCES files (key) ON DELETE CASCADE,
  first INTEGER NOT NULL,
  extents TEXT NOT NULL,
  PRIMARY KEY (file, first)
) STRICT, WITHOUT ROWID;
-- What was mapped when a removal began, until it has counted its pages. `removal`: by id.
CREATE TABLE mapped_before (
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  removal TEXT NOT NULL,
  pfns BLOB NOT NULL,
  PRIMARY KEY (host, removal)
) STRICT, WITHOUT ROWID;
-- Keys of a kind below `next` may be in use, or have been.
CREATE TABLE next_keys (
  kind TEXT NOT NULL PRIMARY KEY,
  next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO hosts (key, id, uid_hi, uid_lo, kernel, health, kernel_release, labels, record)
  SELECT key, id, uid_hi(uid), uid_lo(uid), kernel, health, kernel_release, labels, json_replace(record, '$.revision', NULL, '$.next_id', NULL) FROM former_hosts ORDER BY key;
INSERT INTO host_counts (host, revision, next_id) SELECT key, revision, coalesce(record ->> '$.next_id', 1)
  FROM former_hosts ORDER BY key;
INSERT INTO dax_devices (key, host, id, uid_hi, uid_lo, revision, mode, state, driver, tenant, provider, holders, size, labels, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.mode, r.state, r.driver, r.tenant, r.provider, r.holders, r.size, r.labels, r.record
  FROM former_dax_devices AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO memory_ranges (key, host, id, uid_hi, uid_lo, revision, dax_device, leaked, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.dax_device, r.leaked, r.record
  FROM former_memory_ranges AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO cxl_memdevs (key, host, id, uid_hi, uid_lo, revision, state, serial, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.state, r.serial, r.record
  FROM former_cxl_memdevs AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO cxl_regions (key, host, id, uid_hi, uid_lo, revision, type, state, decode_state, size, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.type, r.state, r.decode_state, r.size, r.record
  FROM former_cxl_regions AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO file_systems (key, host, id, uid_hi, uid_lo, revision, dax_device, fs_type, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.dax_device, r.fs_type, r.record
  FROM former_file_systems AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO mounts (key, host, id, uid_hi, uid_lo, revision, dax_device, fs_type, state, fs_state, file_system, path, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.dax_device, r.fs_type, r.state, r.fs_state, r.file_system, r.path, r.record
  FROM former_mounts AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO files (key, host, id, uid_hi, uid_lo, revision, mount, dax_device, file_system, path, size, runs, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.mount, r.dax_device, r.file_system, r.path, r.size, r.runs, r.record
  FROM former_files AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO processes (key, host, id, uid_hi, uid_lo, revision, pid, tenant, state, parent_pid, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.pid, r.tenant, r.state, r.parent_pid, r.record
  FROM former_processes AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO open_files (key, host, id, uid_hi, uid_lo, revision, pid, dax_device, file, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.pid, r.dax_device, r.file, r.record
  FROM former_open_files AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO mappings (key, host, id, uid_hi, uid_lo, revision, pid, dax_device, file, runs, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.pid, r.dax_device, r.file, r.runs, r.record
  FROM former_mappings AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO pins (key, host, id, uid_hi, uid_lo, revision, pid, mapping, dax_device, kind, holder, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.pid, r.mapping, r.dax_device, r.kind, r.holder, r.record
  FROM former_pins AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO removals (key, host, id, uid_hi, uid_lo, revision, dax_device, kernel, "trigger", state, verdict, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.dax_device, r.kernel, r."trigger", r.state, r.verdict, r.record
  FROM former_removals AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO hotplug_events (key, host, id, uid_hi, uid_lo, revision, dax_device, action, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.dax_device, r.action, r.record
  FROM former_hotplug_events AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO exposures (key, host, id, uid_hi, uid_lo, revision, dax_device, pid, tenant, to_tenant, open, pages, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.dax_device, r.pid, r.tenant, r.to_tenant, r.open, r.pages, r.record
  FROM former_exposures AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO inventories (key, host, id, uid_hi, uid_lo, revision, record)
  SELECT r.key, h.key, r.id, uid_hi(r.uid), uid_lo(r.uid), r.revision, r.record
  FROM former_inventories AS r CROSS JOIN former_hosts AS h ON h.host = r.host ORDER BY r.key;
INSERT INTO labels (kind, name, value, key, host)
  SELECT l.kind, l.name, l.value, l.key, h.key FROM former_labels AS l CROSS JOIN former_hosts AS h ON h.host = l.host;
INSERT INTO entry_chunks SELECT * FROM former_entry_chunks;
INSERT INTO extent_chunks SELECT * FROM former_extent_chunks;
INSERT INTO mapped_before SELECT * FROM former_mapped_before;
-- A key is never used again, also one whose row is gone.
INSERT INTO next_keys (kind, next) SELECT 'hosts', 1 + max(coalesce((SELECT max(key) FROM hosts), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_hosts'), 0));
INSERT INTO next_keys (kind, next) SELECT 'dax_devices', 1 + max(coalesce((SELECT max(key) FROM dax_devices), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_dax_devices'), 0));
INSERT INTO next_keys (kind, next) SELECT 'memory_ranges', 1 + max(coalesce((SELECT max(key) FROM memory_ranges), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_memory_ranges'), 0));
INSERT INTO next_keys (kind, next) SELECT 'cxl_memdevs', 1 + max(coalesce((SELECT max(key) FROM cxl_memdevs), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_cxl_memdevs'), 0));
INSERT INTO next_keys (kind, next) SELECT 'cxl_regions', 1 + max(coalesce((SELECT max(key) FROM cxl_regions), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_cxl_regions'), 0));
INSERT INTO next_keys (kind, next) SELECT 'file_systems', 1 + max(coalesce((SELECT max(key) FROM file_systems), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_file_systems'), 0));
INSERT INTO next_keys (kind, next) SELECT 'mounts', 1 + max(coalesce((SELECT max(key) FROM mounts), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_mounts'), 0));
INSERT INTO next_keys (kind, next) SELECT 'files', 1 + max(coalesce((SELECT max(key) FROM files), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_files'), 0));
INSERT INTO next_keys (kind, next) SELECT 'processes', 1 + max(coalesce((SELECT max(key) FROM processes), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_processes'), 0));
INSERT INTO next_keys (kind, next) SELECT 'open_files', 1 + max(coalesce((SELECT max(key) FROM open_files), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_open_files'), 0));
INSERT INTO next_keys (kind, next) SELECT 'mappings', 1 + max(coalesce((SELECT max(key) FROM mappings), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_mappings'), 0));
INSERT INTO next_keys (kind, next) SELECT 'pins', 1 + max(coalesce((SELECT max(key) FROM pins), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_pins'), 0));
INSERT INTO next_keys (kind, next) SELECT 'removals', 1 + max(coalesce((SELECT max(key) FROM removals), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_removals'), 0));
INSERT INTO next_keys (kind, next) SELECT 'hotplug_events', 1 + max(coalesce((SELECT max(key) FROM hotplug_events), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_hotplug_events'), 0));
INSERT INTO next_keys (kind, next) SELECT 'exposures', 1 + max(coalesce((SELECT max(key) FROM exposures), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_exposures'), 0));
INSERT INTO next_keys (kind, next) SELECT 'inventories', 1 + max(coalesce((SELECT max(key) FROM inventories), 0),
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'former_inventories'), 0));
DROP TABLE former_mapped_before;
DROP TABLE former_extent_chunks;
DROP TABLE former_entry_chunks;
DROP TABLE former_labels;
DROP TABLE former_inventories;
DROP TABLE former_exposures;
DROP TABLE former_hotplug_events;
DROP TABLE former_removals;
DROP TABLE former_pins;
DROP TABLE former_mappings;
DROP TABLE former_open_files;
DROP TABLE former_processes;
DROP TABLE former_files;
DROP TABLE former_mounts;
DROP TABLE former_file_systems;
DROP TABLE former_cxl_regions;
DROP TABLE former_cxl_memdevs;
DROP TABLE former_memory_ranges;
DROP TABLE former_dax_devices;
DROP TABLE former_hosts;

CREATE INDEX cxl_memdevs_by_host ON cxl_memdevs (host);
CREATE INDEX cxl_memdevs_by_id ON cxl_memdevs (id);
CREATE INDEX cxl_memdevs_by_serial ON cxl_memdevs (serial);
CREATE INDEX cxl_memdevs_by_state ON cxl_memdevs (state);
CREATE INDEX cxl_regions_by_host ON cxl_regions (host);
CREATE INDEX cxl_regions_by_host_size ON cxl_regions (host, size);
CREATE INDEX cxl_regions_by_id ON cxl_regions (id);
CREATE INDEX cxl_regions_by_size ON cxl_regions (size);
CREATE INDEX cxl_regions_by_state ON cxl_regions (state);
CREATE INDEX dax_devices_by_host ON dax_devices (host);
CREATE INDEX dax_devices_by_host_size ON dax_devices (host, size);
CREATE INDEX dax_devices_by_host_state ON dax_devices (host, state);
CREATE INDEX dax_devices_by_id ON dax_devices (id);
CREATE INDEX dax_devices_by_mode ON dax_devices (mode);
CREATE INDEX dax_devices_by_size ON dax_devices (size);
CREATE INDEX dax_devices_by_state ON dax_devices (state);
CREATE INDEX dax_devices_by_tenant ON dax_devices (tenant);
CREATE INDEX exposures_by_dax_device ON exposures (dax_device);
CREATE INDEX exposures_by_host ON exposures (host);
CREATE INDEX exposures_by_host_dax_device ON exposures (host, dax_device);
CREATE INDEX exposures_by_host_open ON exposures (host, open);
CREATE INDEX exposures_by_host_pages ON exposures (host, pages);
CREATE INDEX exposures_by_open ON exposures (open);
CREATE INDEX exposures_by_pages ON exposures (pages);
CREATE INDEX exposures_by_tenant ON exposures (tenant);
CREATE INDEX exposures_by_tenant_open ON exposures (tenant, open);
CREATE INDEX exposures_by_to_tenant ON exposures (to_tenant);
CREATE INDEX file_systems_by_host ON file_systems (host);
CREATE INDEX files_by_dax_device ON files (dax_device);
CREATE INDEX files_by_host ON files (host);
CREATE INDEX files_by_host_mount ON files (host, mount);
CREATE INDEX files_by_host_path ON files (host, path);
CREATE INDEX files_by_host_size ON files (host, size);
CREATE INDEX files_by_mount ON files (mount);
CREATE INDEX files_by_path ON files (path);
CREATE INDEX files_by_size ON files (size);
CREATE INDEX hosts_by_health ON hosts (health);
CREATE INDEX hosts_by_kernel ON hosts (kernel);
CREATE INDEX hotplug_events_by_dax_device ON hotplug_events (dax_device);
CREATE INDEX hotplug_events_by_host ON hotplug_events (host);
CREATE INDEX hotplug_events_by_host_dax_device ON hotplug_events (host, dax_device);
CREATE INDEX inventories_by_host ON inventories (host);
CREATE INDEX mappings_by_dax_device ON mappings (dax_device);
CREATE INDEX mappings_by_host ON mappings (host);
CREATE INDEX mappings_by_host_dax_device ON mappings (host, dax_device);
CREATE INDEX mappings_by_host_file ON mappings (host, file);
CREATE INDEX mappings_by_host_pid ON mappings (host, pid);
CREATE INDEX mappings_by_pid ON mappings (pid);
CREATE INDEX memory_ranges_by_host ON memory_ranges (host, dax_device);
CREATE INDEX memory_ranges_by_leaked ON memory_ranges (leaked);
CREATE INDEX mounts_by_dax_device ON mounts (dax_device);
CREATE INDEX mounts_by_host ON mounts (host);
CREATE INDEX mounts_by_host_dax_device ON mounts (host, dax_device);
CREATE INDEX mounts_by_host_path ON mounts (host, path);
CREATE INDEX mounts_by_path ON mounts (path);
CREATE INDEX open_files_by_dax_device ON open_files (dax_device);
CREATE INDEX open_files_by_host ON open_files (host);
CREATE INDEX open_files_by_host_dax_device ON open_files (host, dax_device);
CREATE INDEX open_files_by_host_file ON open_files (host, file);
CREATE INDEX open_files_by_host_pid ON open_files (host, pid);
CREATE INDEX open_files_by_pid ON open_files (pid);
CREATE INDEX pins_by_dax_device ON pins (dax_device);
CREATE INDEX pins_by_host ON pins (host);
CREATE INDEX pins_by_host_dax_device ON pins (host, dax_device);
CREATE INDEX pins_by_host_pid ON pins (host, pid);
CREATE INDEX pins_by_pid ON pins (pid);
CREATE INDEX processes_by_host ON processes (host);
CREATE INDEX processes_by_host_pid ON processes (host, pid);
CREATE INDEX processes_by_pid ON processes (pid);
CREATE INDEX processes_by_state ON processes (state);
CREATE INDEX processes_by_tenant ON processes (tenant);
CREATE INDEX removals_by_dax_device ON removals (dax_device);
CREATE INDEX removals_by_host ON removals (host);
CREATE INDEX removals_by_host_dax_device ON removals (host, dax_device);
CREATE INDEX removals_by_host_state ON removals (host, state);
CREATE INDEX removals_by_kernel ON removals (kernel);
CREATE INDEX removals_by_state ON removals (state);
CREATE INDEX removals_by_verdict ON removals (verdict);
CREATE INDEX hosts_by_kernel_release ON hosts (kernel, kernel_release, id);
CREATE INDEX labels_by_owner ON labels (host, kind, key);
CREATE INDEX hosts_by_made_ms ON hosts (made_ms);
CREATE INDEX dax_devices_by_made_ms ON dax_devices (made_ms);
CREATE INDEX memory_ranges_by_made_ms ON memory_ranges (made_ms);
CREATE INDEX cxl_memdevs_by_made_ms ON cxl_memdevs (made_ms);
CREATE INDEX cxl_regions_by_made_ms ON cxl_regions (made_ms);
CREATE INDEX file_systems_by_made_ms ON file_systems (made_ms);
CREATE INDEX mounts_by_made_ms ON mounts (made_ms);
CREATE INDEX files_by_made_ms ON files (made_ms);
CREATE INDEX processes_by_made_ms ON processes (made_ms);
CREATE INDEX open_files_by_made_ms ON open_files (made_ms);
CREATE INDEX mappings_by_made_ms ON mappings (made_ms);
CREATE INDEX pins_by_made_ms ON pins (made_ms);
CREATE INDEX removals_by_made_ms ON removals (made_ms);
CREATE INDEX hotplug_events_by_made_ms ON hotplug_events (made_ms);
CREATE INDEX exposures_by_made_ms ON exposures (made_ms);
CREATE INDEX inventories_by_made_ms ON inventories (made_ms);
