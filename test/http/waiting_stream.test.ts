import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RemovalReport } from '../../src/engine/model/removal.ts';
import { DOCUMENT } from '../support/document.ts';
import { openStream, type Frame } from '../support/event_stream.ts';
import { judgeBy } from '../support/judge.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let url: string;
beforeEach(async () => {
  server = await startTestServer();
  url = await server.listen();
});
afterEach(() => server.close());

const at = '/v1/hosts/node-a';
const device = `${at}/dax-devices/dax0.0`;
const MEMORY = { dax_device: 'dax0.0', offset: 0, length: '4MiB', prot: 'rw', populate: 'write' } as const;

async function make(path: string, body: unknown, method: 'POST' | 'PATCH' = 'POST') {
  const { status, text, json } = await server.call(method, path, body);
  expect([status < 300, text]).toEqual([true, text]);
  return json;
}

/** A process that maps the device and pins pages of it: the id of the pin. */
async function pinned(pid: number, kind: 'shared' | 'private', [page, pages]: readonly [number, number]) {
  await make(`${at}/processes`, { pid, comm: 'redis' });
  const { id } = await make(`${at}/mappings`, { ...MEMORY, pid, flags: [kind] });
  const range = { offset: page * 4096, length: pages * 4096 };
  const pin = { pid, mapping: id, ...range, kind: 'transient', holder: 'vmsplice' };
  return (await make(`${at}/pins`, pin)).id;
}

/** A devdax whose pgmap two processes hold, on a kernel that drains it: eight pages, of which both hold one. */
async function heldPgmap(): Promise<string> {
  await make('/v1/hosts', { name: 'node-a', kernel: 'v5.10' });
  await make(`${at}/dax-devices`, { name: 'dax0.0', mode: 'devdax', size: '1GiB' });
  await pinned(2, 'shared', [4, 4]);
  return pinned(1, 'shared', [0, 5]);
}

/** System RAM of which two processes hold a block that goes offline: each five pages of its own. */
async function heldBlock(): Promise<string> {
  const host = { name: 'node-a', kernel: 'v6.12', auto_online_blocks: 'online_movable' };
  await make('/v1/hosts', host);
  const memory = { size: '256MiB', phys_addr: '0x100000000', target_node: 1 };
  await make(`${at}/dax-devices`, { name: 'dax0.0', mode: 'system-ram', ...memory });
  await pinned(2, 'private', [4, 3]);
  const first = await pinned(1, 'private', [0, 5]);
  await make(`${device}/memory-blocks/memory32`, { state: 'offline' }, 'PATCH');
  return first;
}

interface Told {
  readonly type: string;
  readonly data: { readonly progress: Pick<RemovalReport, 'pages_waited_for'> };
}
const judge = judgeBy(DOCUMENT as unknown as { readonly openapi: string });
const schemas = ['components', 'schemas'];
/** What a frame tells of the pages, which is as the document says. */
const heldOf = ({ data }: Frame) => {
  const message = JSON.parse(data!) as { data: Told };
  const { type, data: told } = message.data;
  expect(judge([...schemas, 'CloudEvent'], message)).toEqual([]);
  expect(judge([...schemas, 'RemovalProgress'], told.progress)).toEqual([]);
  return [type, told.progress.pages_waited_for];
};

test.each([
  ['v5.10', 'the pages of its pgmap', heldPgmap],
  ['v6.12', 'the pages of a block', heldBlock],
] as const)(
  '[RM14] on %s a removal that waits for %s counts them down to none in the stream, by unpin and by exit',
  async (_kernel, _what, hold) => {
    const pin = await hold();
    const stream = await openStream(
      `${url}/v1/events/stream?host=node-a&type=removal_waiting&type=removal_completed`,
    );
    const { id } = await make(`${device}/remove`, { trigger: 'unbind' });
    const removal = () => server.call('GET', `/v1/removals/${id}`);
    const reported = async () => ((await removal()).json['report'] as RemovalReport).pages_waited_for;
    const [waits] = await stream.events(1);
    expect(heldOf(waits!)).toEqual(['removal_waiting', { held: 8, still_held: 8 }]);
    expect(await reported()).toEqual({ held: 8, still_held: 8 });
    expect((await server.call('DELETE', `${at}/pins/${pin}`)).status).toBe(200);
    const left = hold === heldPgmap ? 4 : 3;
    expect((await stream.events(1)).map(heldOf)).toEqual([
      ['removal_waiting', { held: 8, still_held: left }],
    ]);
    expect(await reported()).toEqual({ held: 8, still_held: left });
    expect((await server.call('DELETE', `${at}/processes/2`)).status).toBe(200);
    expect((await stream.events(2)).map(heldOf)).toEqual([
      ['removal_waiting', { held: 8, still_held: 0 }],
      ['removal_completed', { held: 8, still_held: 0 }],
    ]);
    await until(removal, ({ json }) => json['state'] === 'completed');
    expect(await reported()).toEqual({ held: 8, still_held: 0 });
    stream.close();
  },
);

test('what the document does not say of progress is wrong in a CloudEvent, and other facts of an event are not', async () => {
  await make('/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
  await make(`${at}/dax-devices`, { name: 'dax0.0', mode: 'devdax', size: '1GiB' });
  const stream = await openStream(`${url}/v1/events/stream?host=node-a&type=removal_started`);
  await make(`${device}/remove`, { trigger: 'unbind' });
  const [{ data } = {}] = await stream.events(1);
  stream.close();
  const message = JSON.parse(data!) as { data: { data: { progress: object } } };
  const { progress } = message.data.data;
  const faults = (facts: object) =>
    judge([...schemas, 'CloudEvent'], { ...message, data: { ...message.data, data: facts } });
  expect(faults({ progress, pins: [] })).toEqual([]);
  for (const more of [{ percent: 7 }, { position: '1' }, { steps_done: undefined }, { step_names: ['none'] }])
    expect(faults({ progress: JSON.parse(JSON.stringify({ ...progress, ...more })) as object })).not.toEqual(
      [],
    );
});
