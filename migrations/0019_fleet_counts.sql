-- What the counts of the fleet are grouped by.
CREATE INDEX hosts_by_health ON hosts (health);
CREATE INDEX hosts_by_kernel_release ON hosts (kernel, record ->> '$.kernel_release', host);
CREATE INDEX removals_by_kernel ON removals (kernel);
CREATE INDEX exposures_by_host_open ON exposures (host, open);
CREATE INDEX exposures_by_tenant_open ON exposures (tenant, open);
