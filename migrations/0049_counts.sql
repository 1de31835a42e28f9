-- What the fleet is counted by, kept with the rows by whoever writes them (src/store/count_rows.ts): no row where there is
-- nothing. Filled where a database is opened (src/store/recount.ts). `word`: 'none' for NULL.
CREATE TABLE counts_by_word (
  kind TEXT NOT NULL,
  field TEXT NOT NULL,
  word TEXT NOT NULL,
  records INTEGER NOT NULL,
  PRIMARY KEY (kind, field, word)
) STRICT, WITHOUT ROWID;
-- The same of each host.
CREATE TABLE counts_by_host (
  host INTEGER PRIMARY KEY REFERENCES hosts (key) ON DELETE CASCADE,
  dax_devices INTEGER NOT NULL DEFAULT 0,
  removals INTEGER NOT NULL DEFAULT 0,
  open_exposures INTEGER NOT NULL DEFAULT 0
) STRICT;
-- The same of each tenant; '' is who has none, for a name is never empty.
CREATE TABLE counts_by_tenant (
  tenant TEXT NOT NULL PRIMARY KEY,
  dax_devices INTEGER NOT NULL DEFAULT 0,
  exposures INTEGER NOT NULL DEFAULT 0,
  open_exposures INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
-- The same of each kernel release that a host has told.
CREATE TABLE counts_by_kernel_release (
  kernel TEXT NOT NULL,
  kernel_release TEXT NOT NULL,
  hosts INTEGER NOT NULL DEFAULT 0,
  dax_devices INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kernel, kernel_release)
) STRICT, WITHOUT ROWID;
