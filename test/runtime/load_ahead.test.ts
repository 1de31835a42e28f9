import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { decideAtOnce } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { collectBatches, type Batches } from '../../src/runtime/batches.ts';
import type { FromWriter } from '../../src/runtime/message.ts';
import type { LoadMore } from '../../src/store/load_ahead.ts';
import type { Decide, Settled } from '../../src/store/transact.ts';
import { memoryWriter } from '../store/support/memory_writer.ts';

/** Every other page is mapped: several chunks. */
const PAGES = 800;

const pages = Array.from({ length: PAGES / 2 }, (_, at) => 2 * at);
const mapped: Command = {
  type: 'create_mapping',
  pid: 1,
  file: 'f3',
  flags: ['shared'],
  prot: 'rw',
  offset: 0,
  length: PAGES * 4096,
  page_size: 4096,
};
const readOf = (mapping: string, page: number): Command => {
  return { type: 'access', mapping, kind: 'read', offset: page * 4096, length: 1 };
};

interface Rig {
  readonly batches: Batches;
  /** How many rows of chunks the entries of the process's two mappings have. */
  readonly chunks: number;
  /** Answers so far, and slices that were loaded since. */
  readonly told: () => string[];
  readonly add: (host: string, command: Command) => void;
  readonly toRest: () => Promise<string[]>;
}

/** A host whose process has two mappings of many chunks, and another one, of which nothing stays in memory; a chunk is read at once. */
function rig(slice: (more: LoadMore) => LoadMore = (more) => more, decide: Decide = decideAtOnce): Rig {
  const { db, transact } = memoryWriter({ cacheBytes: 1, chunksAtOnce: 1, decide });
  const log: string[] = [];
  const watched = (settled: Settled): Settled => {
    if (!('more' in settled)) return settled;
    const more = slice(settled.more);
    return {
      more: () => {
        log.push('slice');
        return more();
      },
    };
  };
  const tell = (message: FromWriter): void => {
    if (message.type !== 'committed') return;
    for (const [at, id] of message.ids.entries()) {
      const settled = message.settled[at]!;
      log.push(`${String(id)} ${'error' in settled ? 'error' : settled.submitted.status}`);
    }
  };
  const batches = collectBatches({
    path: '',
    transact: (batch) => {
      expect(db.inTransaction).toBe(false);
      const { settled, commit, batch: told } = transact(batch);
      return { settled: settled.map(watched), commit, batch: told };
    },
    lost: () => null,
    tell,
    afterCommit: () => undefined,
    holdMs: 1_000,
  });
  for (const host of ['h', 'other'])
    transact([{ host, command: { type: 'create_host', name: host, kernel: 'v6.12' } }]);
  const made: Command[] = [
    { type: 'create_dax_device', name: 'pmem0', mode: 'fsdax', size: 2 ** 30 },
    { type: 'create_mount', dax_device: 'pmem0', path: '/m', fs_type: 'ext4', dax: 'always', mkfs: true },
    { type: 'create_file', mount: 'm2', path: '/f', size: PAGES * 4096 },
    { type: 'create_process', pid: 1, comm: 'a' },
    ...['v4', 'v5'].flatMap((mapping) => [mapped, ...pages.map((page) => readOf(mapping, page))]),
  ];
  for (const command of made) {
    for (;;) {
      const [settled] = transact([{ host: 'h', command }]).settled;
      if (!('more' in settled!)) break;
      while (settled.more());
    }
  }
  transact([{ host: 'other', command: { type: 'create_process', pid: 1, comm: 'a' } }]);
  const chunks = db.prepare<[], number>('SELECT count(*) FROM entry_chunks').pluck().get()!;
  let ids = 0;
  const told = (): string[] => log.splice(0);
  return {
    batches,
    chunks,
    told,
    add: (host, command) => batches.add({ id: (ids += 1), work: { host, command }, resumes: null }),
    toRest: async () => {
      for (let at = 0; at < 40; at += 1) await turn();
      return told();
    },
  };
}

const exit: Command = { type: 'exit_process', pid: 1 };
const processOf = (pid: number): Command => ({ type: 'create_process', pid, comm: 'a' });

test('what a command asks for is loaded in slices: other hosts go on between them, its own waits in order', async () => {
  const { add, chunks, toRest } = rig();
  add('h', exit);
  add('h', processOf(7));
  add('other', processOf(8));
  add('h', processOf(9));
  const told = await toRest();
  expect(chunks).toBeGreaterThan(4);
  expect(told.filter((one) => one === 'slice')).toHaveLength(chunks);
  expect(told.indexOf('3 done')).toBeLessThan(told.lastIndexOf('slice'));
  expect(told.filter((one) => one !== 'slice')).toEqual(['3 done', '1 done', '2 done', '4 done']);
});

test('what was loaded for one who waits is not loaded again for it, though other hosts take its place in memory', async () => {
  const { add, chunks, told, toRest } = rig();
  add('h', exit);
  const seen: string[] = [];
  for (let pid = 10; pid < 60; pid += 1) {
    add('other', processOf(pid));
    await turn();
    seen.push(...told());
  }
  seen.push(...(await toRest()));
  expect(seen.filter((one) => one === 'slice')).toHaveLength(chunks);
  expect(seen.filter((one) => one.endsWith('done'))).toHaveLength(51);
});

test('who closes has all of it loaded', () => {
  const { add, batches, told } = rig();
  add('h', exit);
  add('h', processOf(7));
  batches.flush();
  expect(told().filter((one) => one !== 'slice')).toEqual(['1 done', '2 done']);
});

test('what fails between batches is met by the next one', async () => {
  const did: string[] = [];
  const { add, toRest } = rig((more) => {
    did.push('tried');
    return () => {
      did.push('slice');
      if (did.length > 2) return more();
      throw new Error('disk I/O error');
    };
  });
  did.length = 0;
  add('h', exit);
  add('h', processOf(7));
  expect((await toRest()).filter((one) => one !== 'slice')).toEqual(['1 done', '2 done']);
  expect(did.slice(0, 3)).toEqual(['tried', 'slice', 'tried']);
});

test('a bug in what asks for much is told once all of it is loaded', async () => {
  const { add, chunks, toRest } = rig(undefined, (host, command, context) => {
    const decided = decideAtOnce(host, command, context);
    if (command.type === 'exit_process') throw new TypeError('a bug');
    return decided;
  });
  add('h', exit);
  add('h', processOf(7));
  const told = await toRest();
  expect(told.filter((one) => one !== 'slice')).toEqual(['1 error', '2 done']);
  expect(told.filter((one) => one === 'slice')).toHaveLength(chunks);
});
