import type { Connection } from './connection.ts';

type Label = readonly [name: string, value: string];

/** Prepares finding the dax devices that have a label, of their own or of their host (LIST1): their keys. */
export function prepareLabelledDevices(
  db: Pick<Connection, 'prepare'>,
): (label: Label) => ReadonlySet<number> {
  const statement = db.prepare<string[], number>(
    `SELECT l.key FROM labels AS l WHERE l.kind = 'dax_devices' AND l.name = ? AND l.value = ?
     UNION SELECT d.key FROM labels AS l CROSS JOIN dax_devices AS d ON d.host = l.key
     WHERE l.kind = 'hosts' AND l.name = ? AND l.value = ?`,
  );
  return (label) => new Set(statement.pluck().all(...label, ...label));
}
