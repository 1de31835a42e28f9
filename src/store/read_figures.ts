import { DEVICE_STATES, HOST_HEALTH, REMOVAL_STATES } from '../engine/model/vocabulary.ts';
import type { Connection } from './connection.ts';
import { NONE_OR_VERDICTS, prepareWords } from './count_fleet.ts';
import { TENANTS_TOLD, type Figures } from './figures.ts';
import { prepareLastSeq, prepareOldestSeq } from './journal.ts';

const PAGE_BYTES = 4096;

/**
 * Prepares telling them. What is counted stands in rows that the writer keeps, one a word or a tenant; the oldest removal
 * that waits and what has leaked are found by an index: no record is read that is not one of these.
 */
export function prepareFigures(db: Connection): () => Figures {
  const words = prepareWords(db);
  const [lastSeq, oldestSeq] = [prepareLastSeq(db), prepareOldestSeq(db)];
  const tenants = db.prepare<[number], Figures['open_exposures_of'][number]>(
    `SELECT nullif(tenant, '') AS tenant, open_exposures FROM counts_by_tenant
     WHERE open_exposures > 0 ORDER BY open_exposures DESC, tenant LIMIT ?`,
  );
  const waiting = db
    .prepare<[], number | null>(`SELECT made_ms FROM removals WHERE state = 'waiting' ORDER BY key LIMIT 1`)
    .pluck();
  const leaked = db
    .prepare<[], number>(
      `SELECT coalesce(sum(json_extract(record, '$.nr_pages')), 0) FROM memory_ranges WHERE leaked = 1`,
    )
    .pluck();
  return () => {
    const of = words();
    return {
      hosts: of('hosts', 'health', HOST_HEALTH),
      dax_devices: of('dax_devices', 'state', DEVICE_STATES),
      removals: {
        state: of('removals', 'state', REMOVAL_STATES),
        verdict: of('removals', 'verdict', NONE_OR_VERDICTS),
      },
      open_exposures: of('exposures', 'open', ['0', '1'])['1'],
      open_exposures_of: tenants.all(TENANTS_TOLD),
      oldest_waiting_ms: waiting.get() ?? null,
      leaked_bytes: leaked.get()! * PAGE_BYTES,
      last_seq: lastSeq(),
      oldest_seq: oldestSeq(),
    };
  };
}
