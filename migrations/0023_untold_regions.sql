-- What no listing tells of a CXL region is null: its size, which was 0, and its ways, which were as many as were known.
CREATE TEMP TABLE listed_regions AS
  SELECT inventories.host, region.value ->> '$.name' AS id, region.value -> '$.fields.size' AS size,
    region.value -> '$.fields.interleave_ways' AS ways
  FROM inventories, json_each(inventories.record, '$.record.host.cxl_regions') AS region;
UPDATE cxl_regions SET revision = cxl_regions.revision + 1,
  record = json_set(cxl_regions.record, '$.revision', cxl_regions.revision + 1,
    '$.size', iif(listed.size IS NULL AND cxl_regions.size = 0, NULL, cxl_regions.size),
    '$.interleave_ways', iif(listed.ways IS NULL, NULL, cxl_regions.record ->> '$.interleave_ways'))
  FROM listed_regions AS listed
  WHERE listed.host = cxl_regions.host AND listed.id = cxl_regions.id
    AND (listed.ways IS NULL OR (listed.size IS NULL AND cxl_regions.size = 0));
DROP TABLE listed_regions;
