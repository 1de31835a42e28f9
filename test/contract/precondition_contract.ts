import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { Submission, Submitted } from '../../src/store/port.ts';
import type { RecordState } from '../../src/store/state.ts';
import { rigOf, type StoreHarness } from './rig.ts';

/** What every implementation of the port makes of the conditions under which a command is sent. */
export function preconditionContract(name: string, makeHarness: () => StoreHarness): void {
  describe(`${name} keeps the contract of preconditions`, () => {
    const { store } = rigOf(makeHarness);

    const submit = (command: Command, more: Partial<Submission> = {}): Promise<Submitted> =>
      store.submit({ host: 'node-a', command, ...more });
    const createHost = (more: Partial<Submission> = {}): Promise<Submitted> =>
      submit({ type: 'create_host', name: 'node-a', kernel: 'v6.12' }, more);
    const createProcess = (pid: number, more: Partial<Submission> = {}): Promise<Submitted> =>
      submit({ type: 'create_process', pid, comm: 'redis' }, more);
    const statesNow = async (): Promise<readonly RecordState[]> => {
      const { uid, revision } = (await store.get('hosts', 'node-a', 'node-a'))!;
      return [{ uid, revision }];
    };

    test('a replay answers although the record has changed since its If-Match', async () => {
      await createHost();
      const more = {
        precondition: { kind: 'hosts', id: 'node-a', states: await statesNow() },
        idempotency: { key: 'key', fingerprint: 'one' },
      } as const;
      const patch: Command = { type: 'patch_host', labels: { rack: '1' } };
      expect(await submit(patch, more)).toMatchObject({ status: 'done', replayed: false });
      expect(await submit(patch, more)).toMatchObject({ status: 'done', replayed: true });
    });

    test('If-Match holds for the current revision, for a list with it and for *', async () => {
      await createHost();
      const uid = (await store.get('hosts', 'node-a', 'node-a'))?.uid ?? '';
      const patch = (states: '*' | readonly RecordState[]): Promise<Submitted> =>
        submit({ type: 'patch_host', labels: {} }, { precondition: { kind: 'hosts', id: 'node-a', states } });
      expect((await patch([{ uid, revision: 1 }])).status).toBe('done');
      expect((await patch([{ uid, revision: 1 }])).status).toBe('precondition_failed');
      expect((await patch([{ uid: 'other', revision: 2 }])).status).toBe('precondition_failed');
      expect((await patch([])).status).toBe('precondition_failed');
      expect(
        (
          await patch([
            { uid: 'other', revision: 1 },
            { uid, revision: 2 },
          ])
        ).status,
      ).toBe('done');
      expect((await patch('*')).status).toBe('done');
    });

    test('If-Match on what is not there: not found stays not found, anything else has failed', async () => {
      const precondition = { kind: 'processes', id: '9', states: '*' } as const;
      await createHost();
      expect((await submit({ type: 'exit_process', pid: 9 }, { precondition })).status).toBe('refused');
      expect((await createProcess(9, { precondition })).status).toBe('precondition_failed');
      expect(await store.get('processes', 'node-a', '9')).toBeNull();
    });

    test('what is to be absent must not exist, whatever else is asked', async () => {
      const absent = { precondition: { kind: 'hosts', id: 'node-a', absent: true } } as const;
      const exists = { status: 'precondition_failed', exists: true };
      expect(await createHost({ ...absent, dry_run: true })).toMatchObject({ status: 'done' });
      expect(await createHost(absent)).toMatchObject({ status: 'done' });
      expect(await createHost(absent)).toEqual(exists);
      const patch: Command = { type: 'patch_host', labels: { rack: '1' } };
      expect(await submit(patch, absent)).toEqual(exists);
      expect(await submit(patch, { ...absent, dry_run: true })).toEqual(exists);
      const both = { precondition: { ...absent.precondition, states: await statesNow() } };
      expect(await submit(patch, both)).toEqual(exists);
      expect((await store.get('hosts', 'node-a', 'node-a'))?.labels).toEqual({});
    });

    test('what another thread decides may be told to be absent, too', async () => {
      const put = (more: Partial<Submission> = {}): Promise<Submitted> =>
        submit(
          { type: 'put_topology', name: 'node-a', topology: { kernel: 'v6.12' } },
          { precondition: { kind: 'hosts', id: 'node-a', absent: true }, ...more },
        );
      expect(await put()).toMatchObject({ status: 'done' });
      const exists = { status: 'precondition_failed', exists: true };
      expect([await put(), await put({ dry_run: true })]).toEqual([exists, exists]);
    });
  });
}
