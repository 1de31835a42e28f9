-- What lists are filtered and sorted by beside their columns. Each index serves one order, over the fleet or within a
-- host: rows that are equal in it follow in order of their keys.

-- Labels of hosts and devices, a row each: `key` is the key of the row in the table of its kind.
CREATE TABLE labels (
  kind TEXT NOT NULL CHECK (kind IN ('hosts', 'dax_devices')),
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  key INTEGER NOT NULL,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  UNIQUE (kind, name, value, key)
) STRICT;
CREATE INDEX labels_by_owner ON labels (host, kind, key);
INSERT INTO labels (kind, name, value, key, host) SELECT 'hosts', label.key, label.value, owner.key, owner.host
  FROM hosts AS owner, json_each(owner.record, '$.labels') AS label;
INSERT INTO labels (kind, name, value, key, host) SELECT 'dax_devices', label.key, label.value, owner.key, owner.host
  FROM dax_devices AS owner, json_each(owner.record, '$.labels') AS label;

-- In order of their uids, which begin with the time of their creation; over the fleet the UNIQUE of uid serves.
CREATE INDEX dax_devices_by_host_uid ON dax_devices (host, uid);
CREATE INDEX cxl_memdevs_by_host_uid ON cxl_memdevs (host, uid);
CREATE INDEX cxl_regions_by_host_uid ON cxl_regions (host, uid);
CREATE INDEX mounts_by_host_uid ON mounts (host, uid);
CREATE INDEX files_by_host_uid ON files (host, uid);
CREATE INDEX processes_by_host_uid ON processes (host, uid);
CREATE INDEX mappings_by_host_uid ON mappings (host, uid);
CREATE INDEX pins_by_host_uid ON pins (host, uid);
CREATE INDEX removals_by_host_uid ON removals (host, uid);
CREATE INDEX hotplug_events_by_host_uid ON hotplug_events (host, uid);
CREATE INDEX exposures_by_host_uid ON exposures (host, uid);

-- By name and by number.
CREATE INDEX cxl_memdevs_by_id ON cxl_memdevs (id);
CREATE INDEX cxl_regions_by_id ON cxl_regions (id);
CREATE INDEX files_by_path ON files (path);
CREATE INDEX mounts_by_path ON mounts (record ->> '$.path');
CREATE INDEX mounts_by_host_path ON mounts (host, record ->> '$.path');
CREATE INDEX processes_by_pid ON processes (pid);
CREATE INDEX processes_by_host_pid ON processes (host, pid);
CREATE INDEX mappings_by_pid ON mappings (pid);
CREATE INDEX pins_by_pid ON pins (pid);

-- By device and by state.
CREATE INDEX removals_by_host_dax_device ON removals (host, dax_device);
CREATE INDEX hotplug_events_by_host_dax_device ON hotplug_events (host, dax_device);
CREATE INDEX exposures_by_dax_device ON exposures (dax_device);
CREATE INDEX dax_devices_by_host_state ON dax_devices (host, state);
CREATE INDEX removals_by_host_state ON removals (host, state);

-- By size.
CREATE INDEX dax_devices_by_size ON dax_devices (record ->> '$.size');
CREATE INDEX dax_devices_by_host_size ON dax_devices (host, record ->> '$.size');
CREATE INDEX cxl_regions_by_size ON cxl_regions (record ->> '$.size');
CREATE INDEX cxl_regions_by_host_size ON cxl_regions (host, record ->> '$.size');
CREATE INDEX files_by_size ON files (record ->> '$.size');
CREATE INDEX files_by_host_size ON files (host, record ->> '$.size');
CREATE INDEX exposures_by_pages ON exposures (record ->> '$.pages');
CREATE INDEX exposures_by_host_pages ON exposures (host, record ->> '$.pages');

-- Filters of lists that the fleet has now, too.
CREATE INDEX cxl_memdevs_by_serial ON cxl_memdevs (serial);
CREATE INDEX cxl_memdevs_by_state ON cxl_memdevs (state);
CREATE INDEX cxl_regions_by_state ON cxl_regions (state);
CREATE INDEX files_by_mount ON files (mount);
CREATE INDEX files_by_dax_device ON files (dax_device);
CREATE INDEX processes_by_state ON processes (state);
