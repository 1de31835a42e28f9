import { extentsOf } from '../model/extents.ts';
import type { File, Host, Kind, RecordOf } from '../model/host.ts';
import type { Table } from '../model/table.ts';
import { renewed } from './renewed.ts';

/** Records of a kept state as a host is to have them, by id, in order of creation; of each the id that it had. */
export type Wanted = ReadonlyMap<string, { readonly record: RecordOf<Kind>; readonly former: string }>;

/** Kinds that are part of a state: all but what says that it was kept. */
export function keptKinds({ tables }: Host): Kind[] {
  return (Object.keys(tables) as Kind[]).filter((kind) => kind !== 'snapshots');
}

/**
 * What the records of a kept state are to be on a host of that name. One that stands there still has the uid that it had;
 * any other one gets a new uid: nobody knows which revisions the old one has had since.
 */
export function wantedOn(
  host: Host,
  state: Host,
  name: string,
  uid: () => string,
): ReadonlyMap<Kind, Wanted> {
  const uids = new Map<string, string>();
  for (const kind of keptKinds(state))
    for (const [id, record] of state.tables[kind])
      if (host.tables[kind].get(id)?.uid !== record.uid) uids.set(record.uid, uid());
  return new Map(
    keptKinds(state).map((kind): [Kind, Wanted] => {
      const records: Table<RecordOf<Kind>> = state.tables[kind];
      const wanted = Array.from(records, ([former, kept]) => {
        const id = kind === 'hosts' ? name : (uids.get(former) ?? former);
        const record = { ...wantedRecord(kind, kept, uids, state), host: name };
        return [id, { record: kind === 'hosts' ? ofHost(host, record, name) : record, former }] as const;
      });
      return [kind, new Map(wanted)];
    }),
  );
}

function wantedRecord(
  kind: Kind,
  kept: RecordOf<Kind>,
  uids: ReadonlyMap<string, string>,
  state: Host,
): RecordOf<Kind> {
  const whole = wholeRecord(state, kind, kept);
  return uids.size === 0 ? whole : renewed(whole, uids);
}

/** A record with all that stands beside it. */
export function wholeRecord(host: Host, kind: Kind, record: RecordOf<Kind>): RecordOf<Kind> {
  if (kind !== 'files') return record;
  const file = record as File;
  return { ...file, extents: extentsOf(host, file) };
}

/** Numbers that were given away since are not given again. */
function ofHost({ tables }: Host, record: RecordOf<Kind>, name: string): RecordOf<'hosts'> {
  const host = record as RecordOf<'hosts'>;
  return { ...host, name, next_id: Math.max(host.next_id, tables.hosts.get(name)?.next_id ?? 0) };
}
