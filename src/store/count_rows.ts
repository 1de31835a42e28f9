import type { Kind } from '../engine/model/host.ts';
import type { Connection } from './connection.ts';
import { WORDS, type CountedKind, type Differences } from './counters.ts';
import { hostColumn } from './tables.ts';

/** What rows of one kind are counted by, as they come, change and go. Each host is meant by its key. */
interface CountRows {
  /** A record comes, or is this one now. */
  readonly keep: (differences: Differences, host: number, record: object) => void;
  /** It is about to go, or to be another one. */
  readonly drop: (differences: Differences, host: number, id: string) => void;
}

/** Columns of a row, or members of the record that they are of. */
type Row = Readonly<Record<string, string | number | boolean | null | undefined>>;
type Count = (differences: Differences, host: number, row: Row, by: number) => void;

/** What else is read of a row beside its words. */
const BESIDE: Readonly<Record<CountedKind, readonly string[]>> = {
  hosts: ['kernel_release'],
  dax_devices: ['tenant'],
  removals: [],
  exposures: ['tenant'],
};

/** Prepares counting the rows of a kind into what is to be written. Most kinds nobody counts. */
export function prepareCountRows(db: Connection, kind: Kind): CountRows {
  if (!isCounted(kind)) return { keep: () => undefined, drop: () => undefined };
  const columns = [...WORDS[kind].flatMap(columnsOf), ...BESIDE[kind]].join(', ');
  const found = db.prepare<[number, string], Row>(
    `SELECT ${columns} FROM ${kind} WHERE ${hostColumn(kind)} = ? AND id = ?`,
  );
  const count = kind === 'hosts' ? prepareCountHost(db) : countOf(kind);
  return {
    keep: (differences, host, record) => count(differences, host, record as Row, 1),
    drop: (differences, host, id) => {
      const row = found.get(host, id);
      if (row !== undefined) count(differences, host, row, -1);
    },
  };
}

function isCounted(kind: Kind): kind is CountedKind {
  return kind in WORDS;
}

function columnsOf(field: string): readonly string[] {
  return field.split('/');
}

function countWords(kind: CountedKind): Count {
  const fields = WORDS[kind].map((field) => ({ field, columns: columnsOf(field) }));
  return (differences, _host, row, by) => {
    for (const { field, columns } of fields) {
      const word = columns.map((column) => wordOf(row[column])).join('/');
      differences.add('word/records', [kind, field, word], by);
    }
  };
}

function countOf(kind: Exclude<CountedKind, 'hosts'>): Count {
  const words = countWords(kind);
  return (differences, host, row, by) => {
    words(differences, host, row, by);
    const tenant = (row['tenant'] as string | null | undefined) ?? '';
    switch (kind) {
      case 'dax_devices':
        differences.add('host/dax_devices', [host], by);
        differences.add('tenant/dax_devices', [tenant], by);
        break;
      case 'removals':
        differences.add('host/removals', [host], by);
        break;
      case 'exposures':
        differences.add('tenant/exposures', [tenant], by);
        differences.add('host/open_exposures', [host], by * Number(row['open']));
        differences.add('tenant/open_exposures', [tenant], by * Number(row['open']));
        break;
    }
  };
}

/** Its devices are counted by its kernel: those that are counted as its own already. */
function prepareCountHost(db: Connection): Count {
  const words = countWords('hosts');
  const devices = db
    .prepare<[number], number>('SELECT dax_devices FROM counts_by_host WHERE host = ?')
    .pluck();
  return (differences, host, row, by) => {
    words(differences, host, row, by);
    const { kernel, kernel_release } = row as unknown as OfKernel;
    if (isTold(kernel_release)) differences.add('kernel_release/hosts', [kernel, kernel_release], by);
    countByKernel(differences, { kernel, kernel_release }, by * (devices.get(host) ?? 0));
  };
}

/** What devices are counted by of their host. */
export interface OfKernel {
  readonly kernel: string;
  readonly kernel_release: string | null | undefined;
}

/** Counts devices by the kernel of their host. */
export function countByKernel(
  differences: Differences,
  { kernel, kernel_release }: OfKernel,
  by: number,
): void {
  differences.add('word/records', ['dax_devices', 'kernel', kernel], by);
  if (isTold(kernel_release)) differences.add('kernel_release/dax_devices', [kernel, kernel_release], by);
}

function isTold(kernel_release: OfKernel['kernel_release']): kernel_release is string {
  return typeof kernel_release === 'string';
}

/** As a column has it; `none` where it is null. */
function wordOf(value: Row[string]): string {
  return String(typeof value === 'boolean' ? Number(value) : (value ?? 'none'));
}
