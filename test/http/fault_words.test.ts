import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveTopology, type Method } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);

async function faults(method: Method, url: string, body?: unknown): Promise<Record<string, string>> {
  const { status, json } = await server.call(method, url, body);
  expect([status, json.code]).toEqual([400, 'invalid_request']);
  const errors = json.errors as readonly { pointer: string; detail: string }[];
  expect(json['detail']).toBe(`${errors[0]?.pointer || 'the body'}: ${String(errors[0]?.detail)}`);
  return Object.fromEntries(errors.map(({ pointer, detail }) => [pointer, detail]));
}

const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (text: RegExp): unknown => expect.stringMatching(text);
const at = (path: string): string => topology.at + path;

test('what is missing is required, and an enum names its words', async () => {
  const missing = await faults('POST', at('/mappings'), {});
  expect(missing).toMatchObject({
    '/pid': 'is required',
    '/offset': 'is required',
    '/length': 'is required',
  });
  expect(missing['/prot']).toBe('is required: one of "r", "rw"');
  expect(await faults('POST', '/v1/hosts', { name: 7 })).toEqual({ '/name': containing('expected string') });
  expect(await faults('POST', '/v1/hosts', { name: 'x' })).toEqual({
    '/kernel': 'expected a kernel, or a kernel_release',
  });
  expect(await faults('POST', at('/dax-devices/pmem0/remove'), {})).toEqual({
    '/trigger': 'is required: one of "unbind", "surprise_removal", "orderly_removal"',
  });
  expect(await faults('POST', '/v1/hosts', undefined)).toEqual({ '': 'is required' });
});

test('a wrong word is answered with the right ones, also inside and beside other types', async () => {
  expect(await faults('POST', '/v1/hosts', { name: 'b', kernel: 'v4.4' })).toEqual({
    '/kernel': matching(/^expected one of "v5\.10", .*"v7\.3"/),
  });
  const sysctl = { memory_failure_early_kill: 2 };
  expect(await faults('PATCH', topology.at, { sysctl })).toEqual({
    '/sysctl/memory_failure_early_kill': 'expected one of 0, 1',
  });
  expect(await faults('POST', at('/processes'), { comm: 'x', sigbus: 'late' })).toEqual({
    '/sigbus': matching(/^expected one of "default", /),
  });
  const { '/align': align } = await faults('POST', at('/dax-devices'), {
    name: 'pmem9',
    mode: 'fsdax',
    size: '1GiB',
    align: 8192,
  });
  expect(align).toMatch(/4096.*2097152.*1073741824/);
});

test('parameters say that they are parameters, and one that is given twice says so', async () => {
  expect(await faults('GET', '/v1/hosts?kernel=v4')).toEqual({
    '/kernel': matching(/^query parameter: expected one of "v5\.10"/),
  });
  expect(await faults('GET', '/v1/hosts?limit=5&limit=6')).toEqual({
    '/limit': 'query parameter: is given more than once',
  });
});

test('a member that another request changes names that request', async () => {
  expect(await faults('PATCH', topology.at, { name: 'another', colour: 1 })).toEqual({
    '/name': 'a host keeps its name',
    '/colour': 'unknown member',
  });
  expect(await faults('PATCH', at('/dax-devices/pmem0'), { mode: 'devdax', state: 'gone' })).toEqual({
    '/mode': containing('/bind'),
    '/state': containing('/remove'),
  });
});

test('415 names the type that came and those that are accepted', async () => {
  const rows = [
    ['/v1/hosts', 'text/plain', 'application/json'],
    [at('/inventory'), 'application/xml', 'application/json, text/plain, '],
  ] as const;
  for (const [url, type, taken] of rows) {
    const { status, json } = await server.call('POST', url, 'x', { 'content-type': type });
    expect([status, json.code]).toEqual([415, 'unsupported_media_type']);
    expect(json['detail']).toContain(`the body came as ${type}; accepted: ${taken}`);
  }
  const untyped = await server.app.inject({ method: 'POST', url: '/v1/hosts', payload: Buffer.from('{}') });
  expect(untyped.json<{ detail: string }>().detail).toContain(
    'came without a Content-Type; accepted: application/json',
  );
});
