import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Backend, EventPage, EventQuery } from '../../src/http/backend.ts';
import { createHub, type LiveReader } from '../../src/http/stream/hub.ts';
import { openSqliteStore } from '../../src/runtime/sqlite_store.ts';
import { startTestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

test('[STREAM7] where the journal has lost the place of a reader, others keep theirs', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'daxplane-hub-'));
  const onFatal = (error: Error): void => {
    throw error;
  };
  const serve = async (events: number | null) => {
    const store = await openSqliteStore({
      path: join(directory, 'a.db'),
      onFatal,
      retention: { days: null, events },
    });
    return { store, server: await startTestServer({ store }) };
  };
  const first = await serve(null);
  await first.server.call('POST', '/v1/hosts', { name: 'a', kernel: 'v6.12' });
  for (let pid = 1; pid < 10; pid += 1)
    await first.server.call('POST', '/v1/hosts/a/processes', { pid, comm: 'a' });
  await first.server.close();
  const { store, server } = await serve(4);
  await server.call('POST', '/v1/hosts/a/processes', { pid: 10, comm: 'a' });
  expect((await store.events({ limit: 1 })).oldest_seq).toBe(7);
  const hub = createHub(store, 0, (error) => expect.fail(String(error)));
  const told: [string, string, number][] = [];
  const readerAt = (name: string, begin: number): LiveReader => {
    let at = begin;
    const reader: LiveReader = {
      filter: null,
      at: () => at,
      take: (_frames, upTo) => {
        at = upTo;
        told.push([name, 'take', upTo]);
      },
      isFull: () => false,
      lost: ({ oldest_seq }) => {
        hub.leave(reader);
        told.push([name, 'lost', oldest_seq]);
      },
      stop: () => undefined,
    };
    return reader;
  };
  const [far, near] = [readerAt('far', 2), readerAt('near', 8)];
  expect([hub.join(far), hub.join(near)]).toEqual([true, true]);
  await until(
    () => told.length,
    (many) => many >= 2,
  );
  expect(told).toEqual([
    ['far', 'lost', 7],
    ['near', 'take', 11],
  ]);
  hub.leave(near);
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A journal of so many events, whose pages come when they are let go; `asked`: behind which each is. */
function heldJournal(end: number) {
  const event = { id: 'e', host: 'a', type: 'host_created', subject: 'hosts/a', at: '', data: '{}' } as const;
  const whose = { request_id: null, traceparent: null, actor: null, dax_device: null, tenant: null };
  const listeners = new Set<Parameters<Backend['onCommit']>[0]>();
  const held: (() => void)[] = [];
  const asked: (number | undefined)[] = [];
  let as_of = end;
  return {
    asked,
    letGo: () => held.splice(0).forEach((go) => go()),
    commit: (events: number) => {
      as_of += events;
      for (const tell of listeners) tell({ seq: as_of, removals: [], service: [] });
    },
    onCommit: (listener: Parameters<Backend['onCommit']>[0]) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    events: async ({ after = 0 }: EventQuery): Promise<EventPage> => {
      asked.push(after);
      const numbers = Array.from({ length: as_of - after }, (_each, at) => after + at + 1);
      const items = numbers.map((seq) => ({ ...event, ...whose, seq }));
      const page = { items, is_full: false, as_of, oldest_seq: 1 };
      await new Promise<void>((resolve) => held.push(resolve));
      return page;
    },
  };
}

/** A reader that notes up to where it was sent, and how many events. */
function noting(begin: number) {
  let at = begin;
  const sent: (readonly [at: number, events: number])[] = [];
  const reader: LiveReader = {
    filter: null,
    at: () => at,
    take: (frames, upTo) => {
      at = upTo;
      sent.push([upTo, String(frames ?? '').split('data: ').length - 1]);
    },
    isFull: () => false,
    lost: () => expect.fail('lost'),
    stop: () => expect.fail('stopped'),
  };
  return { ...reader, sent };
}

const isAsked = (many: number) => (asked: readonly unknown[]) => asked.length === many;
const failed = (error: unknown) => expect.fail(String(error));
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a commit without an event wakes nobody', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const journal = heldJournal(3);
    const hub = createHub(journal, 0, failed);
    hub.join(noting(3));
    vi.runAllTimers();
    journal.letGo();
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(journal.asked).toEqual([3]);
    journal.commit(0);
    expect(vi.getTimerCount()).toBe(0);
    journal.commit(1);
    expect(vi.getTimerCount()).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

test('a page that was read for those who have left is not sent to who has joined meanwhile', async () => {
  const journal = heldJournal(9);
  const hub = createHub(journal, 0, failed);
  const [gone, come] = [noting(2), noting(5)];
  hub.join(gone);
  await until(() => journal.asked, isAsked(1));
  hub.leave(gone);
  expect(hub.join(come)).toBe(true);
  journal.letGo();
  await until(() => journal.asked, isAsked(2));
  expect([gone.sent, come.sent]).toEqual([[], []]);
  journal.letGo();
  await until(
    () => come.sent,
    (sent) => sent.length > 0,
  );
  expect([journal.asked, gone.sent, come.sent]).toEqual([[2, 5], [], [[9, 4]]]);
});

test('a reader that is further on is sent only what it has not', async () => {
  const journal = heldJournal(9);
  const hub = createHub(journal, 0, failed);
  const [near, far] = [noting(6), noting(8)];
  expect([hub.join(near), hub.join(far), hub.join(noting(5))]).toEqual([true, true, false]);
  await until(() => journal.asked, isAsked(1));
  journal.letGo();
  await until(
    () => far.sent,
    (sent) => sent.length > 0,
  );
  expect([near.sent, far.sent]).toEqual([[[9, 3]], [[9, 1]]]);
});
