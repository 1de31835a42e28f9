import { randomBytes } from 'node:crypto';
import { refuse, type Refusal } from '../../engine/model/refusal.ts';
import type { Connection } from '../connection.ts';
import type { ServiceHandlers } from './context.ts';
import { WEBHOOKS_MAX, type WebhookFields } from '../../service/webhook.ts';
import { SELECT_WEBHOOKS, webhookOf, type WebhookRow } from './webhook_rows.ts';

/** How long a former secret signs beside the new one. */
const FORMER_KNOWN_MS = 86_400_000;
const SECRET_BYTES = 32;

/** The columns that people change. */
type Columns = Pick<
  WebhookRow,
  'url' | 'types' | 'host' | 'dax_device' | 'tenant' | 'description' | 'enabled' | 'disabled_reason'
>;

/** What is asked of the table of webhooks, in the open transaction. */
export interface WebhookTable {
  readonly byId: (id: string) => WebhookRow | null;
  readonly byKey: (key: number) => WebhookRow;
}

/** Prepares looking up webhooks. */
export function prepareWebhookTable(db: Connection): WebhookTable {
  const byId = db.prepare<[string], WebhookRow>(`${SELECT_WEBHOOKS} WHERE w.uid = ?`);
  const byKey = db.prepare<[number], WebhookRow>(`${SELECT_WEBHOOKS} WHERE w.key = ?`);
  return { byId: (id) => byId.get(id) ?? null, byKey: (key) => byKey.get(key)! };
}

/** Prepares making, changing and deleting webhooks. A new one is told of the events from then on. */
export function prepareWebhooks(
  db: Connection,
  table: WebhookTable,
): ServiceHandlers<'create_webhook' | 'patch_webhook' | 'delete_webhook'> {
  const count = db.prepare<[], number>('SELECT count(*) FROM webhooks').pluck();
  const insert = db.prepare(`INSERT INTO webhooks
    (uid, revision, url, types, host, dax_device, tenant, description, enabled, disabled_reason, secret, created_ms, cursor)
    VALUES (@uid, 1, @url, @types, @host, @dax_device, @tenant, @description, @enabled, @disabled_reason, @secret, @now_ms, @seq)`);
  const remove = db.prepare<[string]>('DELETE FROM webhooks WHERE uid = ?');
  const patch = preparePatch(db);
  const rotate = db.prepare(
    'UPDATE webhooks SET former_secret = secret, secret = @secret, former_secret_until_ms = @until_ms WHERE key = @key',
  );
  const target = ({ webhook }: { readonly webhook: string }) => table.byId(webhook);
  return {
    create_webhook: {
      handle: ({ fields, secret: given }, { uid, now_ms, seq, changed }) => {
        if (count.get()! >= WEBHOOKS_MAX)
          return refuse('limit_reached', `there are ${String(WEBHOOKS_MAX)} webhooks already`);
        const [id, secret] = [uid(), given ?? freshSecret()];
        insert.run({ ...columnsOf(fields), uid: id, secret, now_ms, seq });
        changed('webhooks');
        return { ...webhookOf(table.byId(id)!), secret };
      },
    },
    patch_webhook: {
      target,
      handle: ({ webhook, fields, rotation }, { now_ms, changed }) => {
        const row = table.byId(webhook);
        if (row === null) return webhookNotFound(webhook);
        patch(row, fields, now_ms);
        const secret = rotation === undefined ? null : (rotation.secret ?? freshSecret());
        if (secret !== null) rotate.run({ key: row.key, secret, until_ms: now_ms + FORMER_KNOWN_MS });
        changed('webhooks');
        return { ...webhookOf(table.byKey(row.key)), ...(secret === null ? {} : { secret }) };
      },
    },
    delete_webhook: {
      target,
      handle: ({ webhook }, { changed }) => {
        if (remove.run(webhook).changes === 0) return webhookNotFound(webhook);
        changed('webhooks');
        return null;
      },
    },
  };
}

/**
 * Enabled again, it has not failed yet: what is pending goes on, and so does the cursor. That, and another URL, is a
 * receiver that has not been tried: nothing waits for what the former one asked for. Another one has failed at nothing.
 */
function preparePatch(
  db: Connection,
): (row: WebhookRow, fields: Partial<WebhookFields>, now_ms: number) => void {
  const update =
    db.prepare(`UPDATE webhooks SET revision = revision + 1, url = @url, types = @types, host = @host,
    dax_device = @dax_device, tenant = @tenant, description = @description, enabled = @enabled,
    disabled_reason = @disabled_reason, failing_since_ms = @failing_since_ms WHERE key = @key`);
  const sendNow = db.prepare(`UPDATE webhook_deliveries SET next_attempt_ms = @now_ms
    WHERE webhook = @key AND state = 'pending' AND next_attempt_ms > @now_ms`);
  const tryAnew = db.prepare(
    "UPDATE webhook_deliveries SET tries = 0 WHERE webhook = ? AND state = 'pending' AND tries > 0",
  );
  return (row, fields, now_ms) => {
    const columns = { ...row, ...columnsOf({ ...webhookOf(row), ...fields }) };
    // What the service disabled by itself keeps its reason until somebody says otherwise.
    const disabled_reason = fields.enabled === undefined ? row.disabled_reason : columns.disabled_reason;
    const isMoved = columns.url !== row.url;
    const failing_since_ms = fields.enabled === true || isMoved ? null : row.failing_since_ms;
    update.run({ ...columns, disabled_reason, failing_since_ms });
    const isEnabled = row.enabled === 0 && columns.enabled === 1;
    if (isMoved) tryAnew.run(row.key);
    if (isEnabled || isMoved) sendNow.run({ key: row.key, now_ms });
  };
}

function columnsOf({ url, types, host, dax_device, tenant, description, enabled }: WebhookFields): Columns {
  return {
    url,
    types: types === null ? null : JSON.stringify(types),
    host,
    dax_device,
    tenant,
    description,
    enabled: Number(enabled),
    disabled_reason: enabled ? null : 'requested',
  };
}

/** As Standard Webhooks has them: `whsec_` and base64. */
function freshSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/** The refusal of what names no webhook. */
export function webhookNotFound(id: string): Refusal {
  return refuse('webhook_not_found', `there is no webhook ${id}`);
}
