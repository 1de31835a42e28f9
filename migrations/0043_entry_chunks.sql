-- Runs of entries are packed (src/store/packed_runs.ts). An owner's only chunk stands in its row, `runs`; of several each
-- has a row here, so that a change writes those around it. `owner`: a mapping or a file of the host, by id.
CREATE TABLE entry_chunks (
  host INTEGER NOT NULL REFERENCES hosts (key) ON DELETE CASCADE,
  owner TEXT NOT NULL,
  first INTEGER NOT NULL,
  runs BLOB NOT NULL,
  PRIMARY KEY (host, owner, first)
) STRICT, WITHOUT ROWID;
ALTER TABLE mappings ADD COLUMN runs BLOB NOT NULL DEFAULT x'';
ALTER TABLE files ADD COLUMN runs BLOB NOT NULL DEFAULT x'';
INSERT INTO entry_chunks (host, owner, first, runs)
  SELECT h.key, o.id, chunk.value ->> 0, unhex(chunk.value ->> 1)
  FROM mappings AS o CROSS JOIN hosts AS h ON h.host = o.host, json_each(chunks_of_doubles(o.entries)) AS chunk
  WHERE json_array_length(chunks_of_doubles(o.entries)) > 1;
UPDATE mappings SET runs = unhex(chunks_of_doubles(entries) ->> '$[0][1]')
  WHERE json_array_length(chunks_of_doubles(entries)) = 1;
ALTER TABLE mappings DROP COLUMN entries;
INSERT INTO entry_chunks (host, owner, first, runs)
  SELECT h.key, o.id, chunk.value ->> 0, unhex(chunk.value ->> 1)
  FROM files AS o CROSS JOIN hosts AS h ON h.host = o.host, json_each(chunks_of_doubles(o.entries)) AS chunk
  WHERE json_array_length(chunks_of_doubles(o.entries)) > 1;
UPDATE files SET runs = unhex(chunks_of_doubles(entries) ->> '$[0][1]')
  WHERE json_array_length(chunks_of_doubles(entries)) = 1;
ALTER TABLE files DROP COLUMN entries;
