-- Migration 2 gave these records fields and left them the revision they had: whoever keeps one under its former entity
-- tag would be told that it has not changed.
UPDATE hosts SET revision = revision + 1, record = json_set(record, '$.revision', revision + 1);
UPDATE mappings SET revision = revision + 1, record = json_set(record, '$.revision', revision + 1);
UPDATE pins SET revision = revision + 1, record = json_set(record, '$.revision', revision + 1);
UPDATE removals SET revision = revision + 1, record = json_set(record, '$.revision', revision + 1);
