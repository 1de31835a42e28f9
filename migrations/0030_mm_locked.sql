-- A process says whether a task that looked into its memory died with the locks of it: nobody had kept that.
UPDATE processes SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.mm_locked', json('false'));
