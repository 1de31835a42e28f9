import { beforeEach, describe, expect, test } from 'vitest';
import type { ServiceCommandOf } from '../../src/service/command.ts';
import type { FaultRule, FaultRuleFields } from '../../src/service/fault_rule.ts';
import type { Commit } from '../../src/store/port.ts';
import { rigOf, type StoreHarness } from './rig.ts';

const FIELDS: FaultRuleFields = {
  description: null,
  selector: { operation: 'getHost', host: 'node-a' },
  action: { kind: 'problem', code: 'unavailable', retry_after_s: 1 },
  remaining: null,
  probability: 1,
  seed: 0,
};

/** What every implementation of the port has to do with fault rules, and with the clocks that their delays go by. */
export function faultRuleContract(name: string, makeHarness: () => StoreHarness): void {
  describe(`${name} keeps fault rules`, () => {
    const { store, restart, submitService: submit, doneByService: done } = rigOf(makeHarness);
    const create = (fields: Partial<FaultRuleFields> = {}): Promise<FaultRule> =>
      done<'create_fault_rule'>({ type: 'create_fault_rule', fields: { ...FIELDS, ...fields } });
    const patch = (rule: string, fields: Partial<FaultRuleFields>) =>
      done<'patch_fault_rule'>({ type: 'patch_fault_rule', rule, fields });
    const meet = (...rules: string[]) => done<'meet_fault_rules'>({ type: 'meet_fault_rules', rules });
    /** What a rule decides of the next requests. */
    const decide = async (rule: string, many: number): Promise<string> => {
      let decided = '';
      for (let n = 0; n < many; n += 1) decided += (await meet(rule)) === null ? '.' : 'x';
      return decided;
    };
    const active = async () => (await store.service.activeFaultRules()).map(({ id }) => id);

    test('what is created is read back, and after a restart', async () => {
      const created = await create({ description: 'mine', remaining: 3, probability: 0.5, seed: 7 });
      expect(created).toEqual({
        ...FIELDS,
        ...{ description: 'mine', remaining: 3, probability: 0.5, seed: 7 },
        ...{ id: created.uid, uid: created.uid, revision: 1, matched: 0, applied: 0 },
        created_at: expect.any(String) as string,
      });
      expect(await store.service.faultRule(created.id)).toEqual(created);
      await restart();
      expect(await store.service.faultRule(created.id)).toEqual(created);
      expect((await store.service.faultRules({ limit: 10 })).items).toEqual([created]);
      expect(await store.service.activeFaultRules()).toEqual([created]);
      expect(await store.service.faultRule('other')).toBeNull();
    });

    test('[FAULT1] of the rules that a request meets the first that applies is done, and those before it count it', async () => {
      const never = await create({ probability: 0 });
      const once = await create({ remaining: 1 });
      const always = await create();
      const all = [never.id, once.id, always.id];
      expect(await active()).toEqual(all);
      const first = await meet(...all);
      const second = await meet(...all);
      expect([first?.id, second?.id, await meet('other'), await meet()]).toEqual([
        once.id,
        always.id,
        null,
        null,
      ]);
      const counted = async (id: string) => {
        const { matched, applied, remaining, revision } = (await store.service.faultRule(id))!;
        return [matched, applied, remaining, revision];
      };
      expect([await counted(never.id), await counted(once.id), await counted(always.id)]).toEqual([
        [2, 0, null, 1],
        [1, 1, 0, 1],
        [1, 1, null, 1],
      ]);
      expect(await active()).toEqual([never.id, always.id]);
    });

    test('[FAULT2] counts, what remains and the sequence of a seed go on after a restart', async () => {
      const chance = { probability: 0.5, seed: 42 };
      const whole = await decide((await create(chance)).id, 24);
      expect(whole).toMatch(/x.*\./);
      const rule = await create({ ...chance, remaining: 20 });
      const before = await decide(rule.id, 12);
      await restart();
      const counted = await store.service.faultRule(rule.id);
      const applied = before.replaceAll('.', '').length;
      expect(counted).toMatchObject({ matched: 12, applied, remaining: 20 - applied, revision: 1 });
      expect(before + (await decide(rule.id, 12))).toBe(whole);
      await patch(rule.id, { remaining: 0 });
      await restart();
      expect(await active()).not.toContain(rule.id);
      expect([await meet(rule.id), (await store.service.faultRule(rule.id))?.matched]).toEqual([null, 24]);
    });

    test('another seed begins its sequence anew, any other change goes on', async () => {
      const { id } = await create({ probability: 0.5, seed: 1 });
      const first = await decide(id, 8);
      expect(await patch(id, { seed: 1, description: 'x' })).toMatchObject({ revision: 2, matched: 8 });
      const second = await decide(id, 8);
      expect(await patch(id, { seed: 2 })).toMatchObject({ revision: 3, matched: 0 });
      expect(await patch(id, { seed: 1 })).toMatchObject({ revision: 4, matched: 0 });
      expect(await decide(id, 16)).toBe(first + second);
    });

    test('If-Match takes the present state, whatever was counted since, and a dry run stores nothing', async () => {
      const { id, uid } = await create();
      await meet(id);
      const change = { type: 'patch_fault_rule', rule: id, fields: { remaining: 5 } } as const;
      const state = (revision: number) => ({ precondition: { states: [{ uid, revision }] } });
      expect(await submit<'patch_fault_rule'>(change, state(2))).toEqual({ status: 'precondition_failed' });
      const dry = await submit<'patch_fault_rule'>(change, { ...state(1), dry_run: true });
      expect(dry).toMatchObject({ status: 'done', answer: { remaining: 5, revision: 2 } });
      expect(await store.service.faultRule(id)).toMatchObject({ remaining: null, revision: 1, applied: 1 });
      const changed = await submit<'patch_fault_rule'>(change, state(1));
      expect(changed).toMatchObject({ status: 'done', answer: { remaining: 5, revision: 2 } });
    });

    test('what is deleted applies no more, and is not found', async () => {
      const { id } = await create();
      expect(await done<'delete_fault_rule'>({ type: 'delete_fault_rule', rule: id })).toBeNull();
      expect([await store.service.faultRule(id), await active(), await meet(id)]).toEqual([null, [], null]);
      for (const command of [
        { type: 'delete_fault_rule', rule: id },
        { type: 'patch_fault_rule', rule: id, fields: {} },
      ] as const)
        expect(await submit(command)).toMatchObject({ refusal: { code: 'fault_rule_not_found' } });
    });

    test('a commit tells that rules have changed where one may apply that did not, or none any more', async () => {
      const commits: Commit['service'][] = [];
      store.onCommit(({ service }) => void commits.push(service));
      const { id } = await create({ remaining: 2 });
      await meet(id);
      await meet(id);
      await patch(id, { remaining: 1 });
      await done<'delete_fault_rule'>({ type: 'delete_fault_rule', rule: id });
      const rules = ['fault_rules'];
      expect(commits).toEqual([rules, [], rules, rules, rules]);
    });

    test('lists are paged in order of creation, of 100 rules at most', async () => {
      const ids: string[] = [];
      for (let at = 0; at < 100; at += 1) ids.push((await create()).id);
      const first = await store.service.faultRules({ limit: 60 });
      const rest = await store.service.faultRules({ limit: 60, after: first.last! });
      expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(ids);
      expect(rest.last).toBeNull();
      const more = await submit<'create_fault_rule'>({ type: 'create_fault_rule', fields: FIELDS });
      expect(more).toMatchObject({ refusal: { code: 'limit_reached' } });
    });
  });

  describe(`${name} keeps the clocks of hosts`, () => {
    const { store, restart, createHost, submitService } = rigOf(makeHarness);
    beforeEach(() => createHost());

    const host = 'node-a';
    const set = (asked: Omit<ServiceCommandOf<'set_clock'>, 'type' | 'host'>) =>
      submitService<'set_clock'>({ type: 'set_clock', host, ...asked });

    test('one is real until it is stopped, and stands where it was put after a restart', async () => {
      const uid = (await store.get('hosts', host, host))?.uid;
      expect(await store.service.clock(host)).toEqual({
        ...{ host, uid, revision: 1, mode: 'real', advanced_ms: 0 },
        ...{ stopped_advanced_ms: 0, stopped_revision: 1 },
      });
      expect(await set({ advance_ms: 1 })).toMatchObject({ refusal: { code: 'clock_not_manual' } });
      await set({ mode: 'manual', advance_ms: 5 });
      await set({ advance_ms: 7 });
      await restart();
      expect(await store.service.clock(host)).toEqual({
        ...{ host, uid, revision: 3, mode: 'manual', advanced_ms: 12 },
        ...{ stopped_advanced_ms: 12, stopped_revision: 2 },
      });
      expect(await set({ mode: 'real' })).toMatchObject({ answer: { mode: 'real', advanced_ms: 0 } });
      // Who waited by it is told how far it came.
      expect(await store.service.clock(host)).toMatchObject({ stopped_advanced_ms: 12, stopped_revision: 2 });
    });

    test('with a host its clock goes, and another one of that name has its own', async () => {
      await set({ mode: 'manual', advance_ms: 5 });
      await store.submit({ host, command: { type: 'delete_host' } });
      expect(await store.service.clock(host)).toBeNull();
      expect(await set({ mode: 'manual' })).toMatchObject({ refusal: { code: 'host_not_found' } });
      await createHost();
      expect(await store.service.clock(host)).toMatchObject({ mode: 'real', revision: 1 });
    });
  });
}
