import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveTopology, type TestBody } from '../support/server.ts';

const { server } = serveTopology(beforeAll, afterAll);
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

let pid = 1000;
/** The event of a process that is made with these headers. */
async function eventWith(headers: Record<string, string>): Promise<TestBody> {
  pid += 1;
  await server.call('POST', '/v1/hosts/node-a/processes', { pid, comm: 'a' }, headers);
  return (await server.call('GET', '/v1/events?order=desc&limit=1')).json.items[0]!;
}
const seqsOf = async (query: string): Promise<readonly unknown[]> =>
  (await server.call('GET', `/v1/events?${query}`)).json.items.map(({ seq }) => seq);

test('an event has the id of its request and the address that it came from', async () => {
  expect(await eventWith({ 'x-request-id': 'mine-1' })).toMatchObject({
    subject: `processes/${pid}`,
    request_id: 'mine-1',
    traceparent: null,
    actor: 'anonymous@127.0.0.1',
  });
});

test('a request that names no id has one that its events and its answer share', async () => {
  const made = await server.call('POST', '/v1/hosts/node-a/processes', { pid: 7, comm: 'a' });
  const [event] = (await server.call('GET', '/v1/events?order=desc&limit=1')).json.items;
  expect(event?.['request_id']).toBe(made.headers['x-request-id']);
});

test.each([
  ['is kept', `00-${TRACE}-${PARENT}-01`, `00-${TRACE}-${PARENT}-01`],
  [
    'of a later version is read as the one that is known',
    `cc-${TRACE}-${PARENT}-ff-what`,
    `00-${TRACE}-${PARENT}-01`,
  ],
  ['of a later version may end there', `01-${TRACE}-${PARENT}-02`, `00-${TRACE}-${PARENT}-00`],
  ['of version 255 is ignored', `ff-${TRACE}-${PARENT}-01`, null],
  ['with more than its version has is ignored', `00-${TRACE}-${PARENT}-01-what`, null],
  ['without a trace is ignored', `00-${'0'.repeat(32)}-${PARENT}-01`, null],
  ['without a parent is ignored', `00-${TRACE}-${'0'.repeat(16)}-01`, null],
  ['in capitals is ignored', `00-${TRACE.toUpperCase()}-${PARENT}-01`, null],
  ['of another form is ignored', 'trace', null],
])('a traceparent that %s', async (_what, traceparent, expected) => {
  expect((await eventWith({ traceparent }))['traceparent']).toBe(expected);
});

test('events are listed by what they concern and by type, in either order', async () => {
  const { items } = (await server.call('GET', '/v1/events?limit=500')).json;
  const seqs = (holds: (event: TestBody) => boolean): unknown[] => items.filter(holds).map(({ seq }) => seq);
  const onDevice = seqs((event) => event['dax_device'] === 'pmem0');
  expect(onDevice.length).toBeGreaterThan(2);
  expect(await seqsOf('limit=500&dax_device=pmem0')).toEqual(onDevice);
  expect(await seqsOf('limit=500&dax_device=pmem0&host=node-a&order=desc')).toEqual(onDevice.toReversed());
  const made = seqs(({ type }) => type === 'mount_created' || type === 'file_created');
  expect(made.length).toBe(2);
  expect(await seqsOf('type=mount_created&type=file_created')).toEqual(made);
  expect(await seqsOf('tenant=nobody')).toEqual([]);
});

test('types that are given as one list are refused, and how to give several is said', async () => {
  const { status, json } = await server.call('GET', '/v1/events?type=mount_created,file_created');
  expect([status, json.errors[0]?.detail]).toEqual([400, expect.stringContaining('type=a&type=b')]);
});

test('pages with the newest first go on by next_page to the oldest', async () => {
  const { as_of } = (await server.call('GET', '/v1/events?limit=1')).json;
  const found: unknown[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const query = next === '' ? '' : `&after=${next}`;
    const { json } = await server.call('GET', `/v1/events?order=desc&limit=3${query}`);
    found.push(...json.items.map(({ seq }) => seq));
    next = json.next_page;
  }
  expect(found).toEqual(Array.from({ length: as_of }, (_, at) => as_of - at));
});

test.each([
  'type=nothing',
  'type=',
  'type=mount_created&type=x',
  'order=up',
  'dax_device=',
  'tenant=',
  'after=-1',
  'after=x',
])('a query that is malformed is refused: %s', async (query) => {
  const { status, json } = await server.call('GET', `/v1/events?${query}`);
  expect([status, json.errors[0]?.pointer.split('/')[1]]).toEqual([400, query.split('=')[0]]);
});
