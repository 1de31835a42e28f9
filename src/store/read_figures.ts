import { DEVICE_STATES, HOST_HEALTH, PAGE_BYTES } from '../engine/model/vocabulary.ts';
import type { Connection } from './connection.ts';
import { prepareWords, removalsIn } from './count_fleet.ts';
import { TENANTS_TOLD, type Figures, type WebhookFigures } from './figures.ts';
import { prepareLastSeq, prepareOldestSeq } from './journal.ts';

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
  const webhooks = prepareWebhooks(db);
  return () => {
    const of = words();
    return {
      hosts: of('hosts', 'health', HOST_HEALTH),
      dax_devices: of('dax_devices', 'state', DEVICE_STATES),
      removals: removalsIn(of),
      open_exposures: of('exposures', 'open', ['0', '1'])['1'],
      open_exposures_of: tenants.all(TENANTS_TOLD),
      oldest_waiting_ms: waiting.get() ?? null,
      leaked_bytes: leaked.get()! * PAGE_BYTES,
      webhooks: webhooks(),
      last_seq: lastSeq(),
      oldest_seq: oldestSeq(),
    };
  };
}

interface WebhookRow extends Pick<WebhookFigures, 'failing_since_ms' | 'cursor'> {
  readonly ok: number;
  readonly failing: number;
  readonly disabled: number;
  readonly pending: number;
  readonly delivered: number;
  readonly failed: number;
}

/** The counters stand with the webhooks, which are few. */
function prepareWebhooks(db: Connection): () => WebhookFigures {
  const all = db.prepare<[], WebhookRow>(
    `SELECT count(*) FILTER (WHERE enabled = 1 AND failing_since_ms IS NULL) AS ok,
       count(*) FILTER (WHERE enabled = 1 AND failing_since_ms IS NOT NULL) AS failing,
       count(*) FILTER (WHERE enabled = 0) AS disabled,
       min(failing_since_ms) FILTER (WHERE enabled = 1) AS failing_since_ms,
       min(cursor) FILTER (WHERE enabled = 1) AS cursor,
       coalesce(sum(pending), 0) AS pending, coalesce(sum(delivered), 0) AS delivered, coalesce(sum(failed), 0) AS failed
     FROM webhooks`,
  );
  return () => {
    const { ok, failing, disabled, pending, delivered, failed, ...told } = all.get()!;
    return {
      state: { ok, failing, disabled },
      deliveries: { pending, delivered, failed },
      ...told,
    };
  };
}
