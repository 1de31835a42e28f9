import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStream } from '../support/event_stream.ts';
import { serveTopology, type TestAnswer } from '../support/server.ts';
import { until } from '../support/until.ts';

const { server, topology } = serveTopology(beforeEach, afterEach);

const makeRule = async (rule: object): Promise<string> => {
  const { status, json, text } = await server.call('POST', '/v1/fault-rules', rule);
  expect([status, text.slice(0, 300)]).toEqual([201, expect.anything()]);
  return json.id;
};
const getHost = (): Promise<TestAnswer> => server.call('GET', topology.at);
const unavailable = { kind: 'problem', code: 'unavailable', retry_after_s: 7 };

/** By a socket: the answer's bytes, or that there was none. */
async function ask(method: string, path: string, body?: object, headers = {}): Promise<string> {
  const address = server.app.server.address();
  const base =
    address === null ? await server.listen() : `http://127.0.0.1:${String((address as AddressInfo).port)}`;
  return new Promise((resolve) => {
    const sent = request(`${base}${path}`, {
      method,
      agent: false,
      headers: { 'content-type': 'application/json', ...headers },
    });
    sent.on('error', () => resolve('closed'));
    sent.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
      response.on('error', () => resolve(`cut: ${text}`));
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

describe('a fault rule', () => {
  test.each([
    ['unavailable', 503],
    ['store_busy', 503],
    ['store_full', 503],
    ['rate_limited', 429],
    ['internal_error', 500],
  ])('[FAULT1] [FAULT3] answers with %s, and nothing is done', async (code, status) => {
    const id = await makeRule({ selector: { operation: 'createProcess' }, action: { ...unavailable, code } });
    const answer = await server.call('POST', `${topology.at}/processes`, { pid: 7, comm: 'x' });
    expect([
      answer.status,
      answer.json.code,
      answer.headers['fault-rule'],
      answer.headers['retry-after'],
    ]).toEqual([status, code, id, '7']);
    expect((await server.call('GET', `${topology.at}/processes/7`)).status).toBe(404);
  });

  test.each([
    ['unavailable', '1'],
    ['rate_limited', '1'],
    ['internal_error', undefined],
  ])('that does not say when to try again answers %s with Retry-After: %s', async (code, seconds) => {
    await makeRule({ selector: { operation: 'getHost' }, action: { kind: 'problem', code } });
    const { json, headers } = await getHost();
    expect([json.code, headers['retry-after']]).toEqual([code, seconds]);
  });

  test('[FAULT2] applies as often as it is told, counts, and stops', async () => {
    const id = await makeRule({ selector: { operation: 'getHost' }, action: unavailable, remaining: 2 });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await getHost()).status);
    expect(statuses).toEqual([503, 503, 200, 200]);
    const rule = (await server.call('GET', `/v1/fault-rules/${id}`)).json;
    expect(rule).toMatchObject({ remaining: 0, matched: 2, applied: 2, revision: 1 });
    await server.call('PATCH', `/v1/fault-rules/${id}`, { remaining: 1 });
    expect([(await getHost()).status, (await getHost()).status]).toEqual([503, 200]);
    await server.call('DELETE', `/v1/fault-rules/${id}`);
    expect((await getHost()).status).toBe(200);
  });

  test('[FAULT2] of a seed decides the same in the same order, as its documentation says', async () => {
    const rule = { selector: { operation: 'getHost' }, action: unavailable, probability: 0.5, seed: 42 };
    const play = async (): Promise<string> => {
      let decided = '';
      for (let n = 0; n < 12; n += 1) decided += (await getHost()).status === 503 ? 'x' : '.';
      return decided;
    };
    const id = await makeRule(rule);
    const first = await play();
    const told = Array.from({ length: 12 }, (_each, at) => {
      const hex = createHash('sha256')
        .update(`42:${String(at + 1)}`)
        .digest('hex')
        .slice(0, 12);
      return Number.parseInt(hex, 16) / 2 ** 48 < 0.5 ? 'x' : '.';
    }).join('');
    expect(first).toBe(told);
    await server.call('DELETE', `/v1/fault-rules/${id}`);
    await makeRule(rule);
    expect(await play()).toBe(first);
  });

  test.each([
    [{}, true],
    [{ method: 'GET' }, true],
    [{ method: 'POST' }, false],
    [{ host: 'node-a' }, true],
    [{ host: 'node-b' }, false],
    [{ dax_device: 'pmem0' }, true],
    [{ dax_device: 'pmem1' }, false],
    [{ operation: 'getDaxDevice', host: 'node-a' }, true],
    [{ operation: 'getDaxDevice', host: 'node-b' }, false],
    [{ path: '/v1/hosts/*/dax-devices/*' }, true],
    [{ path: '/v1/hosts/**' }, true],
    [{ path: '/v1/**' }, true],
    [{ path: '/v1/hosts/*' }, false],
    [{ path: '/v1/hosts' }, false],
    [{ path: '/v1/hosts/node-a/dax-devices/pmem0/**' }, true],
  ])('with the selector %j meets GET of a device: %s', async (selector, isMet) => {
    await makeRule({ selector, action: unavailable });
    const { status } = await server.call('GET', `${topology.at}/dax-devices/pmem0`);
    expect(status).toBe(isMet ? 503 : 200);
  });

  test('meets what a query or a body names', async () => {
    await makeRule({ selector: { dax_device: 'pmem0' }, action: unavailable });
    const mount = { dax_device: 'pmem0', path: '/b', fs_type: 'ext4', dax: 'never' };
    expect((await server.call('GET', '/v1/mounts?dax_device=pmem0')).status).toBe(503);
    expect((await server.call('POST', `${topology.at}/mounts`, mount)).status).toBe(503);
    expect((await server.call('GET', '/v1/mounts')).status).toBe(200);
  });

  test('[FAULT4] never meets health, metrics, the rules themselves, clocks, or what is no valid request', async () => {
    await makeRule({ selector: {}, action: unavailable });
    for (const path of [
      '/livez',
      '/readyz',
      '/metrics',
      '/v1/fault-rules',
      `${topology.at}/clock`,
      '/openapi.json',
    ])
      expect([path, (await server.call('GET', path)).status]).toEqual([path, 200]);
    expect((await server.call('GET', '/v1/hosts?nonsense=1')).status).toBe(400);
    expect((await server.call('GET', '/v1/nothing')).status).toBe(404);
    expect((await getHost()).status).toBe(503);
  });

  test('[FAULT3] closes the connection before the effect, or behind it: then a key tells what was done', async () => {
    const processes = `${topology.at}/processes`;
    const close = (at: string) =>
      makeRule({ selector: { operation: 'createProcess' }, action: { kind: 'close', at }, remaining: 1 });
    await close('before_effect');
    expect(await ask('POST', processes, { pid: 7, comm: 'x' })).toBe('closed');
    expect((await server.call('GET', `${processes}/7`)).status).toBe(404);
    await close('after_effect');
    const key = { 'idempotency-key': 'lost' };
    expect(await ask('POST', processes, { pid: 7, comm: 'x' }, key)).toBe('closed');
    expect((await server.call('GET', `${processes}/7`)).status).toBe(200);
    const again = await server.call('POST', processes, { pid: 7, comm: 'x' }, key);
    expect([again.status, again.headers['idempotency-replayed']]).toEqual([201, 'true']);
  });

  test('[FAULT3] cuts an answer behind so many bytes', async () => {
    await makeRule({ selector: { operation: 'getHost' }, action: { kind: 'cut', after_bytes: 10 } });
    const whole = (await server.call('GET', '/v1/hosts')).text;
    expect(await ask('GET', topology.at)).toBe(`cut: ${whole.slice('{"items":['.length).slice(0, 10)}`);
  });

  test('is kept over If-Match, dry runs and wrong fields as every record is', async () => {
    const dry = await server.call('POST', '/v1/fault-rules?dry_run=true', {
      selector: {},
      action: unavailable,
    });
    expect([dry.status, (await getHost()).status]).toEqual([201, 200]);
    const id = await makeRule({ selector: { host: 'nobody' }, action: unavailable });
    const { headers } = await server.call('GET', `/v1/fault-rules/${id}`);
    const patch = (etag: string) =>
      server.call('PATCH', `/v1/fault-rules/${id}`, { remaining: 5 }, { 'if-match': etag });
    expect([(await patch('"other.1"')).status, (await patch(headers['etag'] ?? '')).status]).toEqual([
      412, 200,
    ]);
    for (const [wrong, pointer] of [
      [{ selector: { path: '/v1/h*' }, action: unavailable }, '/selector/path'],
      [{ selector: { path: '/v1/**/x' }, action: unavailable }, '/selector/path'],
      [{ selector: {}, action: { ...unavailable, code: 'host_not_found' } }, '/action/code'],
      [{ selector: {}, action: { kind: 'delay', delay_ms: -1, at: 'before_effect' } }, '/action/delay_ms'],
      [{ selector: {}, action: unavailable, probability: 1.5 }, '/probability'],
      [{ selector: {}, action: unavailable, seed: -1 }, '/seed'],
      [{ selector: { nobody: 1 }, action: unavailable }, '/selector/nobody'],
      [{ selector: { operation: 'getHosts' }, action: unavailable }, '/selector/operation'],
    ] as const) {
      const { status, json } = await server.call('POST', '/v1/fault-rules', wrong);
      expect([status, json.errors[0]?.pointer]).toEqual([400, pointer]);
    }
  });
});

describe('the clock of a host', () => {
  const clock = () => server.call('GET', `${topology.at}/clock`);
  const set = (body: object) => server.call('POST', `${topology.at}/clock`, body);
  const delay = (at: string) =>
    makeRule({
      selector: { operation: 'getHost', host: 'node-a' },
      action: { kind: 'delay', delay_ms: 1_000, at },
    });

  test('is real until somebody stops it', async () => {
    expect((await clock()).json).toMatchObject({ host: 'node-a', mode: 'real', advanced_ms: 0, waiting: 0 });
    const refused = await set({ advance_ms: 1 });
    expect([refused.status, refused.json.code]).toEqual([409, 'clock_not_manual']);
    expect((await set({ mode: 'manual', advance_ms: 5 })).json).toMatchObject({
      mode: 'manual',
      advanced_ms: 5,
    });
    expect((await set({ advance_ms: 5 })).json).toMatchObject({ advanced_ms: 10, revision: 3 });
    expect((await set({ mode: 'real' })).json).toMatchObject({ mode: 'real', advanced_ms: 0 });
    expect((await server.call('GET', '/v1/hosts/nobody/clock')).status).toBe(404);
    expect((await set({})).status).toBe(400);
  });

  test.each(['before_effect', 'after_effect'])(
    '[FAULT6] holds a delay %s until it is put forward',
    async (at) => {
      await set({ mode: 'manual' });
      await delay(at);
      let isAnswered = false;
      const answer = getHost().finally(() => (isAnswered = true));
      await until(clock, ({ json }) => json['waiting'] === 1);
      await set({ advance_ms: 999 });
      expect([(await clock()).json['waiting'], isAnswered]).toEqual([1, false]);
      await set({ advance_ms: 1 });
      expect((await answer).status).toBe(200);
      expect((await clock()).json['waiting']).toBe(0);
    },
  );

  test('[FAULT6] lets go who waits when it goes again', async () => {
    await set({ mode: 'manual' });
    await makeRule({
      selector: { operation: 'getHost', host: 'node-a' },
      action: { kind: 'delay', delay_ms: 1, at: 'before_effect' },
    });
    const answer = getHost();
    await until(clock, ({ json }) => json['waiting'] === 1);
    await set({ mode: 'real' });
    expect((await answer).status).toBe(200);
  });
});

describe('a rule that meets the stream', () => {
  const url = '/v1/events/stream?host=node-a';
  const meet = (action: object) =>
    makeRule({ selector: { operation: 'streamEvents', host: 'node-a' }, action });

  test('[FAULT5] closes it before it begins, or behind its first frame', async () => {
    const { as_of } = (await server.call('GET', '/v1/events?limit=1')).json;
    const first = `retry: 1000\nid: ${String(as_of)}\n\n`;
    const rules = [
      ['before_effect', 'closed'],
      ['after_effect', `cut: ${first}`],
    ] as const;
    for (const [at, told] of rules) {
      const id = await meet({ kind: 'close', at });
      expect(await ask('GET', url)).toBe(told);
      expect(await ask('HEAD', url)).toBe('closed');
      await server.call('DELETE', `/v1/fault-rules/${id}`);
    }
  });

  test.each([
    ['before_effect', 1],
    ['after_effect', 0],
  ])('holds it %s: it begins where it is asked, or let go', async (at, missed) => {
    await server.call('POST', `${topology.at}/clock`, { mode: 'manual' });
    await meet({ kind: 'delay', delay_ms: 1, at });
    const { as_of } = (await server.call('GET', '/v1/events?limit=1')).json;
    const opened = openStream(`${await server.listen()}${url}`);
    await until(
      () => server.call('GET', `${topology.at}/clock`),
      ({ json }) => json['waiting'] === 1,
    );
    await server.call('POST', `${topology.at}/processes`, { pid: 7, comm: 'x' });
    await server.call('POST', `${topology.at}/clock`, { advance_ms: 1 });
    const stream = await opened;
    expect((await stream.next()).id).toBe(String(as_of + missed));
    stream.close();
  });
});
