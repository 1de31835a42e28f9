-- A device says of which pages of files the page->mapping was cleared; that nobody kept before.
UPDATE dax_devices SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.cleared', json('[]'));
