import type { Connection } from '../connection.ts';
import type { Seen } from '../state.ts';
import { SEEN } from '../seen.ts';
import { timeOf } from '../time.ts';
import type { DueDeliveries, DueQuery, ServiceListQuery, ServicePage, ServiceReads } from './port.ts';
import type { WebhookTarget } from '../../service/webhook.ts';
import { prepareClock, readClockOf } from './clocks.ts';
import { faultRuleOf, prepareFaultRule, SELECT_FAULT_RULES, type FaultRuleRow } from './fault_rules.ts';
import {
  deliveryOf,
  SELECT_DELIVERIES,
  SELECT_WEBHOOKS,
  webhookOf,
  type DeliveryRow,
  type WebhookRow,
} from './webhook_rows.ts';

/** The reading half, over a connection that only reads; `begin` is called before each read. */
export function createServiceReads(db: Connection, begin: () => unknown = () => null): ServiceReads {
  const webhook = db.prepare<[string], WebhookRow>(`${SELECT_WEBHOOKS} WHERE w.uid = ?`);
  const delivery = db.prepare<[string, string], DeliveryRow>(
    `${SELECT_DELIVERIES} WHERE w.uid = ? AND d.uid = ?`,
  );
  const webhooks = db.prepare<[number, number], WebhookRow>(
    `${SELECT_WEBHOOKS} WHERE w.key > ? ORDER BY w.key LIMIT ?`,
  );
  const targets = db.prepare<[], WebhookTarget>(
    'SELECT uid AS id, url, secret, former_secret, former_secret_until_ms, cursor FROM webhooks WHERE enabled = 1 ORDER BY key',
  );
  const rule = prepareFaultRule(db);
  const rules = db.prepare<[number, number], FaultRuleRow>(
    `${SELECT_FAULT_RULES} WHERE key > ? ORDER BY key LIMIT ?`,
  );
  const active = db.prepare<[], FaultRuleRow>(
    `${SELECT_FAULT_RULES} WHERE remaining IS NULL OR remaining > 0 ORDER BY key`,
  );
  const clock = prepareClock(db);
  const pageOf = preparePageOf(db);
  const listDeliveries = prepareListDeliveries(db);
  const due = prepareDue(db);
  const reading = <T>(read: () => T): T => {
    begin();
    return read();
  };
  return {
    webhook: async (id) => reading(() => found(webhook.get(id), webhookOf)),
    webhooks: async (query) =>
      reading(() => pageOf(query, () => webhooks.all(query.after ?? 0, query.limit + 1), webhookOf)),
    delivery: async (of, id) => reading(() => found(delivery.get(of, id), deliveryOf)),
    deliveries: async (query) => reading(() => pageOf(query, () => listDeliveries(query), deliveryOf)),
    faultRule: async (id) => reading(() => found(rule(id), faultRuleOf)),
    faultRules: async (query) =>
      reading(() => pageOf(query, () => rules.all(query.after ?? 0, query.limit + 1), faultRuleOf)),
    activeFaultRules: async () => reading(() => active.all().map(faultRuleOf)),
    clock: async (host) => reading(() => found(clock(host) ?? undefined, readClockOf)),
    webhookTargets: async () => reading(() => targets.all()),
    dueDeliveries: async (query) => reading(() => due(query)),
  };
}

function found<Row, T>(row: Row | undefined, show: (row: Row) => T): T | null {
  return row === undefined ? null : show(row);
}

/** A page of rows, of which one more was read where more follow, and of which state it is. */
function preparePageOf(db: Connection) {
  const seen = db.prepare<[], Seen>(`SELECT ${SEEN}`);
  const inOne = db.transaction((read: () => unknown) => [read(), seen.get()!] as const);
  return <Row extends { readonly key: number }, T>(
    { limit }: ServiceListQuery,
    read: () => readonly Row[],
    show: (row: Row) => T,
  ): ServicePage<T> => {
    const [rows, state] = inOne(read) as readonly [readonly Row[], Seen];
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1)!.key : null;
    return { items: shown.map(show), last, ...state };
  };
}

function prepareListDeliveries(
  db: Connection,
): (query: Parameters<ServiceReads['deliveries']>[0]) => DeliveryRow[] {
  const text = (state: string) =>
    `${SELECT_DELIVERIES} WHERE d.webhook = (SELECT key FROM webhooks WHERE uid = ?)${state} AND d.key > ? ORDER BY d.key LIMIT ?`;
  const all = db.prepare<[string, number, number], DeliveryRow>(text(''));
  const ofState = db.prepare<[string, string, number, number], DeliveryRow>(text(' AND d.state = ?'));
  return ({ webhook, state, after = 0, limit }) =>
    state === undefined ? all.all(webhook, after, limit + 1) : ofState.all(webhook, state, after, limit + 1);
}

interface DueRow extends Pick<DeliveryRow, 'uid' | 'seq' | 'tries' | 'redeliveries' | 'created_ms'> {
  readonly event_bytes: number;
  readonly next_attempt_ms: number;
}

function prepareDue(db: Connection): (query: DueQuery) => DueDeliveries {
  const select = (asked: string) =>
    db.prepare<[string, number], DueRow>(
      `SELECT uid, seq, tries, redeliveries, created_ms, next_attempt_ms,
         coalesce((SELECT octet_length(e.data) FROM events AS e WHERE e.seq = d.seq), 0) AS event_bytes
       FROM webhook_deliveries AS d
       WHERE webhook = (SELECT key FROM webhooks WHERE uid = ? AND enabled = 1) AND state = 'pending'${asked} ORDER BY next_attempt_ms LIMIT ?`,
    );
  const [any, asked] = [select(''), select(' AND asked = 1')];
  return ({ webhook, now_ms, limit, asked_only = false }) => {
    const rows = (asked_only ? asked : any).all(webhook, limit + 1);
    const isDue = ({ next_attempt_ms }: DueRow): boolean => next_attempt_ms <= now_ms;
    const due = rows.filter(isDue).slice(0, limit);
    const next_ms = rows.find((row) => !isDue(row))?.next_attempt_ms ?? null;
    return {
      due: due.map(({ uid, seq, tries, redeliveries, created_ms, event_bytes }) => ({
        id: uid,
        event_seq: seq,
        tries,
        redeliveries,
        event_bytes,
        created_at: timeOf(created_ms),
      })),
      next_ms,
    };
  };
}
