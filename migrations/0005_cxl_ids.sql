-- Memdevs and regions say the id of their path, as every other resource that has one.
UPDATE cxl_memdevs SET record = json_set(record, '$.id', id);
UPDATE cxl_regions SET record = json_set(record, '$.id', id);
