-- Each index costs at every row that is made. Those go that no page needs: a list in order of creation is in order of
-- its keys, within a host by the index of the host.
DROP INDEX dax_devices_by_host_uid;
DROP INDEX cxl_memdevs_by_host_uid;
DROP INDEX cxl_regions_by_host_uid;
DROP INDEX mounts_by_host_uid;
DROP INDEX files_by_host_uid;
DROP INDEX processes_by_host_uid;
DROP INDEX mappings_by_host_uid;
DROP INDEX pins_by_host_uid;
DROP INDEX removals_by_host_uid;
DROP INDEX hotplug_events_by_host_uid;
DROP INDEX exposures_by_host_uid;
DROP INDEX exposures_by_host;
CREATE INDEX exposures_by_host ON exposures (host);
CREATE INDEX exposures_by_host_dax_device ON exposures (host, dax_device);
