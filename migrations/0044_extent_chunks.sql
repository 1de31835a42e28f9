-- Extents of a file that has more than 128 stand here, so that a change writes those around it; the record of the file then
-- has `"extents":[]`. A row: neighbouring extents as JSON, with a comma between; `first`: the offset of its first, in pages.
CREATE TABLE extent_chunks (
  file INTEGER NOT NULL REFERENCES files (key) ON DELETE CASCADE,
  first INTEGER NOT NULL,
  extents TEXT NOT NULL,
  PRIMARY KEY (file, first)
) STRICT, WITHOUT ROWID;
INSERT INTO extent_chunks (file, first, extents)
  SELECT f.key, min(e.value ->> '$.offset'), group_concat(e.value, ',' ORDER BY e.key)
  FROM files AS f, json_each(f.record, '$.extents') AS e
  WHERE json_array_length(f.record, '$.extents') > 128 GROUP BY f.key, e.key / 128;
UPDATE files SET record = json_set(record, '$.extents', json('[]'))
  WHERE json_array_length(record, '$.extents') > 128;
