import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStream } from '../support/event_stream.ts';
import { serveTopology, type TestBody } from '../support/server.ts';
import { DOCUMENT } from '../support/document.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);
let url: string;
beforeAll(async () => {
  url = await server.listen();
});

const LISTS = Object.entries(DOCUMENT.paths).flatMap(([path, { get }]) =>
  get !== undefined && get.operationId.startsWith('list') ? [path] : [],
);

test.each(LISTS)('[STREAM11] %s says of which state it is, as the stream takes it', async (path) => {
  const names = new Map([
    ['host', 'node-a'],
    ['device', 'pmem0'],
    ['mount', topology.mount],
  ]);
  const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => names.get(name) ?? 'x');
  const { status, json } = await server.call('GET', filled);
  if (status === 404) return;
  expect(status).toBe(200);
  expect(json.as_of).toBe((await server.call('GET', '/v1/events?limit=1')).json.as_of);
});

/** What a reader knows who has read the list, and then the stream behind its as_of. */
async function follow(known: Map<number, boolean>, as_of: number, until: number): Promise<void> {
  const stream = await openStream(`${url}/v1/events/stream?after=${as_of}&host=node-a`);
  for await (const { id, data } of stream.frames()) {
    if (data !== null) {
      const { type, subject } = JSON.parse(data) as { readonly type: string; readonly subject: string };
      const pid = Number(subject.split('/')[1]);
      if (type === 'process_created') {
        // It is in no list before its event.
        expect(known.has(pid)).toBe(false);
        known.set(pid, true);
      }
      if (type === 'process_ended') known.delete(pid);
    }
    if (Number(id) >= until) break;
  }
  stream.close();
}

test('[STREAM11] who lists and then streams behind the list knows what there is, whenever he begins', async () => {
  const state = { isOver: false, last: 0 };
  const writing = (async () => {
    for (let pid = 100; pid < 400; pid += 1) {
      await server.call('POST', '/v1/hosts/node-a/processes', { pid, comm: 'p' });
      if (pid % 3 === 0) await server.call('DELETE', `/v1/hosts/node-a/processes/${pid}`);
    }
    state.last = (await server.call('GET', '/v1/events?limit=1')).json.as_of;
    state.isOver = true;
  })();
  const begun: { readonly known: Map<number, boolean>; readonly as_of: number }[] = [];
  while (!state.isOver) {
    const response = await fetch(`${url}/v1/hosts/node-a/processes?limit=500&state=running`);
    const { items, as_of } = (await response.json()) as TestBody;
    begun.push({ known: new Map(items.map((item) => [item['pid'] as number, true])), as_of });
  }
  await writing;
  const { items } = (await server.call('GET', '/v1/hosts/node-a/processes?limit=500&state=running')).json;
  const expected = items.map((item) => item['pid'] as number).sort((a, b) => a - b);
  expect(begun.length).toBeGreaterThan(3);
  const each = Math.ceil(begun.length / 10);
  for (const { known, as_of } of begun.filter((_, at) => at % each === 0)) {
    if (as_of < state.last) await follow(known, as_of, state.last);
    expect([...known.keys()].sort((a, b) => a - b)).toEqual(expected);
  }
});
