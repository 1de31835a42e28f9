import { createHash } from 'node:crypto';
import { refuse } from '../../engine/model/refusal.ts';
import type { FaultRule, FaultRuleFields } from '../../service/fault_rule.ts';
import type { Connection } from '../connection.ts';
import { timeOf } from '../time.ts';
import type { ServiceHandler, ServiceHandlers } from './context.ts';

/** Each request is compared with each of them. */
const RULES_MAX = 100;

/** A row of `fault_rules`. */
export interface FaultRuleRow
  extends Pick<
    FaultRule,
    'uid' | 'revision' | 'description' | 'remaining' | 'probability' | 'seed' | 'matched' | 'applied'
  > {
  readonly key: number;
  readonly selector: string;
  readonly action: string;
  readonly created_ms: number;
}

/** Rows of fault rules, in SQL. */
export const SELECT_FAULT_RULES = 'SELECT * FROM fault_rules';

/** Prepares looking up a rule; undefined where there is none. */
export function prepareFaultRule(db: Connection): (id: string) => FaultRuleRow | undefined {
  const find = db.prepare<[string], FaultRuleRow>(`${SELECT_FAULT_RULES} WHERE uid = ?`);
  return (id) => find.get(id);
}

/** A rule as it is shown. */
export function faultRuleOf({ key: _key, created_ms, ...row }: FaultRuleRow): FaultRule {
  return {
    id: row.uid,
    ...row,
    selector: JSON.parse(row.selector) as FaultRule['selector'],
    action: JSON.parse(row.action) as FaultRule['action'],
    created_at: timeOf(created_ms),
  };
}

/**
 * What rules say of the n-th request that they meet: the first 48 bits of the SHA-256 of `SEED:N`, as a part of all that
 * these can be, from 0 to below 1.
 */
function draw(seed: number, n: number): number {
  const digest = createHash('sha256')
    .update(`${String(seed)}:${String(n)}`)
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** Prepares making, changing and deleting rules, and deciding which applies: in order of creation, the first that does. */
export function prepareFaultRules(
  db: Connection,
): ServiceHandlers<'create_fault_rule' | 'patch_fault_rule' | 'delete_fault_rule' | 'meet_fault_rules'> {
  const find = prepareFaultRule(db);
  const count = db.prepare<[], number>('SELECT count(*) FROM fault_rules').pluck();
  const insert = db.prepare(`INSERT INTO fault_rules
    (uid, revision, description, selector, action, remaining, probability, seed, created_ms)
    VALUES (@uid, 1, @description, @selector, @action, @remaining, @probability, @seed, @now_ms)`);
  const update = db.prepare(`UPDATE fault_rules SET revision = revision + 1, description = @description,
    selector = @selector, action = @action, remaining = @remaining, probability = @probability, seed = @seed,
    matched = @matched WHERE uid = @uid`);
  const remove = db.prepare<[string]>('DELETE FROM fault_rules WHERE uid = ?');
  const target = ({ rule }: { readonly rule: string }) => find(rule) ?? null;
  const notFound = (id: string) => refuse('fault_rule_not_found', `there is no fault rule ${id}`);
  return {
    create_fault_rule: {
      handle: ({ fields }, { uid, now_ms, changed }) => {
        if (count.get()! >= RULES_MAX)
          return refuse('limit_reached', `there are ${String(RULES_MAX)} fault rules already`);
        const id = uid();
        insert.run({ ...columnsOf(fields), uid: id, now_ms });
        changed('fault_rules');
        return faultRuleOf(find(id)!);
      },
    },
    patch_fault_rule: {
      target,
      handle: ({ rule, fields }, { changed }) => {
        const row = find(rule);
        if (row === undefined) return notFound(rule);
        // Another seed is another sequence: it begins anew.
        const matched = fields.seed === undefined || fields.seed === row.seed ? row.matched : 0;
        update.run({ ...columnsOf({ ...faultRuleOf(row), ...fields }), uid: rule, matched });
        changed('fault_rules');
        return faultRuleOf(find(rule)!);
      },
    },
    delete_fault_rule: {
      target,
      handle: ({ rule }, { changed }) => {
        if (remove.run(rule).changes === 0) return notFound(rule);
        changed('fault_rules');
        return null;
      },
    },
    meet_fault_rules: prepareMeet(db, find),
  };
}

function prepareMeet(
  db: Connection,
  find: (id: string) => FaultRuleRow | undefined,
): ServiceHandler<'meet_fault_rules'> {
  const note = db.prepare(
    'UPDATE fault_rules SET matched = matched + 1, applied = applied + @applied, remaining = remaining - @applied WHERE key = @key',
  );
  return {
    handle: ({ rules }, { changed }) => {
      for (const id of rules) {
        const row = find(id);
        if (row === undefined || row.remaining === 0) continue;
        const isApplied = draw(row.seed, row.matched + 1) < row.probability;
        note.run({ key: row.key, applied: Number(isApplied) });
        if (!isApplied) continue;
        if (row.remaining === 1) changed('fault_rules');
        return faultRuleOf(row);
      }
      return null;
    },
  };
}

function columnsOf({ description, selector, action, remaining, probability, seed }: FaultRuleFields) {
  const [selected, acted] = [JSON.stringify(selector), JSON.stringify(action)];
  return { description, selector: selected, action: acted, remaining, probability, seed };
}
