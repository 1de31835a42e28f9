import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { Process } from '../../src/engine/model/host.ts';
import type { Assessment } from '../../src/engine/questions/record.ts';
import { packJson, unpackJson } from '../../src/store/packed.ts';
import type {
  AssessmentPage,
  AssessmentQuery,
  Commit,
  PackedSubmission,
  Submission,
  Submitted,
} from '../../src/store/port.ts';
import { listed } from '../support/listed.ts';
import { pidsOf, rigOf, type StoreHarness } from './rig.ts';

/** What every implementation of the port has to do. */
export function storeContract(name: string, makeHarness: () => StoreHarness): void {
  describe(`${name} keeps the contract of a store`, () => {
    const { store, dump, restart, createHost, list } = rigOf(makeHarness);

    const submit = (command: Command, more: Partial<Submission> = {}): Promise<Submitted> =>
      store.submit({ host: 'node-a', command, ...more });
    const createProcess = (pid: number, more: Partial<Submission> = {}): Promise<Submitted> =>
      submit({ type: 'create_process', pid, comm: 'redis' }, more);
    const fail = (fault: string): Promise<Submitted> => submit({ type: 'patch_host', labels: { fault } });

    test('what was submitted is read back, by id and by uid, and after a restart', async () => {
      const created = done(await createHost());
      const host = await store.get('hosts', 'node-a', 'node-a');
      expect(host).toEqual(created.answer);
      expect(await store.getByUid('hosts', host?.uid ?? '')).toEqual(host);
      const text = { state: `${host?.uid ?? ''}.1`, text: JSON.stringify(host) };
      expect(await store.getText('hosts', 'node-a', 'node-a')).toEqual(text);
      expect(await store.getTextByUid('hosts', host?.uid ?? '')).toEqual(text);
      await restart();
      expect(await store.get('hosts', 'node-a', 'node-a')).toEqual(host);
      expect(done(await createProcess(1)).seq).toBe(2);
    });

    test('packed records are those of one host, as a list has them', async () => {
      await createHost();
      for (const pid of [3, 1, 2]) await createProcess(pid);
      await createHost('node-b');
      const bytes = await store.packedRecords({ host: 'node-a', kinds: ['hosts', 'processes', 'mounts'] });
      const page = await list({ host: 'node-a', limit: 10 });
      expect(unpackJson(bytes!)).toEqual({
        hosts: [await store.get('hosts', 'node-a', 'node-a')],
        processes: listed(page),
        mounts: [],
      });
      expect(await store.packedRecords({ host: 'nobody', kinds: ['hosts'] })).toBeNull();
    });

    test('a packed submission is decided as any other, with its conditions', async () => {
      await createHost();
      const listed = { name: 'pmem0', mode: 'fsdax', size: 4096, change: 'created' } as const;
      const command = { type: 'import_inventory', devices: [listed], record: {}, imported: '[1]' } as const;
      const submitPacked = (more: Partial<PackedSubmission>): Promise<Submitted> =>
        store.submitPacked({ host: 'node-a', ...more, command: packJson(command) });
      expect(done(await submitPacked({ dry_run: true })).answer).toBe('[1]');
      expect(await store.get('dax_devices', 'node-a', 'pmem0')).toBeNull();
      const idempotency = { key: 'k', fingerprint: 'f' };
      const first = done(await submitPacked({ idempotency }));
      expect(first.answer).toBe('[1]');
      expect(await submitPacked({ idempotency })).toEqual({ ...first, replayed: true });
      expect(await store.get('dax_devices', 'node-a', 'pmem0')).toMatchObject({ size: 4096 });
      expect(await submitPacked({ host: 'nobody' })).toMatchObject({
        status: 'refused',
        refusal: { code: 'host_not_found' },
      });
    });

    test('a batch is decided as any other command, with its conditions, and answered as packed JSON', async () => {
      await createHost();
      const items = [1, 2].map((pid) => ({ type: 'create_process', pid, comm: `é${String(pid)}` }) as const);
      const batch = { host: 'node-a', command: { type: 'batch', items } } as const;
      const answered = async (more: object): Promise<unknown> =>
        unpackJson(done(await store.submitBatch({ ...batch, ...more })).answer);
      expect(await answered({ dry_run: true })).toMatchObject({ items: [{ pid: 1 }, { pid: 2 }] });
      const idempotency = { key: 'k', fingerprint: 'f' };
      const first = await answered({ idempotency });
      expect(await answered({ idempotency })).toEqual(first);
      expect(first).toMatchObject({ items: [await store.get('processes', 'node-a', '1'), { pid: 2 }] });
    });

    test('what is not there is null', async () => {
      expect(await store.get('hosts', 'node-a', 'node-a')).toBeNull();
      expect(await store.getByUid('removals', 'nothing')).toBeNull();
      expect(await store.getText('hosts', 'node-a', 'node-a')).toBeNull();
      expect(await store.getTextByUid('removals', 'nothing')).toBeNull();
    });

    test('a command to a host that is not there is refused', async () => {
      expect(await createProcess(1)).toMatchObject({
        status: 'refused',
        refusal: { code: 'host_not_found' },
      });
    });

    test('a refusal changes nothing', async () => {
      await createHost();
      await createProcess(1);
      const before = await dump();
      expect(await createProcess(1, { idempotency: { key: 'k', fingerprint: 'f' } })).toMatchObject({
        status: 'refused',
        refusal: { code: 'process_exists' },
      });
      expect(await dump()).toBe(before);
    });

    test('a dry run answers the same and leaves every byte as it was', async () => {
      await createHost();
      const before = await dump();
      const dry = done(
        await createProcess(7, { dry_run: true, idempotency: { key: 'k', fingerprint: 'f' } }),
      );
      expect(await dump()).toBe(before);
      const real = done(await createProcess(7, { idempotency: { key: 'k', fingerprint: 'f' } }));
      expect(dry.answer).toEqual({ ...(real.answer as Process), uid: expect.any(String) as string });
      expect(real.replayed).toBe(false);
    });

    test('a key replays its reply, and is refused to another request', async () => {
      await createHost();
      const idempotency = { key: 'key', fingerprint: 'one' };
      const first = done(await createProcess(1, { idempotency }));
      const before = await dump();
      expect(await createProcess(1, { idempotency })).toEqual({ ...first, replayed: true });
      expect(await createProcess(2, { idempotency: { key: 'key', fingerprint: 'two' } })).toEqual({
        status: 'idempotency_mismatch',
      });
      expect(await dump()).toBe(before);
    });

    test('two requests with one key in one batch have one effect', async () => {
      await createHost();
      const idempotency = { key: 'key', fingerprint: 'one' };
      const both = await Promise.all([createProcess(1, { idempotency }), createProcess(1, { idempotency })]);
      expect(both.map((one) => done(one).replayed)).toEqual([false, true]);
    });

    test('a list is in order of creation, a page at a time, and neither skips nor repeats', async () => {
      await createHost();
      const created = [10, 9, 2, 1, 30];
      for (const pid of created) await createProcess(pid);
      const first = await list({ host: 'node-a', limit: 2 });
      await createProcess(31);
      const second = await list({ limit: 2, after: first.last ?? [0] });
      const third = await list({ limit: 2, after: second.last ?? [0] });
      expect([first, second, third].map(pidsOf)).toEqual([
        [10, 9],
        [2, 1],
        [30, 31],
      ]);
      expect(third.last).toBeNull();
      expect([first.as_of, third.as_of]).toEqual([6, 7]);
    });

    test('a list is filtered by fields of the record', async () => {
      await createHost();
      await createHost('node-b');
      await submit({ type: 'create_process', pid: 5, comm: 'a', tenant: 'red' });
      await store.submit({
        host: 'node-b',
        command: { type: 'create_process', pid: 5, comm: 'b', tenant: 'blue' },
      });
      expect((await list({ limit: 9, filters: { pid: 5 } })).count).toBe(2);
      expect((await list({ limit: 9, filters: { tenant: 'red', pid: 5 } })).count).toBe(1);
      expect((await list({ limit: 9, host: 'node-b', filters: { tenant: 'red' } })).count).toBe(0);
      expect((await list({ limit: 9, filters: { id: 5 } })).count).toBe(2);
    });

    test('a filter that is not ours is refused', async () => {
      expect(await store.list({ kind: 'hosts', filters: { record: '' }, limit: 1 })).toMatchObject({
        code: 'invalid_field',
      });
    });

    test('events are numbered densely and paged after their number', async () => {
      await createHost();
      await createHost('node-b');
      await createProcess(1);
      await createProcess(1);
      await createProcess(2);
      const page = await store.events({ after: 1, limit: 2 });
      expect(page.items.map(({ seq, host, type }) => [seq, host, type])).toEqual([
        [2, 'node-b', 'host_created'],
        [3, 'node-a', 'process_created'],
      ]);
      expect(page.as_of).toBe(4);
      // What an event tells is text: nobody parses it to send it on.
      expect(page.items.map(({ data }) => JSON.parse(data) as unknown)).toEqual([
        { kernel: 'v6.12' },
        { comm: 'redis' },
      ]);
      expect(
        (await store.events({ after: 0, limit: 9, host: 'node-b' })).items.map(({ seq }) => seq),
      ).toEqual([2]);
    });

    test('an answer comes after the commit that holds it, and many share one', async () => {
      await createHost();
      const commits: Commit[] = [];
      store.onCommit((commit) => commits.push(commit));
      const numbers = Array.from({ length: 200 }, (_, position) => position + 1);
      await Promise.all(
        numbers.map(async (pid) => {
          const { seq } = done(await createProcess(pid));
          expect(await store.get('processes', 'node-a', String(pid))).not.toBeNull();
          expect((await store.events({ after: seq - 1, limit: 1 })).items[0]?.subject).toBe(
            `processes/${pid}`,
          );
        }),
      );
      expect(commits.length).toBeLessThan(100);
      expect(commits.at(-1)?.seq).toBe(201);
    });

    test('who listens is told of a commit before whoever waits for it goes on', async () => {
      const told: string[] = [];
      store.onCommit(() => told.push('commit'));
      await createHost().then(() => told.push('answer'));
      expect(told).toEqual(['commit', 'answer']);
    });

    test('a bug in one command rejects that one alone', async () => {
      await createHost();
      await createProcess(1);
      const results = await Promise.allSettled([
        createProcess(2),
        fail('bug'),
        createProcess(3),
        fail('bug'),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
      expect(pidsOf(await list({ host: 'node-a', limit: 9 }))).toEqual([1, 2, 3]);
      expect(await createProcess(1)).toMatchObject({ refusal: { code: 'process_exists' } });
      expect((await store.events({ after: 0, limit: 9 })).items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    });

    test('deleting a host deletes all that was its own, and its name can be used again', async () => {
      await createHost();
      await createProcess(1);
      const before = await store.get('hosts', 'node-a', 'node-a');
      done(await submit({ type: 'delete_host' }));
      expect(listed(await list({ limit: 9 }))).toEqual([]);
      expect(await createProcess(2)).toMatchObject({ refusal: { code: 'host_not_found' } });
      await createHost();
      expect((await store.get('hosts', 'node-a', 'node-a'))?.uid).not.toBe(before?.uid);
      expect(await store.get('processes', 'node-a', '1')).toBeNull();
    });

    test('the assessment is of what is committed, a page at a time, in order of creation', async () => {
      await createHost('node-b');
      await createHost();
      const names = ['pmem0', 'pmem1', 'pmem2'];
      for (const name of names) await createDevice('node-a', name);
      await createDevice('node-b', 'pmem0');
      const first = await assess({ limit: 3 });
      expect(first.items.map(placeOf)).toEqual(names.map((name) => `node-a/${name} contained`));
      expect([first.as_of, first.summary]).toMatchObject([6, { devices: 4, contained: 4, refused: 0 }]);
      const second = await assess({ limit: 3, after: first.last ?? 0 });
      expect([second.items.map(placeOf), second.last]).toEqual([['node-b/pmem0 contained'], null]);
      const filtered = await assess({ limit: 9, filters: { host: 'node-b', verdict: 'contained' } });
      expect([filtered.items.length, filtered.summary.devices]).toEqual([1, 1]);
    });

    test('the assessment follows every change, and a host that goes', async () => {
      await createHost();
      await createHost('node-b');
      await createDevice('node-a', 'pmem0');
      await createDevice('node-b', 'pmem0');
      expect((await assess({})).summary).toMatchObject({ contained: 2 });
      for (const command of EXPOSED) done(await submit(command));
      const { items, summary } = await assess({});
      expect(items.map(placeOf)).toEqual(['node-a/pmem0 exposed', 'node-b/pmem0 contained']);
      expect(summary).toMatchObject({ exposed: 1, contained: 1 });
      expect(adviceOf(items[0])).toContain('mkfs_xfs_rmapbt');
      expect((await assess({})).items).toEqual(items);
      await submit({ type: 'patch_host', labels: { rack: '1' } });
      expect((await assess({})).items).toEqual(items);
      done(await store.submit({ host: 'node-b', command: { type: 'delete_host' } }));
      expect((await assess({})).summary.devices).toBe(1);
    });

    test('advice is worked out for the page that is asked for, and not lost by a later one', async () => {
      await createHost();
      await createDevice('node-a', 'pmem0');
      for (const command of EXPOSED) done(await submit(command));
      await assess({ limit: 1, filters: { mode: 'devdax' } });
      expect(adviceOf((await assess({})).items[0])).toContain('stop_processes');
    });

    const createDevice = (host: string, name: string): Promise<Submitted> =>
      store.submit({ host, command: { type: 'create_dax_device', name, mode: 'fsdax', size: 2 ** 26 } });
    const assess = async (query: Partial<AssessmentQuery>): Promise<AssessmentPage> => {
      const page = await store.assess({ filters: {}, limit: 9, ...query });
      if ('refused' in page) throw new Error(page.detail);
      return page;
    };

    test('a store that is closed takes nothing', async () => {
      await store.close();
      await expect(createHost()).rejects.toThrow('closed');
      await expect(store.assess({ filters: {}, limit: 1 })).rejects.toThrow('closed');
      await expect(store.packedRecords({ host: 'node-a', kinds: [] })).rejects.toThrow('closed');
      await store.close();
    });
  });
}

/** A process that maps a file of ext4: v6.12 leaves its entries. Ids: file system s1, mount m2, file f3. */
const EXPOSED: readonly Command[] = [
  { type: 'create_mount', dax_device: 'pmem0', path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true },
  { type: 'create_file', mount: 'm2', path: '/a', size: 2 ** 22 },
  { type: 'create_process', pid: 1, comm: 'redis' },
  {
    type: 'create_mapping',
    pid: 1,
    file: 'f3',
    offset: 0,
    length: 2 ** 21,
    flags: ['shared'],
    prot: 'r',
    populate: 'read',
  },
];

function placeOf(item: string): string {
  const { host, dax_device, verdict } = JSON.parse(item) as Assessment;
  return `${host}/${dax_device} ${verdict ?? 'none'}`;
}

function adviceOf(item: string | undefined): string[] {
  return (JSON.parse(item ?? '{}') as Assessment).advice.map(({ action }) => action);
}

function done<Answer>(submitted: Submitted<Answer>): Extract<Submitted<Answer>, { status: 'done' }> {
  if (submitted.status !== 'done') throw new Error(JSON.stringify(submitted));
  return submitted;
}
