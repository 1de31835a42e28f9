import type { Change } from '../engine/model/event.ts';
import type { Host, Kind } from '../engine/model/host.ts';
import type { Applied } from './applied.ts';
import { withDashes } from './event_id.ts';
import { patched, patchOf, type Patch } from './record_patch.ts';
import type { Shapes } from './shapes.ts';

/**
 * A change as the journal has it: an array that begins with a number of what it does. Replayed in order, from the first
 * of its host on, changes give the state that is stored.
 *
 *   [0, kind, id, shape, uid, …values]     a new record of revision 1; `shape` names the other members, in their order
 *   [1, kind, id, …patch]                  members of a record that differ; its revision is one more
 *   [2, kind, id]                          deleted
 *   [3, file, offset, pfn, nr_pages]       give_blocks
 *   [4, owner, …rows]                      insert_entries
 *   [5, owner, index, nr_pages, anon]      drop_entries
 *   [6, …owners]                           protect_entries
 *   [7, …ids]                              count_windows
 *   [8, from, to, only_pte]                copy_entries
 *   [9, removal]                           note_mapped
 *   [10, …owners]                          empty_entries
 *   [11, removal, …pfns]                   set_mapped
 *
 * Before migration 42 a change was stored as it is, an object.
 */
type Stored = readonly [code: number, ...values: unknown[]];

const NEW = 0;
const PATCHED = 1;
const DELETED = 2;
const BLOCKS = 3;
const INSERTED = 4;
const DROPPED = 5;
const PROTECTED = 6;
const COUNTED = 7;
const COPIED = 8;
const NOTED = 9;
const EMPTIED = 10;
const MAPPED = 11;

/** Kinds by their number in the journal: one that is new comes last. */
const KINDS_BY_NUMBER = [
  'hosts',
  'dax_devices',
  'memory_ranges',
  'cxl_memdevs',
  'cxl_regions',
  'file_systems',
  'mounts',
  'files',
  'processes',
  'open_files',
  'mappings',
  'pins',
  'removals',
  'hotplug_events',
  'exposures',
  'inventories',
  'snapshots',
] as const satisfies readonly Kind[];

const NUMBER_OF = Object.fromEntries(KINDS_BY_NUMBER.map((kind, number) => [kind, number])) as Record<
  (typeof KINDS_BY_NUMBER)[number],
  number
> satisfies Readonly<Record<Kind, number>>;

/** The 16 bytes of a UUID in base64url; any other text in an array. */
type PackedUid = string | readonly [string];

type Plain = Readonly<Record<string, unknown>>;

/** Where a new record has the number of its shape. */
const SHAPE = 3;

/** Of a member `id` that is the change's own. */
const SAME_ID = 0;

/** The text of an event's changes, of a host called so. */
export function textOfChanges(
  shapes: Shapes,
  host: string,
  changes: readonly Change[],
  { replaced }: Pick<Applied, 'replaced'>,
): string {
  return JSON.stringify(changes.map((change) => stored(shapes, host, change, replaced.get(change))));
}

function stored(shapes: Shapes, host: string, change: Change, before: unknown): Stored | Change {
  switch (change.op) {
    case 'put': {
      const kind = NUMBER_OF[change.kind];
      const record = change.record as unknown as Plain;
      if (before !== undefined)
        return [PATCHED, kind, change.id, ...patchOf(nextOf(before as Plain), record)];
      // A record of another host or revision is none that the engine makes.
      if (change.record.revision !== 1 || change.record.host !== host) return change;
      const values: [number, ...unknown[]] = [NEW, kind, change.id, 0, packUid(change.record.uid)];
      const names: string[] = [];
      for (const name of Object.keys(record)) {
        const value = record[name];
        // These three are not in its shape.
        if (value === undefined || name === 'uid' || name === 'host' || name === 'revision') continue;
        names.push(name);
        values.push(name === 'id' && value === change.id ? SAME_ID : value);
      }
      values[SHAPE] = shapes.keyOf(names);
      return values;
    }
    case 'delete':
      return [DELETED, NUMBER_OF[change.kind], change.id];
    case 'give_blocks':
      return [BLOCKS, change.file, change.offset, change.pfn, change.nr_pages];
    case 'insert_entries':
      return [INSERTED, change.owner, ...change.rows];
    case 'drop_entries':
      return [DROPPED, change.owner, change.index, change.nr_pages, change.anon];
    case 'copy_entries':
      return [COPIED, change.from, change.to, change.only_pte];
    case 'protect_entries':
      return [PROTECTED, ...change.owners];
    case 'empty_entries':
      return [EMPTIED, ...change.owners];
    case 'count_windows':
      return [COUNTED, ...change.ids];
    case 'note_mapped':
      return [NOTED, change.removal];
    case 'set_mapped':
      return [MAPPED, change.removal, ...change.pfns];
  }
}

/** A record with the revision that its next change gives it. */
function nextOf(record: Plain): Plain {
  return { ...record, revision: (record['revision'] as number) + 1 };
}

/**
 * A change as it was, of an event of a host called so. `host` is that host as the changes before left it; `membersOf`
 * gives the members of a shape.
 */
export function changeOf(
  change: Stored | Change,
  name: string,
  host: Host,
  membersOf: (shape: number) => readonly string[],
): Change {
  if (!isStored(change)) return change;
  const [code, ...values] = change;
  switch (code) {
    case NEW: {
      const [kind, id, shape, uid, ...members] = values as [number, string, number, PackedUid, ...unknown[]];
      const named = membersOf(shape).map((member, at) => {
        const value = members[at];
        return [member, member === 'id' && value === SAME_ID ? id : value];
      });
      const rest = Object.fromEntries(named) as Plain;
      return put(kind, id, { uid: unpackUid(uid), revision: 1, host: name, ...rest });
    }
    case PATCHED: {
      const [kind, id, ...patch] = values as [number, string, ...Patch];
      const before = host.tables[KINDS_BY_NUMBER[kind]!].get(id) as unknown as Plain;
      return put(kind, id, patched(nextOf(before), patch));
    }
    case DELETED: {
      const [kind, id] = values as [number, string];
      return { op: 'delete', kind: KINDS_BY_NUMBER[kind]!, id };
    }
    case BLOCKS: {
      const [file, offset, pfn, nr_pages] = values as [string, number, number, number];
      return { op: 'give_blocks', file, offset, pfn, nr_pages };
    }
    case INSERTED: {
      const [owner, ...rows] = values as [string, ...number[]];
      return { op: 'insert_entries', owner, rows };
    }
    case DROPPED: {
      const [owner, index, nr_pages, anon] = values as [string, number, number, boolean];
      return { op: 'drop_entries', owner, index, nr_pages, anon };
    }
    case COPIED: {
      const [from, to, only_pte] = values as [string, string, boolean];
      return { op: 'copy_entries', from, to, only_pte };
    }
    case PROTECTED:
      return { op: 'protect_entries', owners: values as string[] };
    case EMPTIED:
      return { op: 'empty_entries', owners: values as string[] };
    case COUNTED:
      return { op: 'count_windows', ids: values as string[] };
    case NOTED:
      return { op: 'note_mapped', removal: values[0] as string };
    case MAPPED: {
      const [removal, ...pfns] = values as [string, ...number[]];
      return { op: 'set_mapped', removal, pfns };
    }
    default:
      throw new Error(`the journal has a change of number ${String(code)}`);
  }
}

function isStored(change: Stored | Change): change is Stored {
  return Array.isArray(change);
}

function put(kind: number, id: string, record: Plain): Change {
  return { op: 'put', kind: KINDS_BY_NUMBER[kind]!, id, record } as unknown as Change;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function packUid(uid: string): PackedUid {
  return UUID.test(uid) ? Buffer.from(uid.replaceAll('-', ''), 'hex').toString('base64url') : [uid];
}

function unpackUid(uid: PackedUid): string {
  return typeof uid === 'string' ? withDashes(Buffer.from(uid, 'base64url').toString('hex')) : uid[0];
}
