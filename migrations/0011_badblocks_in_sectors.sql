-- Badblocks of a device are sectors of 512 bytes, as libnvdimm keeps and ndctl prints them; they were bytes.
UPDATE dax_devices SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.badblocks', json((
    SELECT json_group_array(json_object(
      'offset', json_extract(value, '$.offset') / 512,
      'length', json_extract(value, '$.length') / 512))
    FROM json_each(record, '$.badblocks'))))
WHERE json_array_length(record, '$.badblocks') > 0;
