import { ROWS_MAX } from '../engine/model/cut.ts';
import type { Kind } from '../engine/model/host.ts';
import {
  DEVICE_MODES,
  DEVICE_STATES,
  HOST_HEALTH,
  HOST_KERNELS,
  REMOVAL_STATES,
  VERDICTS,
} from '../engine/model/vocabulary.ts';
import type { Connection } from './connection.ts';
import type { ByWord, RecordCounts } from './fleet_counts.ts';

type HostRow = RecordCounts['by_host'][number];
type TenantRow = RecordCounts['by_tenant'][number];
type ReleaseRow = RecordCounts['by_kernel_release'][number];
type Preparing = Pick<Connection, 'prepare'>;

/** Prepares counting what a fleet has, by indexes. One transaction is the caller's to begin. */
export function prepareCounts(db: Preparing): () => RecordCounts {
  const health = countBy(db, 'hosts', 'health', HOST_HEALTH);
  const kernels = prepareKernels(db);
  const state = countBy(db, 'dax_devices', 'state', DEVICE_STATES);
  const mode = countBy(db, 'dax_devices', 'mode', DEVICE_MODES);
  const removals = {
    state: countBy(db, 'removals', 'state', REMOVAL_STATES),
    verdict: countBy(db, 'removals', 'verdict', [...VERDICTS, 'none']),
    kernel: countBy(db, 'removals', 'kernel', HOST_KERNELS),
  };
  const open = countBy(db, 'exposures', 'open', ['0', '1']);
  const rows = prepareRows(db);
  return () => {
    const kernel = kernels();
    const { 0: closed, 1: opened } = open();
    const hosts = totalled({ health: health(), kernel: kernel.hosts });
    return {
      hosts,
      dax_devices: totalled({ state: state(), mode: mode(), kernel: kernel.dax_devices }),
      removals: totalled({ state: removals.state(), verdict: removals.verdict(), kernel: removals.kernel() }),
      exposures: totalled({ state: { open: opened, closed } }),
      ...rows(hosts.total, kernel.releases),
    };
  };
}

const ofHost = (kind: Kind): string => `SELECT count(*) FROM ${kind} AS r WHERE r.host = h.key`;

/** Hosts, and devices of them, by kernel and by release. */
function prepareKernels(db: Preparing) {
  const statement = db.prepare<[], Omit<ReleaseRow, 'kernel_release'> & { kernel_release: string | null }>(
    `SELECT kernel, kernel_release, count(*) AS hosts, sum((${ofHost('dax_devices')})) AS dax_devices
    FROM hosts AS h GROUP BY kernel, kernel_release`,
  );
  return () => {
    const rows = statement.all();
    const countOf = (kind: 'hosts' | 'dax_devices') => {
      const counts = rows.map((row) => ({ word: row.kernel, count: row[kind] }));
      return byWord(HOST_KERNELS, counts);
    };
    const releases = rows.flatMap((row): ReleaseRow[] => {
      const { kernel_release } = row;
      return kernel_release === null ? [] : [{ ...row, kernel_release }];
    });
    return { hosts: countOf('hosts'), dax_devices: countOf('dax_devices'), releases };
  };
}

/** The rows by name, up to the hundredth, and how many of each there are. */
function prepareRows(db: Preparing) {
  const hosts = db.prepare<[number], HostRow>(
    `SELECT h.id AS host, (${ofHost('dax_devices')}) AS dax_devices, (${ofHost('removals')}) AS removals,
      (${ofHost('exposures')} AND r.open = 1) AS open_exposures
    FROM hosts AS h ORDER BY h.id LIMIT ?`,
  );
  const tenants = db.prepare<[], TenantRow>(
    `SELECT tenant, sum(dax_devices) AS dax_devices, sum(open_exposures) AS open_exposures FROM (
      SELECT tenant, count(*) AS dax_devices, 0 AS open_exposures FROM dax_devices GROUP BY tenant
      UNION ALL
      SELECT tenant, 0, sum(open) FROM exposures GROUP BY tenant
    ) GROUP BY tenant`,
  );
  return (hostsTotal: number, releases: readonly ReleaseRow[]) => {
    const by_tenant = tenants.all();
    const lengths = {
      by_host: hostsTotal,
      by_tenant: by_tenant.length,
      by_kernel_release: releases.length,
    };
    const long = Object.entries(lengths).filter(([, length]) => length > ROWS_MAX);
    return {
      by_host: hosts.all(ROWS_MAX),
      by_tenant: by_tenant.slice(0, ROWS_MAX),
      by_kernel_release: releases.slice(0, ROWS_MAX),
      ...(long.length === 0 ? {} : { cut: Object.fromEntries(long) }),
    };
  };
}

/** Every record has one of the first words, so their sum is all there are. */
function totalled<Counts extends Readonly<Record<string, ByWord<string>>>>(counts: Counts) {
  const [first = {}] = Object.values(counts);
  return { total: Object.values(first).reduce((total, count) => total + count, 0), ...counts };
}

/** Counts of a kind by a column of closed words; of `none` where it is null. */
function countBy<Word extends string>(
  db: Preparing,
  kind: Kind,
  column: string,
  words: readonly Word[],
): () => Record<Word, number> {
  const rows = db.prepare<[], { readonly word: Word; readonly count: number }>(
    `SELECT coalesce(${column}, 'none') AS word, count(*) AS count FROM ${kind} GROUP BY ${column}`,
  );
  return () => byWord(words, rows.all());
}

function byWord<Word extends string>(
  words: readonly Word[],
  rows: readonly { readonly word: Word; readonly count: number }[],
): Record<Word, number> {
  const counts = Object.fromEntries(words.map((word) => [word, 0])) as Record<Word, number>;
  for (const { word, count } of rows) counts[word] += count;
  return counts;
}
