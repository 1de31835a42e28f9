import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { collectBatches, type Batches } from '../../src/runtime/batches.ts';
import { prepareDecide } from '../../src/runtime/decider.ts';
import type { FromWriter } from '../../src/runtime/message.ts';
import { unpackDecided } from '../../src/store/packed_decision.ts';
import type { Decided } from '../../src/store/decided.ts';
import { memoryWriter } from '../store/support/memory_writer.ts';

const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';
const HOLD_MS = 1_000;
const unbind = { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' } as const;
const processOf = (pid: number): Command => ({ type: 'create_process', pid, comm: 'a' });

let batches: Batches;
let told: string[];
let decide: (command: Command) => Decided;
let ids = 0;
let fault: Error | null;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { db, now, uid, transact } = memoryWriter({ startTurn: () => () => true });
  const decideIt = prepareDecide(db, () => ({ now: now(), uid }));
  decide = (command) => unpackDecided(decideIt({ work: { host: 'h', command } }));
  [told, ids, fault] = [[], 0, null];
  const tell = (message: FromWriter): void => {
    if (message.type === 'refused') for (const id of message.ids) told.push(`${String(id)} refused`);
    if (message.type !== 'committed') return;
    for (const [at, id] of message.ids.entries()) told.push(`${String(id)} ${textOf(message.settled[at]!)}`);
  };
  batches = collectBatches({
    path: '',
    transact: (batch) => {
      if (fault !== null) throw fault;
      return transact(batch);
    },
    lost: () => null,
    tell,
    afterCommit: () => undefined,
    holdMs: HOLD_MS,
  });
});
afterEach(() => vi.useRealTimers());

function textOf(settled: Extract<FromWriter, { type: 'committed' }>['settled'][number]): string {
  if ('error' in settled) return 'error';
  const { submitted } = settled;
  return submitted.status === 'undecided' ? `held by ${String(submitted.hold)}` : submitted.status;
}

const add = (command: Command, host = 'h'): number => {
  batches.add({ id: (ids += 1), work: { host, command }, resumes: null });
  return ids;
};
const resume = (resumes: number, decided: Decided, command: Command = unbind): void =>
  batches.add({ id: (ids += 1), work: { host: 'h', command, decided }, resumes });

async function toRest(): Promise<string[]> {
  for (let at = 0; at < 20; at += 1) await turn();
  return told.splice(0);
}

/** A host of whose kernel not all is known, and one that is held for its unbind: 4. */
async function held(): Promise<void> {
  add({ type: 'create_host', name: 'h', kernel_release: RHEL_9 });
  add({ type: 'create_dax_device', name: 'pmem0', mode: 'raw', size: 1 << 30 });
  add({ type: 'create_dax_device', name: 'pmem1', mode: 'raw', size: 1 << 30 });
  add(unbind);
  expect(await toRest()).toEqual(['1 done', '2 done', '3 done', '4 held by 4']);
}

test('who comes later waits for what is decided, in order, and other hosts go on', async () => {
  await held();
  const decided = decide(unbind);
  add(processOf(7));
  add({ type: 'create_host', name: 'other', kernel: 'v6.12' }, 'other');
  add(processOf(8));
  expect(await toRest()).toEqual(['6 done']);
  resume(4, decided);
  expect(await toRest()).toEqual(['8 done', '5 done', '7 done']);
});

test('what was queued behind it in the same batch waits as well', async () => {
  await held();
  batches.letGo(4);
  for (const command of [unbind, processOf(7), processOf(8)]) add(command);
  expect(await toRest()).toEqual(['5 held by 5']);
  resume(5, decide(unbind));
  expect(await toRest()).toEqual(['8 done', '6 done', '7 done']);
});

test('one that waits may hold the host in its turn', async () => {
  await held();
  add({ ...unbind, dax_device: 'pmem1' });
  add(processOf(7));
  resume(4, decide(unbind));
  expect(await toRest()).toEqual(['7 done', '5 held by 5']);
  resume(5, decide({ ...unbind, dax_device: 'pmem1' }), { ...unbind, dax_device: 'pmem1' });
  expect(await toRest()).toEqual(['8 done', '6 done']);
});

test('where nobody can decide, who waits goes on; a hold that has ended ends nothing', async () => {
  await held();
  add(processOf(7));
  batches.letGo(4);
  batches.letGo(4);
  expect(await toRest()).toEqual(['5 done']);
  add(processOf(8));
  expect(await toRest()).toEqual(['6 done']);
});

test('nobody waits for longer than a hold may last: what was decided is overtaken, and holds the host again', async () => {
  await held();
  const decided = decide(unbind);
  add(processOf(7));
  vi.advanceTimersByTime(HOLD_MS - 1);
  expect(await toRest()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(await toRest()).toEqual(['5 done']);
  resume(4, decided);
  expect(await toRest()).toEqual(['6 held by 6']);
  resume(6, decide(unbind));
  expect(await toRest()).toEqual(['7 done']);
});

test('of a host that somebody changed from outside the hold goes on', async () => {
  await held();
  const decided = decide(unbind);
  add(processOf(7));
  const late = 'decision' in decided ? { ...decided, host_seq: 1 } : decided;
  resume(4, late);
  expect(await toRest()).toEqual(['6 held by 4']);
  resume(4, decided);
  expect(await toRest()).toEqual(['7 done', '5 done']);
});

test('where its commit is refused the host is held no more', async () => {
  await held();
  add(processOf(7));
  fault = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
  resume(4, decide(unbind));
  await turn();
  fault = null;
  expect(await toRest()).toEqual(['6 refused', '5 done']);
});

test('what changes nothing holds nobody up', async () => {
  await held();
  batches.letGo(4);
  batches.add({ id: (ids += 1), work: { host: 'h', command: unbind, dry_run: true }, resumes: null });
  add(processOf(7));
  expect(await toRest()).toEqual(['5 held by null', '6 done']);
});

test('who closes does what waits, and holds nobody any more', async () => {
  await held();
  for (const command of [processOf(7), { ...unbind, dax_device: 'pmem1' }, processOf(8)]) add(command);
  batches.flush();
  expect(told.splice(0)).toEqual(['5 done', '6 held by null', '7 done']);
});
