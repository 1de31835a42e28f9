-- Each filter of each list over the fleet is a range of an index: with a rare value a page would read every row.
CREATE INDEX hosts_by_only_kernel_release ON hosts (kernel_release);
CREATE INDEX dax_devices_by_driver ON dax_devices (driver);
CREATE INDEX dax_devices_by_provider ON dax_devices (provider);
CREATE INDEX dax_devices_by_holders ON dax_devices (holders);
CREATE INDEX memory_ranges_by_dax_device ON memory_ranges (dax_device);
CREATE INDEX cxl_regions_by_type ON cxl_regions (type);
CREATE INDEX cxl_regions_by_decode_state ON cxl_regions (decode_state);
CREATE INDEX file_systems_by_dax_device ON file_systems (dax_device);
CREATE INDEX file_systems_by_fs_type ON file_systems (fs_type);
CREATE INDEX mounts_by_fs_type ON mounts (fs_type);
CREATE INDEX mounts_by_state ON mounts (state);
CREATE INDEX mounts_by_fs_state ON mounts (fs_state);
CREATE INDEX mounts_by_file_system ON mounts (file_system);
CREATE INDEX files_by_file_system ON files (file_system);
CREATE INDEX processes_by_parent_pid ON processes (parent_pid);
CREATE INDEX open_files_by_file ON open_files (file);
CREATE INDEX mappings_by_file ON mappings (file);
CREATE INDEX pins_by_mapping ON pins (mapping);
CREATE INDEX pins_by_kind ON pins (kind);
CREATE INDEX pins_by_holder ON pins (holder);
CREATE INDEX removals_by_trigger ON removals ("trigger");
CREATE INDEX hotplug_events_by_action ON hotplug_events (action);
CREATE INDEX exposures_by_pid ON exposures (pid);
-- That of host and device gave no order of creation within a host.
DROP INDEX memory_ranges_by_host;
CREATE INDEX memory_ranges_by_host ON memory_ranges (host);
CREATE INDEX memory_ranges_by_host_dax_device ON memory_ranges (host, dax_device);
