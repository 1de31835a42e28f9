import type { Connection } from '../connection.ts';

/** How long a delivery that has ended is kept in the log, and how many of a webhook. */
const KEPT_MS = 7 * 86_400_000;
const KEPT_MAX = 2_000;
/** Rows that one purge drops at most. */
const PURGED_MAX = 1_000;

/** Prepares dropping deliveries that have ended, of these 1 000 at most; answers whether more may be. */
export function preparePurgeDeliveries(db: Connection): (nowMs: number) => boolean {
  const old = db.prepare(
    'DELETE FROM webhook_deliveries WHERE key IN (SELECT key FROM webhook_deliveries WHERE ended_ms < ? LIMIT ?)',
  );
  const many = db.prepare(`DELETE FROM webhook_deliveries WHERE key IN (
    SELECT d.key FROM webhooks AS w JOIN webhook_deliveries AS d ON d.webhook = w.key AND d.key <= (
      SELECT key FROM webhook_deliveries WHERE webhook = w.key ORDER BY key DESC LIMIT 1 OFFSET ${String(KEPT_MAX)}
    ) WHERE d.state <> 'pending' LIMIT ?)`);
  return (nowMs) => {
    const dropped = old.run(nowMs - KEPT_MS, PURGED_MAX).changes;
    return dropped + many.run(PURGED_MAX - dropped).changes >= PURGED_MAX;
  };
}

/**
 * Prepares dropping deliveries of a webhook that have ended, the oldest of those past the newest 2 000, up to `most`. With
 * each that is made two may go: so it has few more at any time, and deleting it holds up nobody.
 */
export function preparePurgeOf(db: Connection): (webhook: number, most: number) => void {
  const drop = db.prepare<[number, number, number]>(`DELETE FROM webhook_deliveries WHERE key IN (
    SELECT key FROM webhook_deliveries WHERE webhook = ? AND state IN ('delivered', 'failed') AND key <= (
      SELECT key FROM webhook_deliveries WHERE webhook = ? ORDER BY key DESC LIMIT 1 OFFSET ${String(KEPT_MAX)}
    ) LIMIT ?)`);
  return (webhook, most) => void drop.run(webhook, webhook, most);
}

/**
 * Prepares asking from which event on the journal is an outbox: what enabled webhooks have not been sent yet is not
 * dropped, however old. Null where nobody waits for any. A webhook that is disabled holds nothing.
 */
export function prepareHeldFrom(db: Connection): () => number | null {
  const held = db
    .prepare<[], number | null>(
      `SELECT min(seq) FROM (
         SELECT cursor + 1 AS seq FROM webhooks WHERE enabled = 1
         UNION ALL
         SELECT d.seq FROM webhooks AS w JOIN webhook_deliveries AS d ON d.webhook = w.key AND d.state = 'pending'
         WHERE w.enabled = 1)`,
    )
    .pluck();
  return () => held.get() ?? null;
}
