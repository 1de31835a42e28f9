-- The revision at which a clock was stopped last; `advanced_ms` stays behind as it goes on, for those who still wait by it.
ALTER TABLE host_clocks ADD COLUMN stopped_revision INTEGER NOT NULL DEFAULT 1;
