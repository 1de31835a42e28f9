import { applyForGood } from '../engine/model/apply.ts';
import type { Change, Event } from '../engine/model/event.ts';
import type { Host, Kind, RecordOf } from '../engine/model/host.ts';
import type { Extents } from '../engine/model/inode.ts';
import type { Entries } from '../engine/model/mapping_table.ts';
import type { PfnSet } from '../engine/model/pfn_set.ts';
import { loadOwner } from '../engine/model/rest.ts';
import { entriesOf } from '../engine/model/transaction.ts';
import { extentsNow } from './extent_chunks.ts';
import { ownsEntries } from './tables.ts';

/**
 * Events that a host has had, of one command or of several whose rows are written at once, and what they found there: what
 * is stored of them is what differs.
 */
export interface Applied {
  readonly events: Event[];
  /** The record that a `put` replaced, if there was one. */
  readonly replaced: Map<Change, RecordOf<Kind>>;
  /** Entries of each owner that they changed, as they were before. */
  readonly entries: Map<string, Entries>;
  /** The mapping whose entries a new one was given, by the new one. */
  readonly copied: Map<string, string>;
  /** Extents of each file that they changed, as they were before. */
  readonly extents: Map<string, Extents>;
  /** Of each removal that they changed what was known to be mapped before it, as it was before them. */
  readonly mapped_before: Map<string, PfnSet | undefined>;
  /** Contents of snapshots that they made, by id. */
  readonly contents: Map<string, Buffer>;
}

/** Of no events yet. */
export function nothingApplied(): Applied {
  return {
    events: [],
    replaced: new Map(),
    entries: new Map(),
    copied: new Map(),
    extents: new Map(),
    mapped_before: new Map(),
    contents: new Map(),
  };
}

/** Applies the events of one command to a host, in place, behind those that it has had. */
export function applyAll(host: Host, events: readonly Event[], applied = nothingApplied()): Applied {
  const { replaced, entries, copied, extents, mapped_before } = applied;
  for (const event of events) applied.events.push(event);
  for (const change of changesOf(events)) {
    const found = change.op === 'put' ? host.tables[change.kind].get(change.id) : undefined;
    if (found !== undefined) replaced.set(change, found);
    for (const owner of ownersIn(change)) if (!entries.has(owner)) entries.set(owner, entriesOf(host, owner));
    if (change.op === 'copy_entries') copied.set(change.to, change.from);
    const file = fileIn(change);
    if (file !== null && !extents.has(file)) extents.set(file, extentsNow(host, file));
    const removal = removalIn(change);
    if (removal !== null && !mapped_before.has(removal))
      mapped_before.set(removal, host.mapped_before.get(removal));
    applyForGood(host, change);
  }
  return applied;
}

/** The changes of events, in their order. */
export function changesOf(events: readonly Event[]): Change[] {
  const all: Change[] = [];
  for (const { changes } of events) for (const change of changes) all.push(change);
  return all;
}

/** Loads the entries that events are going to change. */
export function loadChanged(host: Host, events: readonly Event[]): void {
  for (const change of changesOf(events)) for (const owner of ownersIn(change)) loadOwner(host, owner);
}

/** Whose entries a change may change. */
function ownersIn(change: Change): readonly string[] {
  switch (change.op) {
    case 'insert_entries':
    case 'drop_entries':
      return [change.owner];
    case 'copy_entries':
      return [change.to];
    case 'empty_entries':
    case 'protect_entries':
      return change.owners;
    case 'delete':
      return ownsEntries(change.kind) ? [change.id] : [];
    case 'put':
    case 'give_blocks':
    case 'count_windows':
    case 'note_mapped':
    case 'set_mapped':
      return [];
  }
}

/** The file that a change is of. */
function fileIn(change: Change): string | null {
  if (change.op === 'give_blocks') return change.file;
  return (change.op === 'put' || change.op === 'delete') && change.kind === 'files' ? change.id : null;
}

/** The removal that a change is of. */
function removalIn(change: Change): string | null {
  if (change.op === 'note_mapped' || change.op === 'set_mapped') return change.removal;
  return (change.op === 'put' || change.op === 'delete') && change.kind === 'removals' ? change.id : null;
}
