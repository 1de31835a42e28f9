import type { Kind } from '../engine/model/host.ts';
import type { Connection } from './connection.ts';
import { bytesOf } from './packed.ts';
import type { SnapshotQuery } from './port.ts';
import { KINDS, wholeRecord } from './tables.ts';

/** Prepares reading records of one host, all of the same state, packed; null where there is no such host. */
export function prepareSnapshot(db: Connection): (query: SnapshotQuery) => ArrayBuffer | null {
  const select = new Map(
    KINDS.map((kind) => [
      kind,
      db
        .prepare<[string], string>(`SELECT ${wholeRecord(kind)} FROM ${kind} WHERE host = ? ORDER BY key`)
        .pluck(),
    ]),
  );
  const recordsOf = (kind: Kind, host: string): string[] => select.get(kind)?.all(host) ?? [];
  return db.transaction(({ host, kinds }: SnapshotQuery): ArrayBuffer | null => {
    if (recordsOf('hosts', host).length === 0) return null;
    const members = kinds.map((kind) => `${JSON.stringify(kind)}:[${recordsOf(kind, host).join(',')}]`);
    return bytesOf(`{${members.join(',')}}`);
  });
}
