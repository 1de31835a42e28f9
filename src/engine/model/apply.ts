import type { Change, Event } from './event.ts';
import type { Exposure } from './exposure.ts';
import { extentChunks, keepExtents, setExtents } from './extents.ts';
import type { Host, Kind, Mapping, RecordOf, Rest } from './host.ts';
import { withBlocks } from './inode.ts';
import { dropRange, insertRows, isWithin, onlyPtes, protectAll } from './change_entries.ts';
import { countPresent, differing, NO_ENTRIES, type Entries } from './mapping_table.ts';
import { leadsAs } from './mapped.ts';
import { forgetMapped, noteMapped } from './mapped_before.ts';
import { applyCounting, countLoaded, keepOpen, noOpenExposures } from './open_exposures.ts';
import { replaceIn } from './replace_in.ts';
import { loadOwner } from './rest.ts';
import { Table } from './table.ts';
import { addUse, dropUse, noUses } from './uses.ts';
import type { UndoList } from './undo.ts';
import { forUses, forUsesBut } from './uses_of_record.ts';

/** A host with nothing in it, before its `host_created` event; or one of which nothing is in memory yet. */
export function emptyHost(rest: Rest | null = null): Host {
  const table = <K extends Kind>(kind: K) => new Table<RecordOf<K>>(rest?.source(kind));
  return {
    rest,
    tables: {
      hosts: table('hosts'),
      dax_devices: table('dax_devices'),
      memory_ranges: table('memory_ranges'),
      cxl_memdevs: table('cxl_memdevs'),
      cxl_regions: table('cxl_regions'),
      file_systems: table('file_systems'),
      mounts: table('mounts'),
      files: table('files'),
      processes: table('processes'),
      open_files: table('open_files'),
      mappings: table('mappings'),
      pins: table('pins'),
      removals: table('removals'),
      hotplug_events: table('hotplug_events'),
      exposures: table('exposures'),
      inventories: table('inventories'),
      snapshots: table('snapshots'),
    },
    entries: new Map(),
    extents: new Map(),
    mapped_before: new Map(),
    uses_by: noUses(),
    open_exposures: noOpenExposures(),
    assumed: new Map(),
  };
}

/** What an event does to a host: the only way one changes. In place; returns the same host. */
export function apply(host: Host, event: Event): Host {
  for (const change of event.changes) applyForGood(host, change);
  return host;
}

/** What one change of an event does. */
export function applyForGood(host: Host, change: Change): void {
  if (change.op !== 'put' && change.op !== 'delete') {
    applyChange(host, change, null);
    return;
  }
  const before = applyToRecord(host, change, null);
  if (before === undefined) return;
  const now = change.op === 'put' ? change.record : undefined;
  forUsesBut(change.kind, before, now, dropUse, host.uses_by, change.id);
}

/** Applies one change in place; adds how to undo it. */
export function applyChange(host: Host, change: Change, undo: UndoList): void {
  switch (change.op) {
    case 'put':
    case 'delete':
      applyToRecord(host, change, undo);
      return;
    case 'give_blocks': {
      const file = host.tables.files.get(change.file)!;
      const extents = withBlocks(extentChunks(host, file), change);
      setExtents(host, { ...file, revision: file.revision + 1 }, extents, undo);
      return;
    }
    case 'insert_entries':
    case 'drop_entries':
      replaceEntries(host, change, change.owner, undo);
      return;
    case 'empty_entries':
      emptyEntries(host, change.owners, undo);
      return;
    case 'copy_entries':
      replaceEntries(host, change, change.to, undo, change.from);
      return;
    case 'protect_entries': {
      const known = madeBy(change);
      change.owners.forEach((owner, at) => {
        replaceEntries(host, change, owner, undo, owner, known, at);
      });
      return;
    }
    case 'count_windows':
      applyCounting(host, change, undo);
      return;
    case 'note_mapped':
      noteMapped(host, change.removal, undo);
      return;
    case 'set_mapped':
      replaceIn(host.mapped_before, change.removal, Float64Array.from(change.pfns), undo);
      return;
  }
}

/** A change of one record. */
export type RecordChange = Extract<Change, { op: 'put' | 'delete' }>;

/** The same of one record; returns what it was before, if there was one. */
export function applyToRecord(host: Host, change: RecordChange, undo: UndoList): RecordOf<Kind> | undefined {
  const { kind, id } = change;
  const before = replaceRecord(host.tables[kind] as Table<RecordOf<Kind>>, change, undo);
  keepExtents(host, change, undo);
  if (change.op === 'put') indexRecord(host, change, before, undo);
  // Nobody asks for the entries of what is gone, and an undo finds them there.
  else if (undo === null && (kind === 'mappings' || kind === 'files')) host.entries.delete(id);
  keepExposure(host, change, before, undo);
  forgetMapped(host, change, undo);
  return before;
}

function replaceRecord(
  records: Table<RecordOf<Kind>>,
  change: RecordChange,
  undo: UndoList,
): RecordOf<Kind> | undefined {
  if (change.op === 'put') return records.put(change.id, change.record, undo);
  return undo === null ? records.delete(change.id) : records.hide(change.id, undo);
}

/**
 * Keeps `uses_by` in order of creation. Where an open transaction has deleted a record, or the device that it reaches
 * has another name, its id stays in its place, so that an undo finds it there: apply() takes it out for good.
 */
function indexRecord(
  host: Host,
  put: Extract<RecordChange, { op: 'put' }>,
  before: RecordOf<Kind> | undefined,
  undo: UndoList,
): void {
  const isFoundAnew = forUsesBut(put.kind, put.record, before, addUse, host.uses_by, put.id);
  if (isFoundAnew) undo?.add(unindexRecord, host, put, before);
}

/** Undoes indexRecord(). */
function unindexRecord(
  host: Host,
  { kind, id, record }: Extract<RecordChange, { op: 'put' }>,
  before: RecordOf<Kind> | undefined,
): void {
  forUsesBut(kind, record, before, dropUse, host.uses_by, id);
}

/** The kinds that `uses_by` finds. */
const INDEXED = ['file_systems', 'mounts', 'files', 'open_files', 'mappings', 'pins', 'removals'] as const;

/** Indexes a record that was loaded alone by the open file description that it shares: nobody loads records by that. */
export function indexShared(host: Host, id: string, record: unknown): void {
  const { description } = record as { readonly description?: string | null };
  if (typeof description === 'string' && description !== id)
    addUse(host.uses_by, 'description', description, id);
}

/** Keeps `open_exposures` in step with an exposure that opens, closes or goes. */
function keepExposure(host: Host, change: RecordChange, before: unknown, undo: UndoList): void {
  if (change.kind !== 'exposures') return;
  keepOpen(host, before as Exposure | undefined, change.op === 'put' ? change.record : undefined, undo);
}

/** Indexes the records of a host that was loaded, not built from events. */
export function indexHost(host: Host): Host {
  for (const kind of INDEXED)
    for (const [id, record] of host.tables[kind]) forUses(kind, record, addUse, host.uses_by, id);
  return indexExposures(
    host,
    host.tables.exposures.where(({ open }) => open),
  );
}

/** Indexes the exposures that a host, or one that is loaded in part, has open. */
export function indexExposures(host: Host, open: readonly Exposure[]): Host {
  for (const exposure of open) keepOpen(host, undefined, exposure, null);
  countLoaded(host, open);
  return host;
}

type EntriesOp = 'insert_entries' | 'drop_entries' | 'copy_entries' | 'protect_entries';
/** A change of the entries of an owner, or of several. */
type EntriesChange = Extract<Change, { op: EntriesOp }>;

/** Entries, and the counts that the record of their mapping has of them; null for those of a file. */
interface Counted {
  readonly entries: Entries;
  readonly present: Mapping['present'] | null;
}

interface Made {
  readonly of: Entries;
  readonly after: Counted;
}

/**
 * What changes have made of the entries of their owners, in the order of these: who decides makes a change, takes it back
 * and applies the same one to the same entries again.
 */
const made = new WeakMap<EntriesChange, Made[]>();

/**
 * Replaces the runs of a mapping or file by what is made of them, or of those of another mapping; a mapping's record keeps
 * their counts.
 */
function replaceEntries(
  host: Host,
  change: EntriesChange,
  owner: string,
  undo: UndoList,
  from = owner,
  known = madeBy(change),
  at = 0,
): void {
  const mapping = host.tables.mappings.get(owner);
  const before = countedOf(host, owner);
  const source = from === owner ? before : countedOf(host, from);
  const last = known[at];
  const after = last?.of === source.entries ? last.after : changed(source, change);
  if (after !== last?.after) known[at] = { of: source.entries, after };
  setEntries(host, owner, after.entries);
  if (mapping !== undefined && after.present !== before.present)
    host.tables.mappings.set(owner, { ...mapping, present: after.present! });
  undo?.push(() => {
    setEntries(host, owner, before.entries);
    if (mapping !== undefined) host.tables.mappings.set(owner, mapping);
  });
}

/** Takes all entries of mappings. One undo for all of them: they may be those of a thousand processes. */
function emptyEntries(host: Host, owners: readonly string[], undo: UndoList): void {
  const { mappings } = host.tables;
  const before: (readonly [mapping: Mapping, entries: Entries])[] = [];
  for (const owner of owners) {
    // Its entries come along where it is loaded for this.
    const mapping = mappings.change(owner, emptied);
    const entries = host.entries.get(owner)!;
    host.entries.delete(owner);
    if (undo !== null) before.push([mapping, entries]);
  }
  undo?.push(() => {
    for (const [mapping, entries] of before) {
      host.entries.set(mapping.id, entries);
      mappings.set(mapping.id, mapping);
    }
  });
}

function emptied(mapping: Mapping): Mapping {
  return { ...mapping, present: NOTHING_PRESENT };
}

function madeBy(change: EntriesChange): Made[] {
  const known = made.get(change) ?? [];
  made.set(change, known);
  return known;
}

function countedOf(host: Host, owner: string): Counted {
  loadOwner(host, owner);
  const present = host.tables.mappings.get(owner)?.present ?? null;
  return { entries: host.entries.get(owner) ?? NO_ENTRIES, present };
}

function setEntries(host: Host, owner: string, entries: Entries): void {
  if (entries.length === 0) host.entries.delete(owner);
  else host.entries.set(owner, entries);
}

function changed(before: Counted, change: EntriesChange): Counted {
  const { entries, present } = before;
  switch (change.op) {
    case 'protect_entries': {
      const after = protectAll(entries);
      leadsAs(after, entries);
      return { entries: after, present };
    }
    case 'copy_entries':
      return change.only_pte ? recounted(before, onlyPtes(entries)) : before;
    case 'insert_entries':
      return recounted(before, insertRows(entries, Float64Array.from(change.rows)));
    case 'drop_entries': {
      const [start, end] = [change.index, change.index + change.nr_pages];
      const goesWhole = isWithin(entries, start, end) && (change.anon || present?.anon === 0);
      if (!goesWhole) return recounted(before, dropRange(entries, start, end, change.anon));
      return { entries: NO_ENTRIES, present: present === null ? null : NOTHING_PRESENT };
    }
  }
}

const NOTHING_PRESENT: Mapping['present'] = { pte: 0, pmd: 0, pud: 0, anon: 0 };

/** With the counts after a change, from the chunks in which the two tables differ. */
function recounted({ entries: before, present }: Counted, entries: Entries): Counted {
  if (present === null) return { entries, present };
  const [gone, come] = differing(before, entries).map(countPresent);
  return {
    entries,
    present: {
      pte: present.pte - gone!.pte + come!.pte,
      pmd: present.pmd - gone!.pmd + come!.pmd,
      pud: present.pud - gone!.pud + come!.pud,
      anon: present.anon - gone!.anon + come!.anon,
    },
  };
}
