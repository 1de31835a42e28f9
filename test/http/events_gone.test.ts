import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/runtime/sqlite_store.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const directory = mkdtempSync(join(tmpdir(), 'daxplane-events-'));
const path = join(directory, 'test.db');
const onFatal = (error: Error): void => {
  throw error;
};
let server: TestServer;

const open = async (events: number | null): Promise<TestServer> =>
  startTestServer({ store: await openSqliteStore({ path, onFatal, retention: { days: null, events } }) });
const spawn = (pid: number) => server.call('POST', '/v1/hosts/a/processes', { pid, comm: 'a' });

/** Ten events of a journal without bounds; then a process that keeps four, and its first command. */
beforeAll(async () => {
  server = await open(null);
  await server.call('POST', '/v1/hosts', { name: 'a', kernel: 'v6.12' });
  for (let pid = 1; pid < 10; pid += 1) await spawn(pid);
  expect((await server.call('GET', '/v1/events')).json).toMatchObject({ as_of: 10, oldest_seq: 1 });
  await server.close();
  server = await open(4);
  await spawn(10);
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

test('every answer that pages says which event is the oldest that is kept', async () => {
  const lists = ['/v1/events', '/v1/hosts', '/v1/hosts/a/processes', '/v1/assessment'];
  for (const list of lists)
    expect((await server.call('GET', list)).json).toMatchObject({ as_of: 11, oldest_seq: 7 });
});

test('the journal is read from its oldest event on, and from any that is kept', async () => {
  const seqs = async (query: string) =>
    (await server.call('GET', `/v1/events${query}`)).json.items.map((event) => event['seq']);
  expect(await seqs('')).toEqual([7, 8, 9, 10, 11]);
  expect(await seqs('?after=0')).toEqual([7, 8, 9, 10, 11]);
  expect(await seqs('?after=6')).toEqual([7, 8, 9, 10, 11]);
  expect(await seqs('?after=9')).toEqual([10, 11]);
});

test('who has read on from an event that is gone is told so', async () => {
  const { status, json } = await server.call('GET', '/v1/events?after=5');
  expect([status, json.code, json.errors[0]?.pointer]).toEqual([410, 'events_gone', '/after']);
  expect(json.oldest_seq).toBe(7);
  expect(json['detail']).toContain('from 7 on');
});

test('[STREAM7] a stream from an event that is gone is refused, and told what is kept', async () => {
  const gone = await server.call('GET', '/v1/events/stream?after=5');
  expect([gone.status, gone.json.code, gone.json.oldest_seq]).toEqual([410, 'events_gone', 7]);
  const again = await server.call('GET', '/v1/events/stream?after=9', undefined, { 'last-event-id': '5' });
  expect([again.status, again.json.errors[0]?.pointer]).toEqual([410, '/Last-Event-ID']);
});
