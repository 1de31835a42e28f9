-- An exposure is one of a process onto one device and owner, with its mappings and pins as windows. Until now each mapping and
-- each pin had one of its own: those of one process, device and owner that overlap in time become the first of them. Its pages
-- are those of its windows, each once, as far as the hundred ranges tell that each of them kept; what these left out counts once
-- for each window until it changes next.
CREATE TEMP TABLE exposure_parts AS
WITH told AS (
  SELECT key, host, id, dax_device, pid, open, record, coalesce(record ->> '$.mapping', record ->> '$.pin') AS through,
    record ->> '$.reason' AS reason, record ->> '$.generation' AS generation, record ->> '$.to_generation' AS to_generation,
    CASE WHEN record ->> '$.reason' = 'tenant' THEN record ->> '$.to_tenant' END AS handed_to,
    record ->> '$.opened_at' AS opened_at, coalesce(record ->> '$.closed_at', '9999') AS closed_at
  FROM exposures
), behind AS (
  SELECT *, max(closed_at) OVER (
    PARTITION BY host, dax_device, pid, reason, generation, to_generation, handed_to
    ORDER BY opened_at, key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
  FROM told
), numbered AS (
  SELECT *, sum(until IS NULL OR opened_at > until) OVER (
    PARTITION BY host, dax_device, pid, reason, generation, to_generation, handed_to
    ORDER BY opened_at, key) AS span
  FROM behind
), merged AS (
  SELECT *,
    first_value(key) OVER whole AS first_key,
    max(closed_at) OVER (
      PARTITION BY host, dax_device, pid, reason, generation, to_generation, handed_to, span) AS ended
  FROM numbered
  WINDOW whole AS (
    PARTITION BY host, dax_device, pid, reason, generation, to_generation, handed_to, span ORDER BY opened_at, key)
)
-- Of a mapping or pin that came twice, the later one; of one that is closed, those that were there to the end.
SELECT key, first_key, host, id, open, through, record, closed_at = ended AND row_number() OVER (
  PARTITION BY first_key, through ORDER BY closed_at DESC, key DESC) = 1 AS is_shown
FROM merged;
CREATE INDEX temp.exposure_parts_by_first ON exposure_parts (first_key, is_shown);
CREATE INDEX temp.exposure_parts_by_id ON exposure_parts (id);

-- The ranges of each, and of those of its windows that are writable all over, merged.
CREATE TEMP TABLE exposure_ranges AS
WITH ranges AS (
  SELECT first_key, writable, pair.value ->> 0 AS pfn, pair.value ->> 0 + pair.value ->> 1 AS ending
  FROM exposure_parts CROSS JOIN (SELECT 0 AS writable UNION ALL SELECT 1), json_each(record, '$.pfn_ranges') AS pair
  WHERE is_shown AND (NOT writable OR record ->> '$.writable_pages' = record ->> '$.pages')
), behind AS (
  SELECT *, max(ending) OVER (
    PARTITION BY first_key, writable ORDER BY pfn, ending ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until
  FROM ranges
), numbered AS (
  SELECT *, sum(until IS NULL OR pfn > until) OVER (PARTITION BY first_key, writable ORDER BY pfn, ending) AS run
  FROM behind
)
SELECT first_key, writable, min(pfn) AS pfn, max(ending) - min(pfn) AS nr_pages
FROM numbered GROUP BY first_key, writable, run;
CREATE INDEX temp.exposure_ranges_by_first ON exposure_ranges (first_key, writable, pfn);

CREATE TEMP TABLE exposure_counts AS
SELECT first_key, count(*) AS windows,
  max(revision) AS revision,
  sum(pages - kept) AS pages_beyond,
  sum(CASE WHEN writable_pages = pages THEN pages - kept ELSE writable_pages END) AS writable_beyond
FROM (
  SELECT first_key, record ->> '$.revision' AS revision,
    record ->> '$.pages' AS pages, record ->> '$.writable_pages' AS writable_pages,
    (SELECT sum(pair.value ->> 1) FROM json_each(exposure_parts.record, '$.pfn_ranges') AS pair) AS kept
  FROM exposure_parts WHERE is_shown
) GROUP BY first_key;
CREATE INDEX temp.exposure_counts_by_first ON exposure_counts (first_key);

UPDATE exposures SET
  open = last.open,
  to_tenant = last.record ->> '$.to_tenant',
  revision = counts.revision + 1,
  pages = all_of.pages + counts.pages_beyond,
  record = json_remove(json_set(exposures.record,
    '$.revision', counts.revision + 1,
    '$.to_tenant', last.record ->> '$.to_tenant',
    '$.windows', json((SELECT json_group_array(json_object(
        'mapping', record ->> '$.mapping', 'pin', record ->> '$.pin',
        'pages', record ->> '$.pages', 'writable_pages', record ->> '$.writable_pages'))
      FROM (SELECT record FROM exposure_parts WHERE first_key = exposures.key AND is_shown
        ORDER BY CAST(substr(through, 2) AS INTEGER) LIMIT 100))),
    '$.cut', json_object('windows', counts.windows),
    '$.pages', all_of.pages + counts.pages_beyond,
    '$.writable_pages', min(all_of.pages + counts.pages_beyond, all_of.writable_pages + counts.writable_beyond),
    '$.pfn_ranges', json((SELECT json_group_array(json_array(pfn, nr_pages)) FROM (
      SELECT pfn, nr_pages FROM exposure_ranges WHERE first_key = exposures.key AND NOT writable ORDER BY pfn LIMIT 100))),
    '$.open', json(CASE WHEN last.open THEN 'true' ELSE 'false' END),
    '$.closed_by', last.record ->> '$.closed_by',
    '$.closed_at', last.record ->> '$.closed_at'),
    '$.mapping', '$.pin', CASE WHEN counts.windows > 100 THEN '$.mapping' ELSE '$.cut' END)
FROM exposure_counts AS counts
JOIN (SELECT first_key, max(key) AS key FROM exposure_parts WHERE is_shown GROUP BY first_key) AS latest
  ON latest.first_key = counts.first_key
JOIN exposure_parts AS last ON last.key = latest.key
JOIN (SELECT first_key, sum(CASE WHEN writable THEN 0 ELSE nr_pages END) AS pages,
    sum(CASE WHEN writable THEN nr_pages ELSE 0 END) AS writable_pages FROM exposure_ranges GROUP BY first_key) AS all_of
  ON all_of.first_key = counts.first_key
WHERE exposures.key = counts.first_key;

-- A kept answer names those that are left, as they are now.
UPDATE idempotency_keys SET reply = json_set(reply, '$.exposures', json((
  SELECT json_group_array(json(record)) FROM (
    SELECT json_set(exposures.record, '$.open', json('true'), '$.closed_by', NULL, '$.closed_at', NULL) AS record
    FROM json_each(idempotency_keys.reply, '$.exposures') AS told
    JOIN exposure_parts AS part ON part.id = told.value ->> '$.id'
    JOIN exposures ON exposures.key = part.first_key
    GROUP BY part.first_key ORDER BY min(told.key)))))
WHERE reply -> '$.exposures[0].pfn_ranges' IS NOT NULL;

-- The report of a removal names those that opened on its device until the next one ended.
CREATE TEMP TABLE exposure_reports AS
SELECT removal, host, dax_device, from_key, lead(from_key) OVER (PARTITION BY host, dax_device ORDER BY from_key) AS to_key
FROM (
  SELECT removals.key AS removal, removals.host, removals.dax_device, min(part.key) AS from_key
  FROM removals, json_each(removals.record, '$.report.exposures') AS told
  JOIN exposure_parts AS part ON part.id = told.value AND part.host = removals.host
  GROUP BY removals.key
);
DELETE FROM exposures WHERE key IN (SELECT key FROM exposure_parts WHERE key <> first_key);
CREATE TEMP TABLE exposure_names AS
SELECT report.removal, exposures.key, exposures.id FROM exposure_reports AS report
JOIN exposures ON exposures.host = report.host AND exposures.dax_device = report.dax_device
  AND exposures.key >= report.from_key AND (report.to_key IS NULL OR exposures.key < report.to_key)
WHERE exposures.record ->> '$.reason' = 'generation';
CREATE INDEX temp.exposure_names_by_removal ON exposure_names (removal, key);
UPDATE removals SET
  revision = revision + 1,
  record = json_remove(json_set(record,
    '$.revision', revision + 1,
    '$.report.exposures', json((SELECT json_group_array(id) FROM (
      SELECT id FROM exposure_names WHERE removal = removals.key ORDER BY key LIMIT 100))),
    '$.cut.exposures', (SELECT count(*) FROM exposure_names WHERE removal = removals.key)),
    CASE WHEN (SELECT count(*) FROM exposure_names WHERE removal = removals.key) > 100 THEN '$.none' ELSE '$.cut.exposures' END)
WHERE key IN (SELECT removal FROM exposure_reports);
UPDATE removals SET record = json_remove(record, '$.cut')
WHERE key IN (SELECT removal FROM exposure_reports) AND record -> '$.cut' = '{}';

DROP TABLE exposure_names;
DROP TABLE exposure_reports;
DROP TABLE exposure_counts;
DROP TABLE exposure_ranges;
DROP TABLE exposure_parts;
ALTER TABLE exposures DROP COLUMN mapping;
ALTER TABLE exposures DROP COLUMN pin;
