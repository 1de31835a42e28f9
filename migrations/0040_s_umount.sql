-- A host says that who tears a superblock of it down keeps s_umount until the reboot; up to now only the mount said it.
UPDATE hosts SET
  revision = revision + 1,
  record = json_set(record, '$.revision', revision + 1,
    '$.stuck', json_insert(record -> '$.stuck', '$[#]', 's_umount'))
WHERE EXISTS (SELECT 1 FROM mounts WHERE mounts.host = hosts.host AND mounts.state = 'shutting_down');
