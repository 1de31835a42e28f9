-- A mount says whether a file without a name was freed since its device is gone: behind the first removal of the device that
-- completed since it was mounted, as the events tell. An ext4 that was shut down has aborted its journal with that.
WITH made AS MATERIALIZED (
  SELECT events.host, events.subject, change.value ->> '$.record.file_system' AS file_system
  FROM events, json_each(events.changes) AS change
  WHERE events.type = 'file_created' AND change.value ->> '$.op' = 'put' AND change.value ->> '$.kind' = 'files'
), freed AS MATERIALIZED (
  SELECT events.host, made.file_system, max(events.seq) AS seq
  FROM events JOIN made ON made.host = events.host AND made.subject = events.subject
  WHERE events.type = 'file_deleted' GROUP BY events.host, made.file_system
), gone AS MATERIALIZED (
  SELECT ended.host, mounted.subject, min(ended.seq) AS seq
  FROM events AS mounted
  JOIN mounts ON mounts.host = mounted.host AND mounted.subject = 'mounts/' || mounts.id
  JOIN removals ON removals.host = mounts.host AND removals.dax_device = mounts.dax_device
  JOIN events AS ended ON ended.host = mounted.host AND ended.subject = 'removals/' || removals.id
  WHERE mounted.type = 'mount_created' AND ended.type = 'removal_completed' AND ended.seq > mounted.seq
  GROUP BY ended.host, mounted.subject
)
UPDATE mounts SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1,
    '$.uncommitted', json(CASE WHEN fs_state = 'alive' AND record ->> '$.journal' = 'live' AND EXISTS (
      SELECT 1 FROM freed JOIN gone ON gone.host = freed.host
      WHERE freed.host = mounts.host AND freed.file_system = mounts.file_system
        AND gone.subject = 'mounts/' || mounts.id AND freed.seq > gone.seq) THEN 'true' ELSE 'false' END),
    '$.journal', CASE WHEN fs_type = 'ext4' AND fs_state = 'shutdown' THEN 'aborted' ELSE record ->> '$.journal' END);
