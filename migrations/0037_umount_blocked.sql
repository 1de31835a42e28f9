-- A mount says whether the umount that detached it never returns. Where one may have, no grace period ends: it kept them all.
UPDATE mounts SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1, '$.umount_blocked', json(CASE
    WHEN state = 'lazy' AND EXISTS (
      SELECT 1 FROM hosts, json_each(hosts.record, '$.stuck') AS stuck
      WHERE hosts.host = mounts.host AND stuck.value = 'rcu') THEN 'true'
    ELSE 'false' END));
