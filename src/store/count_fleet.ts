import { ROWS_MAX } from '../engine/model/cut.ts';
import {
  DEVICE_MODES,
  DEVICE_STATES,
  HOST_HEALTH,
  HOST_KERNELS,
  REMOVAL_STATES,
  VERDICTS,
} from '../engine/model/vocabulary.ts';
import type { Connection } from './connection.ts';
import type { CountedKind } from './counters.ts';
import type { ByWord, RecordCounts, RemovalCounts } from './fleet_counts.ts';

type HostRow = RecordCounts['by_host'][number];
type TenantRow = RecordCounts['by_tenant'][number];
type ReleaseRow = RecordCounts['by_kernel_release'][number];
type Preparing = Pick<Connection, 'prepare'>;

/** Prepares telling what a fleet has, as it was counted when it was written. One transaction is the caller's to begin. */
export function prepareCounts(db: Preparing): () => RecordCounts {
  const words = prepareWords(db);
  const rows = prepareRows(db);
  return () => {
    const of = words();
    const { 0: closed, 1: open } = of('exposures', 'open', ['0', '1']);
    const hosts = {
      health: of('hosts', 'health', HOST_HEALTH),
      kernel: of('hosts', 'kernel', HOST_KERNELS),
    };
    const dax_devices = {
      state: of('dax_devices', 'state', DEVICE_STATES),
      mode: of('dax_devices', 'mode', DEVICE_MODES),
      kernel: of('dax_devices', 'kernel', HOST_KERNELS),
    };
    const crossed = removalsIn(of);
    const removals = {
      state: byWord(REMOVAL_STATES, (state) => sumOf(Object.values(crossed[state]))),
      verdict: byWord(NONE_OR_VERDICTS, (verdict) =>
        sumOf(Object.values(crossed).map((counts) => counts[verdict])),
      ),
      kernel: of('removals', 'kernel', HOST_KERNELS),
    };
    return {
      hosts: totalled(hosts),
      dax_devices: totalled(dax_devices),
      removals: totalled(removals),
      exposures: totalled({ state: { open, closed } }),
      ...rows(totalled(hosts).total),
    };
  };
}

/** `none`: not yet. */
const NONE_OR_VERDICTS = [...VERDICTS, 'none'] as const;

/** How many records of a kind have each of these words in a field. */
type CountsOf = <Word extends string>(
  kind: CountedKind,
  field: string,
  words: readonly Word[],
) => Record<Word, number>;

/** Prepares reading what is counted by words; the counts of one state. */
export function prepareWords(db: Preparing): () => CountsOf {
  const read = prepareObjects<WordRow>(
    db,
    ['name', 'records'],
    `
    SELECT kind || '/' || field || '/' || word AS name, records FROM counts_by_word LIMIT ?`,
  );
  return () => {
    const counts = new Map(read(-1).map(({ name, records }) => [name, records]));
    return (kind, field, words) =>
      Object.fromEntries(words.map((word) => [word, counts.get(`${kind}/${field}/${word}`) ?? 0])) as never;
  };
}

/** Removals by state and verdict together. */
export function removalsIn(of: CountsOf): RemovalCounts {
  return byWord(REMOVAL_STATES, (state) => {
    const counts = of(
      'removals',
      'state/verdict',
      NONE_OR_VERDICTS.map((verdict) => `${state}/${verdict}`),
    );
    return byWord(NONE_OR_VERDICTS, (verdict) => counts[`${state}/${verdict}`]!);
  });
}

function byWord<Word extends string, T>(words: readonly Word[], of: (word: Word) => T): Record<Word, T> {
  return Object.fromEntries(words.map((word) => [word, of(word)])) as Record<Word, T>;
}

interface WordRow {
  readonly name: string;
  readonly records: number;
}

/** The rows by name, up to the hundredth, and how many of each there are. */
function prepareRows(db: Preparing) {
  const hosts = prepareObjects<HostRow>(
    db,
    ['host', 'dax_devices', 'removals', 'open_exposures'],
    `
    SELECT h.id AS host, coalesce(dax_devices, 0) AS dax_devices, coalesce(removals, 0) AS removals,
      coalesce(open_exposures, 0) AS open_exposures
    FROM hosts AS h LEFT JOIN counts_by_host AS c ON c.host = h.key ORDER BY h.id LIMIT ?`,
  );
  const tenants = prepareObjects<TenantRow>(
    db,
    ['tenant', 'dax_devices', 'open_exposures'],
    `
    SELECT nullif(c.tenant, '') AS tenant, dax_devices, open_exposures
    FROM counts_by_tenant AS c ORDER BY c.tenant LIMIT ?`,
  );
  const releases = prepareObjects<ReleaseRow>(
    db,
    ['kernel', 'kernel_release', 'hosts', 'dax_devices'],
    `
    SELECT * FROM counts_by_kernel_release ORDER BY kernel, kernel_release LIMIT ?`,
  );
  const tenantsThere = prepareLength(db, 'counts_by_tenant');
  const releasesThere = prepareLength(db, 'counts_by_kernel_release');
  return (hostsThere: number) => {
    const lengths = { by_host: hostsThere, by_tenant: tenantsThere(), by_kernel_release: releasesThere() };
    const long = Object.entries(lengths).filter(([, length]) => length > ROWS_MAX);
    return {
      by_host: hosts(ROWS_MAX),
      by_tenant: tenants(ROWS_MAX),
      by_kernel_release: releases(ROWS_MAX),
      ...(long.length === 0 ? {} : { cut: Object.fromEntries(long) }),
    };
  };
}

/** SQLite counts by the pages of a table where no condition is asked for, not by its rows. */
function prepareLength(db: Preparing, table: string): () => number {
  const statement = db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck();
  return () => statement.get()!;
}

/** Rows by one text: to be given an object for each costs three times as much. */
function prepareObjects<Row>(
  db: Preparing,
  columns: readonly (keyof Row & string)[],
  sql: string,
): (limit: number) => readonly Row[] {
  const members = columns.map((column) => `'${column}', ${column}`);
  const statement = db
    .prepare<[number], string>(`SELECT json_group_array(json_object(${members.join(', ')})) FROM (${sql})`)
    .pluck();
  return (limit) => JSON.parse(statement.get(limit)!) as Row[];
}

/** Every record has one of the first words, so their sum is all there are. */
function totalled<Counts extends Readonly<Record<string, ByWord<string>>>>(counts: Counts) {
  const [first = {}] = Object.values(counts);
  return { total: sumOf(Object.values(first)), ...counts };
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
