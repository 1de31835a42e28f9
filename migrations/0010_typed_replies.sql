-- A kept reply has the answer to its command under one name, and what it opened beside it. Before, each kind of answer
-- had a name of its own; one without any is of a record that is gone.
UPDATE idempotency_keys SET reply = json_object(
  'answer', json(CASE
    WHEN reply -> '$.bind' IS NOT NULL THEN json_object('record', reply -> '$.record', 'bind', reply -> '$.bind')
    WHEN reply -> '$.memory_block' IS NOT NULL
      THEN json_object('record', reply -> '$.record', 'memory_block', reply -> '$.memory_block')
    WHEN reply -> '$.removals' IS NOT NULL
      THEN json_object('record', reply -> '$.record', 'removals', reply -> '$.removals')
    ELSE coalesce(
      reply -> '$.outcome', reply -> '$.imported', reply -> '$.cxl', reply -> '$.memory_failure',
      reply -> '$.comparison', reply -> '$.record', 'null'
    )
  END),
  'exposures', json(coalesce(reply -> '$.exposures', '[]'))
);
