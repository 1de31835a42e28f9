-- A removal that the bus caused is named as its trigger, and a medium's serial as the device's: one word a thing.
-- The journal keeps the words of its time. What a record says has changed, so it is another revision.
ALTER TABLE hotplug_events RENAME TO former_hotplug_events;
DROP INDEX hotplug_events_by_host;
DROP INDEX hotplug_events_by_dax_device;

-- What the bus did to a device.
CREATE TABLE hotplug_events (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL REFERENCES hosts (host) ON DELETE CASCADE,
  id TEXT NOT NULL,
  uid TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  dax_device TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('surprise_removal', 'orderly_removal', 'add', 'replace')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  UNIQUE (host, id)
) STRICT;
CREATE INDEX hotplug_events_by_host ON hotplug_events (host);
CREATE INDEX hotplug_events_by_dax_device ON hotplug_events (dax_device);

INSERT INTO hotplug_events (key, host, id, uid, revision, dax_device, action, record)
  SELECT key, host, id, uid, revision + 1, dax_device, replace(action, '_remove', '_removal'),
    json_set(record, '$.revision', revision + 1, '$.action', replace(action, '_remove', '_removal'))
  FROM former_hotplug_events ORDER BY key;
UPDATE hotplug_events SET record = json_remove(
    json_set(record, '$.media.media_serial', record ->> '$.media.serial'), '$.media.serial')
  WHERE record ->> '$.media.serial' IS NOT NULL;
-- A key is never used again, also one whose row is gone.
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'former_hotplug_events')
  WHERE name = 'hotplug_events';
INSERT INTO sqlite_sequence (name, seq) SELECT 'hotplug_events', seq FROM sqlite_sequence
  WHERE name = 'former_hotplug_events' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'hotplug_events');
DROP TABLE former_hotplug_events;
