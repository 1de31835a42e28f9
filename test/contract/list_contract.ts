import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { HostRecord, Process } from '../../src/engine/model/host.ts';
import type { ListQuery, Place, Sort, Submitted } from '../../src/store/port.ts';
import { pidsOf, rigOf, type StoreHarness } from './rig.ts';
import { listed } from '../support/listed.ts';

/** What a list of every implementation of the port is sorted by, and cut down to. */
export function listContract(name: string, makeHarness: () => StoreHarness): void {
  describe(`${name} keeps the contract of lists`, () => {
    const { store, createHost, list } = rigOf(makeHarness);

    const submit = (command: Command): Promise<Submitted> => store.submit({ host: 'node-a', command });

    test('a sorted list has every row once, page by page, also of rows that are equal', async () => {
      for (const host of ['node-a', 'node-b']) {
        await createHost(host);
        for (const pid of [10, 9, 200])
          await store.submit({ host, command: { type: 'create_process', pid, comm: host } });
      }
      const pagesOf = async (sort: Sort, limit: number): Promise<string[]> => {
        const rows: string[] = [];
        for (let after: Place | null | undefined; after !== null; ) {
          const page = await list({ limit, sort, ...(after === undefined ? {} : { after }) });
          rows.push(...listed<Process>(page).map(({ pid, comm }) => `${pid} ${comm}`));
          after = page.last;
        }
        return rows;
      };
      const ascending = ['9 node-a', '9 node-b', '10 node-a', '10 node-b', '200 node-a', '200 node-b'];
      for (const limit of [1, 2, 4, 9]) {
        expect(await pagesOf({ field: 'pid', descending: false }, limit)).toEqual(ascending);
        expect(await pagesOf({ field: 'pid', descending: true }, limit)).toEqual([...ascending].reverse());
      }
      const latest = await pagesOf({ field: 'created_at', descending: true }, 2);
      expect(latest.slice(0, 4)).toEqual(['200 node-b', '9 node-b', '10 node-b', '200 node-a']);
    });

    test('a list is of the records with all labels that it names, as they are now', async () => {
      for (const [host, labels] of [
        ['node-a', { rack: '7', row: 'a' }],
        ['node-b', { rack: '7' }],
        ['node-c', { rack: '8', row: 'a' }],
      ] as const) {
        await store.submit({ host, command: { type: 'create_host', name: host, kernel: 'v6.12', labels } });
      }
      const labelled = async (...labels: (readonly [string, string])[]): Promise<string[]> => {
        const page = await list({ kind: 'hosts', labels, limit: 9 });
        return listed<HostRecord>(page).map(({ name }) => name);
      };
      expect(await labelled(['rack', '7'])).toEqual(['node-a', 'node-b']);
      expect(await labelled(['rack', '7'], ['row', 'a'])).toEqual(['node-a']);
      await submit({ type: 'patch_host', labels: { rack: '8' } });
      await store.submit({ host: 'node-b', command: { type: 'delete_host' } });
      expect(await labelled(['rack', '7'])).toEqual([]);
      expect(await labelled(['row', 'a'])).toEqual(['node-c']);
      expect(await labelled(['rack', '8'])).toEqual(['node-a', 'node-c']);
    });

    test('a list is of the records that were made in a time', async () => {
      await createHost();
      const made: Process[] = [];
      for (const pid of [3, 2, 1]) {
        const created = await submit({ type: 'create_process', pid, comm: 'redis' });
        if (created.status !== 'done') throw new Error(created.status);
        made.push(created.answer as Process);
      }
      const times = made.map(({ uid }) => Number.parseInt(uid.replaceAll('-', '').slice(0, 12), 16));
      const between = async (after: number, before: number): Promise<number[]> =>
        pidsOf(await list({ limit: 9, created_after_ms: after, created_before_ms: before }));
      const [first, second, third] = times as [number, number, number];
      expect(await between(first - 1, third + 1)).toEqual([3, 2, 1]);
      const inside = made.filter((_, at) => times[at]! > first && times[at]! < third);
      expect(await between(first, third)).toEqual(inside.map(({ pid }) => pid));
      expect(await between(third, second)).toEqual([]);
    });

    test('[LIST1] what has no labels goes by those of its dax device and of its host', async () => {
      for (const [host, rack] of [
        ['node-a', '7'],
        ['node-b', '8'],
      ] as const) {
        const run = async (command: Command): Promise<void> =>
          expect(await store.submit({ host, command })).toMatchObject({ status: 'done' });
        await run({ type: 'create_host', name: host, kernel: 'v6.12', labels: { rack } });
        for (const device of ['pmem0', 'pmem1']) {
          const labels: Record<string, string> = device === 'pmem0' ? {} : { tier: `hot-${host}` };
          await run({ type: 'create_dax_device', name: device, mode: 'fsdax', size: 2 ** 30, labels });
          await run({
            type: 'create_mount',
            dax_device: device,
            fs_type: 'ext4',
            path: `/${device}`,
            dax: 'always',
            mkfs: true,
          });
        }
        await run({ type: 'create_process', pid: 7, comm: host });
      }
      const found = async (
        query: Partial<ListQuery>,
        ...labels: (readonly [string, string])[]
      ): Promise<string[]> => {
        const page = await list({ kind: 'mounts', labels, limit: 9, ...query });
        return listed<{ host: string; path?: string }>(page).map(({ host, path }) => `${host}${path ?? ''}`);
      };
      const ofHost = ['node-a/pmem0', 'node-a/pmem1'];
      expect(await found({}, ['rack', '7'])).toEqual(ofHost);
      expect(await found({ sort: { field: 'path', descending: true } }, ['rack', '7'])).toEqual(
        [...ofHost].reverse(),
      );
      expect(await found({}, ['tier', 'hot-node-b'])).toEqual(['node-b/pmem1']);
      expect(await found({ host: 'node-a' }, ['tier', 'hot-node-b'])).toEqual([]);
      expect(await found({}, ['tier', 'hot-node-a'], ['rack', '7'])).toEqual(['node-a/pmem1']);
      expect(await found({}, ['tier', 'hot-node-a'], ['rack', '8'])).toEqual([]);
      expect(await found({ kind: 'processes' }, ['rack', '8'])).toEqual(['node-b']);
      expect(await found({ kind: 'processes' }, ['tier', 'hot-node-a'])).toEqual([]);
      expect(await found({ kind: 'dax_devices' }, ['rack', '7'])).toEqual([]);
      const first = await list({ kind: 'mounts', labels: [['rack', '7']], limit: 1 });
      expect(await found({ after: first.last! }, ['rack', '7'])).toEqual(ofHost.slice(1));
      await submit({ type: 'patch_host', labels: { rack: '8' } });
      expect(await found({}, ['rack', '7'])).toEqual([]);
    });

    test('a sort that is not ours is refused', async () => {
      const sort = { field: 'record', descending: false };
      expect(await store.list({ kind: 'hosts', filters: {}, sort, limit: 1 })).toMatchObject({
        code: 'invalid_field',
        pointer: '/sort',
      });
    });
  });
}
