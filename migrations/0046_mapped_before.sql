-- What was mapped when a removal began stands here, packed (src/store/mapped_before.ts), until the removal has counted its pages
-- for good: its record has the first 100 ranges, and of more how many there are. `removal`: by id.
CREATE TABLE mapped_before (
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  removal TEXT NOT NULL,
  pfns BLOB NOT NULL,
  PRIMARY KEY (host, removal)
) STRICT, WITHOUT ROWID;
INSERT INTO mapped_before (host, removal, pfns)
  SELECT h.key, r.id, packed_pfns(r.record -> '$.mapped_before')
  FROM removals AS r CROSS JOIN hosts AS h ON h.host = r.host
  WHERE json_array_length(r.record, '$.mapped_before') > 100 AND r.state NOT IN ('completed', 'stuck');
UPDATE removals SET
  revision = revision + 1,
  record = json_set(record,
    '$.revision', revision + 1,
    '$.cut', json(coalesce(record -> '$.cut', '{}')),
    '$.cut.mapped_before', json_array_length(record, '$.mapped_before'),
    '$.mapped_before', json((SELECT json_group_array(json(value)) FROM (
      SELECT value FROM json_each(removals.record, '$.mapped_before') ORDER BY key LIMIT 100))))
  WHERE json_array_length(record, '$.mapped_before') > 100;
