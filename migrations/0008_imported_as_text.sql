-- What an import has answered is kept as the text that is sent; it was an object.
UPDATE idempotency_keys SET reply = json_set(reply, '$.imported', json_extract(reply, '$.imported') || '')
WHERE json_type(reply, '$.imported') = 'object';
