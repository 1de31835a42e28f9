import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { openWriteConnection, type Connection } from '../../src/store/connection.ts';
import type { Store, Submitted } from '../../src/store/port.ts';
import { manyExtents } from '../../bench/fleet.ts';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';

const HOST = 'node-a';
const compare = {
  type: 'compare_removals',
  dax_device: 'pmem0',
  trigger: 'unbind',
  kernels: ['v6.12', 'v7.3'],
} as const;
const survey = { type: 'survey_holders', dax_device: 'pmem0' } as const;

describe('questions that take long', () => {
  let harness: SqliteHarness;
  let store: Store;
  let lock: Connection | null = null;
  beforeEach(async () => {
    harness = sqliteHarness(null);
    // Longer than any test: no clock ends the wait for the lock.
    store = await harness.open({ busyTimeoutMs: 3_600_000 });
    for (const command of manyExtents(HOST)) await done(store.submit({ host: HOST, command }));
  });
  afterEach(async () => {
    lock?.close();
    lock = null;
    await harness.cleanup();
  });

  test('they are answered while the writer cannot be: they hold up no change, and answer what it would', async () => {
    // The writer waits for this lock with a change before the question, and could answer nothing behind it.
    lock = openWriteConnection(harness.path);
    lock.exec('BEGIN IMMEDIATE');
    const made = store.submit({
      host: 'other',
      command: { type: 'create_host', name: 'other', kernel: 'v6.1' },
    });
    const comparison = await done(store.ask({ host: HOST, question: compare }));
    lock.exec('ROLLBACK');
    await done(made);
    const idempotency = { key: 'k', fingerprint: 'f' };
    const written = await done(store.ask({ host: HOST, question: compare, idempotency }));
    expect(comparison).toEqual(written);
  });

  test('they see what is committed, and are refused as the writer refuses', async () => {
    await done(store.submit({ host: HOST, command: { type: 'create_process', pid: 999, comm: 'late' } }));
    const map: Command = {
      type: 'create_mapping',
      pid: 999,
      file: 'f3',
      offset: 0,
      length: 4096,
      flags: ['shared'],
      prot: 'r',
      populate: 'read',
    };
    await done(store.submit({ host: HOST, command: map }));
    const told = await done(store.ask({ host: HOST, question: survey }));
    expect(told.items.some(({ pid }) => pid === 999)).toBe(true);
    const nowhere = await store.ask({ host: 'nobody', question: survey });
    expect(nowhere).toMatchObject({ status: 'refused', refusal: { code: 'host_not_found' } });
  });
});

async function done<Answer>(submitted: Promise<Submitted<Answer>>): Promise<Answer> {
  const answer = await submitted;
  if (answer.status !== 'done') throw new Error(JSON.stringify(answer));
  return answer.answer;
}
