import { expect, test } from 'vitest';
import type { Kind } from '../../src/engine/model/host.ts';
import type { Connection } from '../../src/store/connection.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { KINDS, revisionOf, wholeRecord } from '../../src/store/tables.ts';
import { uidText } from '../../src/store/uids.ts';
import { firstRelease, migrateTo } from './support/before.ts';

interface Row {
  readonly uid: string;
  readonly revision: number;
  readonly record: string;
}

/** Every record by its kind and uid: the revision it has, and whatever else it says. */
function recordsOf(
  db: Connection,
  columns: (kind: Kind) => string,
): Map<string, { readonly revision: number; readonly says: string }> {
  const tables = db.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all();
  const kinds = KINDS.filter((kind) => tables.includes(kind));
  const records = kinds.flatMap((kind) =>
    db
      .prepare<[], Row>(`SELECT ${columns(kind)} FROM ${kind}`)
      .all()
      .map(({ uid, revision, record }) => {
        const { revision: told, ...says } = JSON.parse(record) as { revision: number };
        expect(told, kind).toBe(revision);
        return [`${kind} ${uid}`, { revision, says: JSON.stringify(says) }] as const;
      }),
  );
  return new Map(records);
}

/** Records of kinds that the first release had not, as the second version stored them. */
function addCxl(db: Connection): void {
  db.exec(`INSERT INTO cxl_memdevs (host, id, uid, revision, state, record)
    VALUES ('old', 'mem3', 'm', 4, 'enabled', '{"uid":"m","revision":4}')`);
  db.exec(`INSERT INTO cxl_regions (host, id, uid, revision, type, state, decode_state, record)
    VALUES ('old', 'region7', 'r', 5, 'pmem', 'enabled', 'commit', '{"uid":"r","revision":5}')`);
  db.exec(`INSERT INTO hotplug_events (host, id, uid, revision, dax_device, action, record)
    VALUES ('old', 'h', 'h', 1, 'pmem0', 'replace', '{"uid":"h","revision":1,"media":{"serial":"0x2"}}')`);
}

test('a record that any upgrade makes say something else is another revision', () => {
  const db = firstRelease();
  const versions = readMigrations()
    .map(({ version }) => version)
    .filter((version) => version < 47);
  const was = versions.map((version) => {
    migrateTo(db, version);
    if (version === 2) addCxl(db);
    return recordsOf(db, () => 'uid, revision, record');
  });
  migrate(db);
  const is = recordsOf(
    db,
    (kind) => `${uidText(kind)} AS uid, ${revisionOf(kind)} AS revision, ${wholeRecord(kind)} AS record`,
  );
  expect([...is.keys()]).toEqual(expect.arrayContaining([...(was[1]?.keys() ?? [])]));
  for (const [position, records] of was.entries()) {
    for (const [name, { revision, says }] of records) {
      const now = is.get(name);
      if (now?.says === says) continue;
      expect(now?.revision, `${name} of version ${String(versions[position])}`).toBeGreaterThan(revision);
    }
  }
});
