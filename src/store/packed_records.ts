import type { Kind } from '../engine/model/host.ts';
import type { Connection } from './connection.ts';
import { prepareHostKey } from './host_key.ts';
import { bytesOf } from './packed.ts';
import type { PackedRecordsQuery } from './port.ts';
import { hostColumn, KINDS, wholeRecord } from './tables.ts';

/** Prepares reading records of one host, all of the same state, packed; null where there is no such host. */
export function preparePackedRecords(db: Connection): (query: PackedRecordsQuery) => ArrayBuffer | null {
  const select = new Map(
    KINDS.map((kind) => [
      kind,
      db
        .prepare<[number], string>(
          `SELECT ${wholeRecord(kind)} FROM ${kind} WHERE ${hostColumn(kind)} = ? ORDER BY key`,
        )
        .pluck(),
    ]),
  );
  const hostKey = prepareHostKey(db);
  const recordsOf = (kind: Kind, key: number): string[] => select.get(kind)?.all(key) ?? [];
  return db.transaction(({ host, kinds }: PackedRecordsQuery): ArrayBuffer | null => {
    const key = hostKey(host);
    if (key === undefined) return null;
    const members = kinds.map((kind) => `${JSON.stringify(kind)}:[${recordsOf(kind, key).join(',')}]`);
    return bytesOf(`{${members.join(',')}}`);
  });
}
