import { expect, test } from 'vitest';
import { decide, decideAtOnce } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/model/command.ts';
import type { Host } from '../../src/engine/model/host.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { prepareDecide } from '../../src/runtime/decider.ts';
import type { Decided } from '../../src/store/decided.ts';
import { unpackDecided } from '../../src/store/packed_decision.ts';
import type { BatchResult, Decide, HostWork } from '../../src/store/transact.ts';
import { memoryWriter } from './support/memory_writer.ts';

const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';
const HOST = 'h';
const unbind = { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' } as const;
const setUp: readonly Command[] = [
  { type: 'create_host', name: HOST, kernel_release: RHEL_9 },
  { type: 'create_dax_device', name: 'pmem0', mode: 'raw', size: 1 << 30 },
  { type: 'create_dax_device', name: 'pmem1', mode: 'devdax', size: 1 << 30 },
  { type: 'create_process', pid: 7, comm: 'a' },
];

interface Writer {
  /** The runs in an assumed world, while the writer decided. */
  readonly worlds: () => number;
  readonly run: (work: HostWork) => BatchResult['settled'][number];
  readonly elsewhere: (work: HostWork) => Decided;
  readonly count: (table: string) => unknown;
}

function writer(by: Decide = decideAtOnce): Writer {
  const seen = { worlds: 0 };
  const counting: Decide = (host, command, context) => {
    const stop = countWorlds(host, seen);
    try {
      return by(host, command, context);
    } finally {
      stop();
    }
  };
  // What is decided elsewhere stands alone: no step of its removal goes on behind it.
  const { db, now, uid, transact } = memoryWriter({ decide: counting, startTurn: () => () => true });
  const decideIt = prepareDecide(db, () => ({ now: now(), uid }));
  return {
    worlds: () => seen.worlds,
    run: (work) => transact([work]).settled[0]!,
    elsewhere: (work) => unpackDecided(decideIt({ work })),
    count: (table) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
  };
}

/** Counts what is assumed of a host: every run of one assumes something of its own, and then nothing is as before. */
function countWorlds(host: Host, seen: { worlds: number }): () => void {
  const before = host.assumed;
  let assumed = before;
  Object.defineProperty(host, 'assumed', {
    configurable: true,
    enumerable: true,
    get: () => assumed,
    set: (next: Host['assumed']) => {
      if (next !== before) seen.worlds += 1;
      assumed = next;
    },
  });
  return () =>
    void Object.defineProperty(host, 'assumed', {
      configurable: true,
      enumerable: true,
      writable: true,
      value: assumed,
    });
}

function prepared(by?: Decide): Writer {
  const made = writer(by);
  for (const command of setUp) {
    const { submitted } = made.run({ host: HOST, command }) as { submitted: { status: string } };
    expect([command.type, submitted.status]).toEqual([command.type, 'done']);
  }
  return made;
}

const UNDECIDED = { submitted: { status: 'undecided' } };

test('[UNK12] the writer runs nothing twice: what takes more than one run is left undecided, and stores nothing', () => {
  const { run, worlds, count } = prepared();
  const before = count('events');
  expect(run({ host: HOST, command: unbind })).toEqual(UNDECIDED);
  expect(run({ host: HOST, command: unbind, dry_run: true })).toEqual(UNDECIDED);
  expect([worlds(), count('events')]).toEqual([0, before]);
});

test('[UNK12] the same decided in the writer would be run in several worlds', () => {
  const made = prepared((host, command, context) => decide(host, command, context));
  made.run({ host: HOST, command: { ...unbind, dax_device: 'pmem1' } });
  expect(made.worlds()).toBeGreaterThan(1);
});

test('[UNK12] what was decided elsewhere is committed as it was decided, where the host is as it was read', () => {
  const { run, elsewhere, count } = prepared();
  const work: HostWork = { host: HOST, command: unbind };
  const decided = elsewhere(work);
  if (!('decision' in decided) || isRefusal(decided.decision)) throw new Error('it is not granted');
  const before = Number(count('events'));
  const { answer } = decided.decision;
  expect(run({ ...work, decided })).toMatchObject({ submitted: { status: 'done', answer } });
  expect([count('events'), count('removals')]).toEqual([before + decided.decision.events.length, 1]);
});

test('[UNK12] a host that was changed meanwhile leaves it undecided again; another host does not', () => {
  const { run, elsewhere, count } = prepared();
  const work: HostWork = { host: HOST, command: unbind };
  const decided = elsewhere(work);
  const changed = run({ host: HOST, command: { type: 'create_process', pid: 8, comm: 'b' } });
  expect(changed).toMatchObject({ submitted: { status: 'done' } });
  expect([run({ ...work, decided }), count('removals')]).toEqual([UNDECIDED, 0]);
  const again = elsewhere(work);
  run({ host: 'other', command: { type: 'create_host', name: 'other', kernel: 'v6.1' } });
  expect(run({ ...work, decided: again })).toMatchObject({ submitted: { status: 'done' } });
});

test('[UNK12] a condition holds when it is committed, and a key keeps what was decided elsewhere', () => {
  const { run, elsewhere } = prepared();
  const idempotency = { key: 'k', fingerprint: 'f' };
  const work: HostWork = { host: HOST, command: unbind, idempotency };
  const wrong = { kind: 'dax_devices', id: 'pmem0', states: [{ uid: 'another', revision: 1 }] } as const;
  expect(run({ ...work, precondition: wrong, decided: elsewhere(work) })).toEqual({
    submitted: { status: 'precondition_failed' },
  });
  expect(run({ ...work, decided: elsewhere(work) })).toMatchObject({ submitted: { replayed: false } });
  expect(run(work)).toMatchObject({ submitted: { status: 'done', replayed: true } });
});

test('[UNK12] what is not there is not found, whatever the condition', () => {
  const { run, elsewhere } = prepared();
  const work: HostWork = {
    host: HOST,
    command: { ...unbind, dax_device: 'nobody' },
    precondition: { kind: 'dax_devices', id: 'nobody', states: '*' },
  };
  expect(run(work)).toEqual(UNDECIDED);
  expect(run({ ...work, decided: elsewhere(work) })).toMatchObject({
    submitted: { status: 'refused', refusal: { code: 'dax_device_not_found' } },
  });
});

test('[UNK12] a question with a key is answered elsewhere, and kept here', () => {
  const { run, elsewhere } = prepared();
  const idempotency = { key: 'q', fingerprint: 'f' };
  const work: HostWork = {
    host: HOST,
    question: { type: 'survey_holders', dax_device: 'pmem0' },
    idempotency,
  };
  expect(run(work)).toEqual(UNDECIDED);
  const first = run({ ...work, decided: elsewhere(work) });
  expect(first).toMatchObject({ submitted: { status: 'done', replayed: false } });
  expect(run(work)).toEqual({ submitted: { ...(first as { submitted: object }).submitted, replayed: true } });
});
