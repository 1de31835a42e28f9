import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFreshStore } from '../support/local_store.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const MIB = 2 ** 20;

let server: TestServer;
/** Lets the first import go on, which is held as it begins; `begun` says that it did. */
let go: () => void;
let begun: Promise<void>;
/** Hosts read for an import. */
let read: string[];
beforeEach(async () => {
  const store = await openFreshStore();
  read = [];
  const held = new Promise<void>((resolve) => (go = resolve));
  let begin = (): void => undefined;
  begun = new Promise<void>((resolve) => (begin = resolve));
  server = await startTestServer({
    store: {
      ...store,
      packedRecords: async (query) => {
        read.push(query.host);
        begin();
        await held;
        return store.packedRecords(query);
      },
    },
  });
  for (const name of ['a', 'b', 'c']) await server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
});
afterEach(async () => {
  go();
  await server.close();
});

const post = (host: string) => server.call('POST', `/v1/hosts/${host}/inventory`, []);

test('eight listings wait for a host, the next is 503 with Retry-After, and those that wait are imported', async () => {
  const first = post('a');
  await begun;
  const waiting = Array.from({ length: 8 }, () => post('a'));
  const { status, json, headers } = await post('a');
  expect([status, json.code, headers['retry-after']]).toEqual([503, 'unavailable', '1']);
  const other = post('b');
  go();
  const statuses = (await Promise.all([first, ...waiting, other])).map((answer) => answer.status);
  expect(statuses).toEqual(Array(10).fill(200));
  expect((await post('a')).status).toBe(200);
});

test('listings that wait have at most 64 MiB together, of whichever hosts', async () => {
  const bytes = Buffer.alloc(8 * MIB, ' ');
  const { controlPlane } = server;
  const taken = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'].map((host) =>
    controlPlane.importInventory({ host, bytes }),
  );
  await begun;
  expect(await controlPlane.importInventory({ host: 'c', bytes: Buffer.from(' ') })).toMatchObject({
    status: 'not_taken',
    code: 'unavailable',
  });
  go();
  expect((await Promise.all(taken)).map(({ status }) => status)).toEqual(Array(8).fill('done'));
  expect(await controlPlane.importInventory({ host: 'c', bytes })).toMatchObject({ status: 'done' });
});

test('a listing whose client has left is not imported, nor does it wait any longer', async () => {
  const { controlPlane } = server;
  const importInventory = controlPlane.importInventory.bind(controlPlane);
  let asked: (result: ReturnType<typeof importInventory>) => void = () => undefined;
  const left = new Promise<Awaited<ReturnType<typeof importInventory>>>((resolve) => (asked = resolve));
  const { port } = new URL(await server.listen());
  const first = post('a');
  await begun;
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  controlPlane.importInventory = (submission) => {
    const result = importInventory(submission);
    asked(result);
    // It waits for its turn by now.
    socket.destroy();
    return result;
  };
  const fields = 'Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 2';
  socket.write(`POST /v1/hosts/b/inventory HTTP/1.1\r\n${fields}\r\n\r\n[]`);
  expect(await left).toMatchObject({ status: 'not_taken', detail: 'the client has left' });
  go();
  expect((await first).status).toBe(200);
  expect(read).toEqual(['a']);
});
