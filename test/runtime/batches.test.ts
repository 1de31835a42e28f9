import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { collectBatches } from '../../src/runtime/batches.ts';

test('after a batch that nobody can be answered nothing is run any more', async () => {
  const told: string[] = [];
  const sizes: number[] = [];
  const batches = collectBatches({
    path: '',
    transact: (batch) => {
      sizes.push(batch.length);
      throw new Error('the disk failed');
    },
    lost: () => null,
    tell: ({ type }) => void told.push(type),
    afterCommit: () => undefined,
    holdMs: 1_000,
  });
  for (let id = 1; id <= 600; id += 1)
    batches.add({
      id,
      work: { host: 'h', command: { type: 'exit_process', pid: id } },
      resumes: null,
    });
  batches.flush();
  for (let at = 0; at < 5; at += 1) await turn();
  expect([sizes, told]).toEqual([[512], ['fatal']]);
});
