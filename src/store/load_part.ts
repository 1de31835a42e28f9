import { emptyHost, indexExposures, indexShared } from '../engine/model/apply.ts';
import type { Host, Kind, RecordOf, Rest } from '../engine/model/host.ts';
import { isApart } from '../engine/model/mapped_before.ts';
import type { Entries } from '../engine/model/mapping_table.ts';
import type { RemovalRecord } from '../engine/model/removal.ts';
import type { Source, Table } from '../engine/model/table.ts';
import type { UseField, UseValue } from '../engine/model/uses.ts';
import { isFoundBy } from '../engine/model/uses_of_record.ts';
import type { Connection, Statement } from './connection.ts';
import { keyOfHost } from './host_key.ts';
import { addExtents, type Row } from './load.ts';
import type { EntriesAhead } from './load_ahead.ts';
import { addMapped, prepareMapped } from './mapped_before.ts';
import { unpackRuns } from './packed_runs.ts';
import { hostColumn, KINDS, rowColumns } from './tables.ts';

/** A host of which what nobody has asked for is not in memory. */
export interface PartOfHost {
  readonly host: Host;
  /** What is in memory takes about so much. */
  bytes: number;
}

/** Of a host without records; of each record beside its text; of a key that was asked for. Measured, rounded up (ADR 22). */
const HOST_BYTES = 7_000;
const RECORD_BYTES = 400;
const KEY_BYTES = 200;

/**
 * Prepares loading hosts in part, empty where there is none: their open exposures, with what these reach, and the rest
 * when it is asked for. Only for who reads and writes the rows alone, and puts a command into them before the next one:
 * a host has to be as its rows are, but for a command that is not in them yet and the steps of removals behind it.
 */
export function prepareLoadPart(db: Connection, entries: EntriesAhead): (host: string) => PartOfHost {
  const reads = prepareReads(db, entries);
  return (name) => {
    const part: PartOfHost = { host: emptyHost(restOf(name, reads, () => part)), bytes: HOST_BYTES };
    const exposures = reads.exposures.all(name).map((row) => take(part, reads, 'exposures', name, row));
    indexExposures(part.host, exposures);
    return part;
  };
}

/** The statements, by kind; of `uses_by` by field. */
interface Reads {
  readonly byId: ReadonlyMap<Kind, Statement<[string, string], Row>>;
  readonly all: ReadonlyMap<Kind, Statement<[string], Row>>;
  readonly uses: ReadonlyMap<UseField, RowsOfUse>;
  readonly exposures: Statement<[string], Row>;
  readonly entries: EntriesAhead;
  readonly mapped: ReturnType<typeof prepareMapped>;
}

interface RowsOfUse {
  readonly kind: Kind;
  readonly rows: (host: string, value: UseValue) => IterableIterator<Row>;
  /** Whether more rows are read than are meant: the records tell which. */
  readonly isWider: boolean;
}

/**
 * Where the rows of a key are, each by an index of the host: a column with a plus before it is compared in the rows that
 * another finds.
 */
const USES: readonly (readonly [field: UseField, where: string, isWider?: 'wider'])[] = [
  ['file_systems/dax_device', '+dax_device = @value'],
  ['mounts/file_system', '+file_system = @value'],
  ['mounts/dax_device', 'dax_device = @value'],
  ['files/file_system', '+file_system = @value'],
  ['files/dax_device', '+dax_device = @value'],
  ['open_files/pid', 'pid = @value'],
  ['open_files/dax_device', 'dax_device = @value'],
  ['open_files/file', 'file = @value'],
  ['open_files/node', 'file IS NULL', 'wider'],
  ['mappings/pid', 'pid = @value'],
  ['mappings/dax_device', 'dax_device = @value'],
  ['mappings/file', 'file = @value'],
  ['mappings/node', 'file IS NULL', 'wider'],
  ['mappings/anonymous', 'file IS NULL AND +dax_device = @value', 'wider'],
  ['pins/pid', 'pid = @value'],
  ['pins/dax_device', 'dax_device = @value'],
  ['removals/not_completed', "state IN ('running', 'waiting', 'stuck', 'undetermined')"],
];

function prepareReads(db: Connection, entries: EntriesAhead): Reads {
  const select = (kind: Kind, host: string, where = 'TRUE'): string =>
    `SELECT ${rowColumns(kind)} FROM ${kind} WHERE ${hostColumn(kind)} = ${keyOfHost(host)} AND ${where} ORDER BY key`;
  const uses = USES.map(([field, where, wider]): [UseField, RowsOfUse] => {
    const kind = field.split('/', 1)[0] as Kind;
    const statement = db.prepare<[{ host: string; value: UseValue }], Row>(select(kind, '@host', where));
    const rows = (host: string, value: UseValue) => statement.iterate({ host, value });
    return [field, { kind, rows, isWider: wider !== undefined }];
  });
  return {
    byId: new Map(KINDS.map((kind) => [kind, db.prepare(select(kind, '?', 'id = ?'))])),
    all: new Map(KINDS.map((kind) => [kind, db.prepare(select(kind, '?'))])),
    uses: new Map(uses),
    exposures: db.prepare(select('exposures', '?', 'open = 1')),
    entries,
    mapped: prepareMapped(db),
  };
}

function restOf(name: string, reads: Reads, part: () => PartOfHost): Rest {
  return {
    asked: new Map(),
    source: (kind) => new RowSource(name, reads, kind, part),
    uses: (field, value) => idsOfUse(name, reads, field, value, part()),
  };
}

/** The rows of a kind. No closures, which took 3 kB of each host that is kept: it has one for each kind. */
class RowSource<K extends Kind> implements Source<RecordOf<K>> {
  readonly #name: string;
  readonly #reads: Reads;
  readonly #kind: K;
  readonly #part: () => PartOfHost;

  constructor(name: string, reads: Reads, kind: K, part: () => PartOfHost) {
    this.#name = name;
    this.#reads = reads;
    this.#kind = kind;
    this.#part = part;
  }

  get(id: string): RecordOf<K> | undefined {
    const row = this.#reads.byId.get(this.#kind)!.get(this.#name, id);
    return row === undefined ? undefined : this.#made(row);
  }

  *all(knows: (id: string) => boolean): Iterable<readonly [id: string, record: RecordOf<K> | null]> {
    for (const row of this.#reads.all.get(this.#kind)!.iterate(this.#name))
      yield [row.id, knows(row.id) ? null : this.#made(row)];
  }

  #made(row: Row): RecordOf<K> {
    return made(this.#part(), this.#reads, this.#kind, this.#name, row);
  }
}

function idsOfUse(name: string, reads: Reads, field: UseField, value: UseValue, part: PartOfHost): string[] {
  const { kind, rows, isWider } = reads.uses.get(field)!;
  const isMeant = (record: string): boolean => isFoundBy(kind, JSON.parse(record), field, value);
  const ids: string[] = [];
  for (const row of rows(name, value)) {
    if (isWider && !isMeant(row.record)) continue;
    ids.push(row.id);
    if (!part.host.tables[kind].knows(row.id)) take(part, reads, kind, name, row);
  }
  part.bytes += KEY_BYTES;
  return ids;
}

function take<K extends Kind>(part: PartOfHost, reads: Reads, kind: K, name: string, row: Row): RecordOf<K> {
  const record = made(part, reads, kind, name, row);
  const table: Table<RecordOf<K>> = part.host.tables[kind];
  table.load(row.id, record);
  return record;
}

/** The record of a row; its entries, and what was mapped before a removal, come along. */
function made<K extends Kind>(part: PartOfHost, reads: Reads, kind: K, name: string, row: Row): RecordOf<K> {
  const { id, record, runs } = row;
  if (runs !== undefined) {
    const entries = runs.length > 0 ? [unpackRuns(runs)] : reads.entries.of(name, id);
    if (entries.length > 0) part.host.entries.set(id, entries);
    part.bytes += bytesOf(entries);
  }
  part.bytes += RECORD_BYTES + record.length + (row.extents?.length ?? 0);
  addExtents(part.host, row);
  const parsed = JSON.parse(record) as RecordOf<K>;
  indexShared(part.host, id, parsed);
  if (kind === 'removals' && isApart(parsed as RemovalRecord)) {
    const mapped = reads.mapped(name, id);
    if (mapped !== undefined) part.bytes += addMapped(part.host, mapped).byteLength;
  }
  return parsed;
}

/** What entries take in memory. */
export function bytesOf(entries: Entries): number {
  return entries.reduce((sum, chunk) => sum + chunk.byteLength, 0);
}
