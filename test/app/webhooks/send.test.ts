import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSender, type SendResult } from '../../../src/app/webhooks/send.ts';
import { allowTargets } from '../../../src/app/webhooks/targets.ts';
import { until } from '../../support/until.ts';

const targets = allowTargets(['127.0.0.1']);
const UPGRADE = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
/** Longer than any test. */
const NEVER_MS = 2 ** 30;

let sockets: Socket[];
let server: Server;
/** What the receiver does once a request has come. */
let answer: (socket: Socket) => void;
beforeEach(async () => {
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const send = (timeout_ms: number, signal = new AbortController().signal): Promise<SendResult> => {
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/in`;
  return createSender({ targets, timeout_ms })({ url, headers: {}, body: Buffer.from('{}') }, signal);
};

test('a receiver that switches protocols has answered 101', async () => {
  answer = (socket) => void socket.write(UPGRADE);
  expect(await send(NEVER_MS)).toEqual({ status: 101, error: null, retry_after_ms: null });
});

test.each([
  ['at once', ''],
  ['in the middle of its headers', 'HTTP/1.1 204 No Content\r\nX'],
  ['behind what is no answer', 'HTTP/1.1 102 Processing\r\n\r\n'],
])('a receiver that hangs up %s has not answered', async (_when, text) => {
  answer = (socket) => void socket.end(text);
  expect(await send(NEVER_MS)).toEqual({ status: null, error: 'socket hang up', retry_after_ms: null });
});

const forever = (socket: Socket): void => {
  const more = (): void => {
    if (!socket.destroyed) socket.write('HTTP/1.1 102 Processing\r\n\r\n', () => setImmediate(more));
  };
  more();
};

test('a receiver that says for ever that it works is given its time, and no more', async () => {
  answer = forever;
  expect(await send(100)).toEqual({ status: null, error: 'no answer within 100 ms', retry_after_ms: null });
  await until(
    () => sockets,
    ([socket]) => socket?.destroyed === true,
  );
});

test.each([
  ['before it', () => undefined],
  ['during it', forever],
])('a stop ends an attempt %s', async (_when, during) => {
  const stop = new AbortController();
  answer = during;
  const sent = send(NEVER_MS, stop.signal);
  await until(
    () => sockets,
    (all) => all.length === 1,
  );
  stop.abort();
  await expect(sent).rejects.toThrow(/aborted/);
});

test('a stop that has come already ends an attempt before it begins', async () => {
  await expect(send(NEVER_MS, AbortSignal.abort())).rejects.toThrow(/aborted/);
});

test('names are looked up two at a time', async () => {
  const [stop, asked] = [new AbortController(), [] as string[]];
  const sender = createSender({ targets, timeout_ms: NEVER_MS, resolve: (name) => void asked.push(name) });
  const sent = ['a', 'b', 'c'].map((name) =>
    sender({ url: `http://${name}.example/`, headers: {}, body: Buffer.from('{}') }, stop.signal),
  );
  await until(
    () => asked,
    ({ length }) => length === 2,
  );
  stop.abort();
  for (const each of sent) await expect(each).rejects.toThrow(/aborted/);
  expect(asked).toEqual(['a.example', 'b.example']);
});
