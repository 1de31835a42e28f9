import { REMOVAL_STATES } from '../engine/model/vocabulary.ts';
import type { Connection } from './connection.ts';
import { prepareDataVersion } from './data_version.ts';
import { type COUNT_TABLES, WORDS } from './counters.ts';

/**
 * Counts the fleet anew, by its rows: by indexes alone, and yet in time that grows with them. What another program has
 * written (an operator's sqlite3, say) nobody has counted; nor what is older than the counts. Returns the data version of
 * what is counted.
 */
export function recount(db: Connection): number {
  const dataVersion = prepareDataVersion(db);
  const countAll = db.transaction(() => {
    for (const [name, sql] of Object.entries(ROWS_OF)) {
      db.exec(`DELETE FROM counts_by_${name}`);
      db.exec(`INSERT INTO counts_by_${name} ${sql}`);
    }
    return dataVersion.get();
  });
  return countAll();
}

/** How many rows of a kind a host has. */
const ofHost = (kind: string): string => `(SELECT count(*) FROM ${kind} AS r WHERE r.host = h.key)`;

const ofWords = Object.entries(WORDS).flatMap(([kind, fields]) =>
  fields
    .filter((field) => !field.includes('/'))
    .map(
      (field) =>
        `SELECT '${kind}', '${field}', coalesce(CAST(${field} AS TEXT), 'none'), count(*) FROM ${kind} GROUP BY ${field}`,
    ),
);

const NOT_COMPLETED = REMOVAL_STATES.filter((state) => state !== 'completed').map((state) => `'${state}'`);

/**
 * Removals by state and verdict together, of which there is no index: those that have not completed, which are few, are
 * looked at, and have completed what is left of each verdict.
 */
const ofStateAndVerdict = `
  SELECT 'removals', 'state/verdict', state || '/' || coalesce(verdict, 'none'), count(*)
  FROM removals WHERE state IN (${NOT_COMPLETED.join(', ')}) GROUP BY state, verdict
  UNION ALL SELECT 'removals', 'state/verdict', 'completed/' || coalesce(verdict, 'none'), completed FROM (
    SELECT verdict, count(*) - (SELECT count(*) FROM removals AS o
      WHERE o.state IN (${NOT_COMPLETED.join(', ')}) AND +o.verdict IS r.verdict) AS completed
    FROM removals AS r GROUP BY verdict
  ) WHERE completed > 0`;

/** In this order: devices are counted by the kernel of their host as they are counted by host. */
const ROWS_OF: Readonly<Record<keyof typeof COUNT_TABLES, string>> = {
  host: `SELECT * FROM (
      SELECT h.key, ${ofHost('dax_devices')} AS d, ${ofHost('removals')} AS r,
        (SELECT count(*) FROM exposures AS r WHERE r.host = h.key AND r.open = 1) AS o
      FROM hosts AS h
    ) WHERE d + r + o > 0`,
  word: [
    ...ofWords,
    ofStateAndVerdict,
    `SELECT 'dax_devices', 'kernel', kernel, sum(dax_devices) AS d
     FROM counts_by_host CROSS JOIN hosts ON key = host GROUP BY kernel HAVING d > 0`,
  ].join(' UNION ALL '),
  tenant: `SELECT coalesce(tenant, ''), sum(d), sum(e), sum(o) FROM (
      SELECT tenant, count(*) AS d, 0 AS e, 0 AS o FROM dax_devices GROUP BY tenant
      UNION ALL SELECT tenant, 0, count(*), sum(open) FROM exposures GROUP BY tenant
    ) GROUP BY 1`,
  kernel_release: `SELECT kernel, kernel_release, count(*), coalesce(sum(dax_devices), 0)
    FROM hosts LEFT JOIN counts_by_host ON host = key WHERE kernel_release IS NOT NULL GROUP BY kernel, kernel_release`,
};
