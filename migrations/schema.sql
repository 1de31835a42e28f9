-- The whole schema after every migration. Generated: npx vitest run -u test/store/migrate.test.ts

CREATE TABLE counts_by_host (
  host INTEGER PRIMARY KEY REFERENCES hosts (key) ON DELETE CASCADE,
  dax_devices INTEGER NOT NULL DEFAULT 0,
  removals INTEGER NOT NULL DEFAULT 0,
  open_exposures INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE counts_by_kernel_release (
  kernel TEXT NOT NULL,
  kernel_release TEXT NOT NULL,
  hosts INTEGER NOT NULL DEFAULT 0,
  dax_devices INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kernel, kernel_release)
) STRICT, WITHOUT ROWID;

CREATE TABLE counts_by_tenant (
  tenant TEXT NOT NULL PRIMARY KEY,
  dax_devices INTEGER NOT NULL DEFAULT 0,
  exposures INTEGER NOT NULL DEFAULT 0,
  open_exposures INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE counts_by_word (
  kind TEXT NOT NULL,
  field TEXT NOT NULL,
  word TEXT NOT NULL,
  records INTEGER NOT NULL,
  PRIMARY KEY (kind, field, word)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX cxl_memdevs_by_host ON cxl_memdevs (host);

CREATE INDEX cxl_memdevs_by_id ON cxl_memdevs (id);

CREATE INDEX cxl_memdevs_by_made_ms ON cxl_memdevs (made_ms);

CREATE INDEX cxl_memdevs_by_serial ON cxl_memdevs (serial);

CREATE INDEX cxl_memdevs_by_state ON cxl_memdevs (state);

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

CREATE INDEX cxl_regions_by_decode_state ON cxl_regions (decode_state);

CREATE INDEX cxl_regions_by_host ON cxl_regions (host);

CREATE INDEX cxl_regions_by_host_size ON cxl_regions (host, size);

CREATE INDEX cxl_regions_by_id ON cxl_regions (id);

CREATE INDEX cxl_regions_by_made_ms ON cxl_regions (made_ms);

CREATE INDEX cxl_regions_by_size ON cxl_regions (size);

CREATE INDEX cxl_regions_by_state ON cxl_regions (state);

CREATE INDEX cxl_regions_by_type ON cxl_regions (type);

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

CREATE INDEX dax_devices_by_driver ON dax_devices (driver);

CREATE INDEX dax_devices_by_holders ON dax_devices (holders);

CREATE INDEX dax_devices_by_host ON dax_devices (host);

CREATE INDEX dax_devices_by_host_size ON dax_devices (host, size);

CREATE INDEX dax_devices_by_host_state ON dax_devices (host, state);

CREATE INDEX dax_devices_by_id ON dax_devices (id);

CREATE INDEX dax_devices_by_made_ms ON dax_devices (made_ms);

CREATE INDEX dax_devices_by_mode ON dax_devices (mode);

CREATE INDEX dax_devices_by_provider ON dax_devices (provider);

CREATE INDEX dax_devices_by_size ON dax_devices (size);

CREATE INDEX dax_devices_by_state ON dax_devices (state);

CREATE INDEX dax_devices_by_tenant ON dax_devices (tenant);

CREATE TABLE entry_chunks (
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  first INTEGER NOT NULL,
  runs BLOB NOT NULL,
  PRIMARY KEY (host, owner, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE "events" (
  seq INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES host_names (key),
  at_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  data TEXT,
  changes TEXT NOT NULL,
  id BLOB CHECK (length(id) = 16)
, request_id ANY CHECK (typeof(request_id) IN ('null', 'text', 'blob')), traceparent TEXT, actor TEXT, dax_device TEXT, tenant TEXT) STRICT;

CREATE INDEX events_by_dax_device ON events (dax_device) WHERE dax_device IS NOT NULL;

CREATE INDEX events_by_host ON events (host);

CREATE INDEX events_by_tenant ON events (tenant) WHERE tenant IS NOT NULL;

CREATE INDEX events_by_type ON events (type);

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

CREATE INDEX exposures_by_dax_device ON exposures (dax_device);

CREATE INDEX exposures_by_host ON exposures (host);

CREATE INDEX exposures_by_host_dax_device ON exposures (host, dax_device);

CREATE INDEX exposures_by_host_open ON exposures (host, open);

CREATE INDEX exposures_by_host_pages ON exposures (host, pages);

CREATE INDEX exposures_by_made_ms ON exposures (made_ms);

CREATE INDEX exposures_by_open ON exposures (open);

CREATE INDEX exposures_by_pages ON exposures (pages);

CREATE INDEX exposures_by_pid ON exposures (pid);

CREATE INDEX exposures_by_tenant ON exposures (tenant);

CREATE INDEX exposures_by_tenant_open ON exposures (tenant, open);

CREATE INDEX exposures_by_to_tenant ON exposures (to_tenant);

CREATE TABLE extent_chunks (
  file INTEGER NOT NULL REFERENCES files (key) ON DELETE CASCADE,
  first INTEGER NOT NULL,
  extents TEXT NOT NULL,
  PRIMARY KEY (file, first)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX file_systems_by_dax_device ON file_systems (dax_device);

CREATE INDEX file_systems_by_fs_type ON file_systems (fs_type);

CREATE INDEX file_systems_by_host ON file_systems (host);

CREATE INDEX file_systems_by_made_ms ON file_systems (made_ms);

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

CREATE INDEX files_by_dax_device ON files (dax_device);

CREATE INDEX files_by_file_system ON files (file_system);

CREATE INDEX files_by_host ON files (host);

CREATE INDEX files_by_host_mount ON files (host, mount);

CREATE INDEX files_by_host_path ON files (host, path);

CREATE INDEX files_by_host_size ON files (host, size);

CREATE INDEX files_by_made_ms ON files (made_ms);

CREATE INDEX files_by_mount ON files (mount);

CREATE INDEX files_by_path ON files (path);

CREATE INDEX files_by_size ON files (size);

CREATE TABLE host_clocks (
  host INTEGER PRIMARY KEY REFERENCES hosts (key) ON DELETE CASCADE,
  revision INTEGER NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('real', 'manual')),
  advanced_ms INTEGER NOT NULL
, stopped_revision INTEGER NOT NULL DEFAULT 1) STRICT;

CREATE TABLE host_counts (
  host INTEGER PRIMARY KEY REFERENCES hosts (key) ON DELETE CASCADE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  next_id INTEGER NOT NULL
) STRICT;

CREATE TABLE host_names (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

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

CREATE INDEX hosts_by_health ON hosts (health);

CREATE INDEX hosts_by_kernel ON hosts (kernel);

CREATE INDEX hosts_by_kernel_release ON hosts (kernel, kernel_release, id);

CREATE INDEX hosts_by_made_ms ON hosts (made_ms);

CREATE INDEX hosts_by_only_kernel_release ON hosts (kernel_release);

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

CREATE INDEX hotplug_events_by_action ON hotplug_events (action);

CREATE INDEX hotplug_events_by_dax_device ON hotplug_events (dax_device);

CREATE INDEX hotplug_events_by_host ON hotplug_events (host);

CREATE INDEX hotplug_events_by_host_dax_device ON hotplug_events (host, dax_device);

CREATE INDEX hotplug_events_by_made_ms ON hotplug_events (made_ms);

CREATE TABLE idempotency_keys (
  key TEXT NOT NULL PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  reply TEXT NOT NULL CHECK (json_valid(reply)),
  seq INTEGER NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_created_at ON idempotency_keys (created_at);

CREATE TABLE identity (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  random INTEGER NOT NULL
) STRICT;

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

CREATE INDEX inventories_by_host ON inventories (host);

CREATE INDEX inventories_by_made_ms ON inventories (made_ms);

CREATE TABLE labels (
  kind TEXT NOT NULL CHECK (kind IN ('hosts', 'dax_devices')),
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  key INTEGER NOT NULL,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  UNIQUE (kind, name, value, key)
) STRICT;

CREATE INDEX labels_by_owner ON labels (host, kind, key);

CREATE TABLE mapped_before (
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  removal TEXT NOT NULL,
  pfns BLOB NOT NULL,
  PRIMARY KEY (host, removal)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX mappings_by_dax_device ON mappings (dax_device);

CREATE INDEX mappings_by_file ON mappings (file);

CREATE INDEX mappings_by_host ON mappings (host);

CREATE INDEX mappings_by_host_dax_device ON mappings (host, dax_device);

CREATE INDEX mappings_by_host_file ON mappings (host, file);

CREATE INDEX mappings_by_host_pid ON mappings (host, pid);

CREATE INDEX mappings_by_made_ms ON mappings (made_ms);

CREATE INDEX mappings_by_pid ON mappings (pid);

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

CREATE INDEX memory_ranges_by_dax_device ON memory_ranges (dax_device);

CREATE INDEX memory_ranges_by_host ON memory_ranges (host);

CREATE INDEX memory_ranges_by_host_dax_device ON memory_ranges (host, dax_device);

CREATE INDEX memory_ranges_by_leaked ON memory_ranges (leaked);

CREATE INDEX memory_ranges_by_made_ms ON memory_ranges (made_ms);

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

CREATE INDEX mounts_by_dax_device ON mounts (dax_device);

CREATE INDEX mounts_by_file_system ON mounts (file_system);

CREATE INDEX mounts_by_fs_state ON mounts (fs_state);

CREATE INDEX mounts_by_fs_type ON mounts (fs_type);

CREATE INDEX mounts_by_host ON mounts (host);

CREATE INDEX mounts_by_host_dax_device ON mounts (host, dax_device);

CREATE INDEX mounts_by_host_path ON mounts (host, path);

CREATE INDEX mounts_by_made_ms ON mounts (made_ms);

CREATE INDEX mounts_by_path ON mounts (path);

CREATE INDEX mounts_by_state ON mounts (state);

CREATE TABLE next_keys (
  kind TEXT NOT NULL PRIMARY KEY,
  next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE INDEX open_files_by_dax_device ON open_files (dax_device);

CREATE INDEX open_files_by_file ON open_files (file);

CREATE INDEX open_files_by_host ON open_files (host);

CREATE INDEX open_files_by_host_dax_device ON open_files (host, dax_device);

CREATE INDEX open_files_by_host_file ON open_files (host, file);

CREATE INDEX open_files_by_host_pid ON open_files (host, pid);

CREATE INDEX open_files_by_made_ms ON open_files (made_ms);

CREATE INDEX open_files_by_pid ON open_files (pid);

CREATE TABLE owner (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  pid INTEGER NOT NULL,
  hostname TEXT NOT NULL,
  url TEXT,
  started_at TEXT NOT NULL,
  checked_at TEXT
) STRICT;

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

CREATE INDEX pins_by_dax_device ON pins (dax_device);

CREATE INDEX pins_by_holder ON pins (holder);

CREATE INDEX pins_by_host ON pins (host);

CREATE INDEX pins_by_host_dax_device ON pins (host, dax_device);

CREATE INDEX pins_by_host_pid ON pins (host, pid);

CREATE INDEX pins_by_kind ON pins (kind);

CREATE INDEX pins_by_made_ms ON pins (made_ms);

CREATE INDEX pins_by_mapping ON pins (mapping);

CREATE INDEX pins_by_pid ON pins (pid);

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

CREATE INDEX processes_by_host ON processes (host);

CREATE INDEX processes_by_host_pid ON processes (host, pid);

CREATE INDEX processes_by_made_ms ON processes (made_ms);

CREATE INDEX processes_by_parent_pid ON processes (parent_pid);

CREATE INDEX processes_by_pid ON processes (pid);

CREATE INDEX processes_by_state ON processes (state);

CREATE INDEX processes_by_tenant ON processes (tenant);

CREATE TABLE record_shapes (
  key INTEGER PRIMARY KEY,
  members TEXT NOT NULL UNIQUE
) STRICT;

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

CREATE INDEX removals_by_dax_device ON removals (dax_device);

CREATE INDEX removals_by_host ON removals (host);

CREATE INDEX removals_by_host_dax_device ON removals (host, dax_device);

CREATE INDEX removals_by_host_state ON removals (host, state);

CREATE INDEX removals_by_kernel ON removals (kernel);

CREATE INDEX removals_by_made_ms ON removals (made_ms);

CREATE INDEX removals_by_state ON removals (state);

CREATE INDEX removals_by_trigger ON removals ("trigger");

CREATE INDEX removals_by_verdict ON removals (verdict);

CREATE TABLE schema_migrations (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_at TEXT NOT NULL
) STRICT;

CREATE TABLE snapshot_chunks (
  snapshot INTEGER NOT NULL REFERENCES snapshots (key) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (snapshot, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  key INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid_hi INTEGER,
  uid_lo ANY NOT NULL,
  made_ms INTEGER GENERATED ALWAYS AS (uid_hi >> 16) VIRTUAL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  name TEXT,
  record TEXT NOT NULL,
  UNIQUE (host, id)
) STRICT;

CREATE INDEX snapshots_by_host ON snapshots (host);

CREATE INDEX snapshots_by_made_ms ON snapshots (made_ms);

CREATE INDEX snapshots_by_name ON snapshots (name);

CREATE TABLE webhook_deliveries (
  key INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  webhook INTEGER NOT NULL REFERENCES webhooks (key) ON DELETE CASCADE,
  seq INTEGER,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(attempts)),
  tries INTEGER NOT NULL DEFAULT 0,
  next_attempt_ms INTEGER,
  created_ms INTEGER NOT NULL,
  ended_ms INTEGER
, asked INTEGER NOT NULL DEFAULT 0 CHECK (asked IN (0, 1)), redeliveries INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX webhook_deliveries_asked ON webhook_deliveries (webhook, next_attempt_ms) WHERE state = 'pending' AND asked = 1;

CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (ended_ms);

CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (webhook, state);

CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook);

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, state, next_attempt_ms);

CREATE TABLE webhooks (
  key INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  url TEXT NOT NULL,
  types TEXT CHECK (types IS NULL OR json_valid(types)),
  host TEXT,
  dax_device TEXT,
  tenant TEXT,
  description TEXT,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  disabled_reason TEXT CHECK (disabled_reason IN ('requested', 'gone', 'failing')),
  secret TEXT NOT NULL,
  former_secret TEXT,
  former_secret_until_ms INTEGER,
  created_ms INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  failing_since_ms INTEGER,
  delivered INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  missed_events INTEGER NOT NULL DEFAULT 0
, pending INTEGER NOT NULL DEFAULT 0) STRICT;
