import { pino } from 'pino';
import { expect, test } from 'vitest';
import { noBackend } from '../../src/http/no_backend.ts';
import { buildServer } from '../../src/http/server.ts';
import { requestLog } from '../../src/http/request_log.ts';

/** A log that keeps its lines, and counts the children that are made of it and of them. */
function keptLog() {
  const lines: Record<string, unknown>[] = [];
  const made: unknown[] = [];
  const options = { level: 'trace', onChild: (child: unknown) => void made.push(child) };
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { lines, made, log: pino(options, { write }) };
}

test('a request that fails is logged with its id; one that does not has no logger made', async () => {
  const { lines, made, log } = keptLog();
  const app = await buildServer({ backend: noBackend(), logger: log });
  const before = made.length;
  const ask = (url: string) => app.inject({ url, headers: { 'x-request-id': 'mine' } });
  expect((await ask('/livez')).statusCode).toBe(200);
  expect(made).toHaveLength(before);
  expect((await ask('/v1/hosts')).statusCode).toBe(500);
  expect(lines).toMatchObject([{ level: 50, reqId: 'mine', msg: 'request failed' }]);
  expect(made).toHaveLength(before + 1);
  await app.close();
});

test('it writes what a child of the log would, at each level', () => {
  const { lines, log } = keptLog();
  const request = requestLog(log, { reqId: 'r' }, {});
  request.fatal({ a: 1 }, 'fatal');
  request.error('error %s', 'b');
  request.warn('warn');
  request.info('info');
  request.debug('debug');
  request.trace('trace');
  request.silent('silent');
  request.child({ more: true }).info('child');
  expect(request.level).toBe('trace');
  expect(lines).toMatchObject([
    { level: 60, reqId: 'r', a: 1, msg: 'fatal' },
    { level: 50, reqId: 'r', msg: 'error b' },
    { level: 40, msg: 'warn' },
    { level: 30, msg: 'info' },
    { level: 20, msg: 'debug' },
    { level: 10, msg: 'trace' },
    { level: 30, reqId: 'r', more: true, msg: 'child' },
  ]);
});
