-- A removal says whose s_umount its task has for ever; up to now the result of the step said it.
UPDATE removals SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.holds_s_umount_of', (
    SELECT step.value ->> '$.result.file_system' FROM json_each(removals.record, '$.steps') AS step
    WHERE step.value ->> '$.result.file_system' IS NOT NULL))
WHERE state = 'stuck' AND EXISTS (
  SELECT 1 FROM json_each(removals.record, '$.steps') AS step
  WHERE step.value ->> '$.result.file_system' IS NOT NULL);
