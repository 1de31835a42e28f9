import type { Host, Kind } from '../engine/model/host.ts';
import type { Resource } from '../engine/model/resource.ts';
import { entriesOf } from '../engine/model/transaction.ts';
import { changesOf, type Applied } from './applied.ts';
import type { Connection } from './connection.ts';
import { createDifferences } from './counters.ts';
import { prepareChunkRows } from './entry_chunks.ts';
import { extentsNow, prepareExtentRows } from './extent_chunks.ts';
import { prepareHostKeys } from './host_key.ts';
import { prepareKeys } from './keys.ts';
import { createKnown, type Known } from './known.ts';
import { prepareMappedRow } from './mapped_before.ts';
import { prepareWriteContent } from './snapshot_content.ts';
import { KINDS } from './tables.ts';
import { prepareWriteRow, type Touched } from './write_row.ts';
import { prepareWriteCounts } from './write_counts.ts';

type Project = (name: string, host: Host, applied: Applied) => readonly Touched[];

/**
 * Prepares `apply` in SQL: given the events that a host has had, writes each row they concern once, as the host now has
 * it. Returns what it wrote. Whoever rolls back has to forget what is `known`.
 */
export function prepareProject(db: Connection, known: Known = createKnown()): Project {
  const keyOf = prepareKeys(db, known);
  const writers = new Map(KINDS.map((kind) => [kind, prepareWriteRow(db, kind, keyOf)]));
  const hostKeys = prepareHostKeys(db, known);
  const writeChunks = prepareChunkRows(db);
  const writeExtents = prepareExtentRows(db);
  const writeMapped = prepareMappedRow(db);
  const writeContent = prepareWriteContent(db);
  const writeCounts = prepareWriteCounts(db);
  return (name, host, applied) => {
    const touched = [...touchedBy(host, applied)];
    const differences = createDifferences();
    let key = hostKeys.of(name);
    for (const row of touched) {
      writers.get(row.kind)?.(key, host, row, differences);
      if (row.kind !== 'hosts' || !(row.isNew || row.isRenewed)) continue;
      hostKeys.changed(name);
      key = hostKeys.of(name);
    }
    writeCounts(differences);
    // With the host all that it owned has gone.
    if (key === undefined) return touched;
    const renewed = new Set(
      touched.filter((row) => row.isRenewed && row.kind === 'files').map(({ id }) => id),
    );
    for (const [file, before] of applied.extents)
      writeExtents(key, file, renewed.has(file) ? [] : before, extentsNow(host, file));
    const sources = sourcesOf(host, applied.copied);
    for (const [owner, before] of applied.entries)
      if (!sources.has(owner)) writeChunks(key, owner, before, entriesOf(host, owner));
    // Behind all others, for rows are copied as they stand.
    for (const [owner, from] of sources)
      writeChunks(key, owner, applied.entries.get(owner)!, entriesOf(host, owner), from);
    for (const [removal, before] of applied.mapped_before) {
      const after = host.mapped_before.get(removal);
      if (after !== before) writeMapped(key, removal, after);
    }
    for (const [id, content] of applied.contents) writeContent(key, id, content);
    return touched;
  };
}

/** Of those owners that were given the entries of another one, those that have the same now. */
function sourcesOf(host: Host, copied: Applied['copied']): ReadonlyMap<string, string> {
  return new Map([...copied].filter(([owner, from]) => entriesOf(host, from) === entriesOf(host, owner)));
}

/** The rows that events concern; new ones in the order of their creation, which is that of the host's tables. */
function touchedBy(host: Host, { events, replaced }: Applied): Iterable<Touched> {
  const touched = new Map<string, Touched>();
  const touch = (kind: Kind, id: string, isNew = false, former?: Resource): void => {
    const key = `${kind}/${id}`;
    const before = touched.get(key);
    if (before === undefined) touched.set(key, { kind, id, isRenewed: false, isNew, former });
    else if (isNew) {
      // It comes behind what came since it was deleted.
      touched.delete(key);
      touched.set(key, { ...before, isNew });
    }
  };
  const touchOwner = (owner: string): void => {
    if (host.tables.mappings.has(owner)) touch('mappings', owner);
    else if (host.tables.files.has(owner)) touch('files', owner);
  };
  for (const change of changesOf(events)) {
    switch (change.op) {
      case 'put':
        touch(change.kind, change.id, !replaced.has(change), replaced.get(change));
        break;
      case 'delete': {
        const { kind, id } = change;
        touched.delete(`${kind}/${id}`);
        touched.set(`${kind}/${id}`, { kind, id, isRenewed: true, isNew: false, former: undefined });
        break;
      }
      case 'give_blocks':
        touch('files', change.file);
        break;
      case 'insert_entries':
      case 'drop_entries':
        touchOwner(change.owner);
        break;
      case 'copy_entries':
        touchOwner(change.to);
        break;
      case 'empty_entries':
      case 'protect_entries':
        for (const owner of change.owners) touchOwner(owner);
        break;
      case 'count_windows':
      case 'note_mapped':
      case 'set_mapped':
        break;
    }
  }
  return touched.values();
}
