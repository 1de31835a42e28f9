import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTopology, serveTopology } from '../support/server.ts';

const { server, topology } = serveTopology(beforeEach, afterEach);

const seq = async (): Promise<number> => (await server.call('GET', '/v1/events')).json.as_of;

describe('entity tags', () => {
  test('every single resource has the ETag of its uid and revision', async () => {
    const pin = await server.call('POST', `${topology.at}/pins`, pinBody());
    expect(pin.status).toBe(201);
    const removal = await server.call('POST', `${topology.at}/dax-devices/pmem0/remove`, {
      trigger: 'unbind',
    });
    const paths = [
      topology.at,
      `${topology.at}/dax-devices/pmem0`,
      `${topology.at}/mounts/${topology.mount}`,
      `${topology.at}/files/${topology.file}`,
      `${topology.at}/processes/42`,
      `${topology.at}/mappings/${topology.mapping}`,
      pin.headers['location'] ?? '',
      removal.headers['location'] ?? '',
    ];
    for (const path of paths) {
      const { status, headers, json } = await server.call('GET', path);
      const etag = `"${json.uid}.${String(json.revision)}"`;
      expect([path, status, headers['etag']]).toEqual([path, 200, etag]);
    }
  });

  test('If-None-Match with the present tag is 304 without a body', async () => {
    const { headers } = await server.call('GET', topology.at);
    const etag = headers['etag'] ?? '';
    for (const value of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await server.call('GET', topology.at, undefined, { 'if-none-match': value });
      expect([value, answer.status, answer.text]).toEqual([value, 304, '']);
    }
    expect((await server.call('GET', topology.at, undefined, { 'if-none-match': '"other"' })).status).toBe(
      200,
    );
  });

  test('If-Match with another tag is 412 and changes nothing', async () => {
    const before = await seq();
    const patch = { labels: { rack: '7' } };
    const refused = await server.call('PATCH', topology.at, patch, { 'if-match': '"other.1"' });
    expect([refused.status, refused.json.code, await seq()]).toEqual([412, 'precondition_failed', before]);
    const etag = (await server.call('GET', topology.at)).headers['etag'] ?? '';
    const changed = await server.call('PATCH', topology.at, patch, { 'if-match': etag });
    expect([changed.status, changed.json.labels]).toEqual([200, patch.labels]);
    expect((await server.call('PATCH', topology.at, patch, { 'if-match': etag })).status).toBe(412);
  });

  test('If-Match takes a list of strong tags and *, and no weak one', async () => {
    const patch = async (ifMatch: (etag: string) => string): Promise<number> => {
      const etag = (await server.call('GET', topology.at)).headers['etag'] ?? '';
      const answer = await server.call('PATCH', topology.at, { labels: {} }, { 'if-match': ifMatch(etag) });
      return answer.status;
    };
    for (const taken of [
      (etag: string) => `"other.1", ${etag}`,
      (etag: string) => `${etag},"x"`,
      () => '*',
      () => '"x", *',
    ])
      expect([String(taken), await patch(taken)]).toEqual([String(taken), 200]);
    for (const not of [
      (etag: string) => `W/${etag}`,
      (etag: string) => etag.slice(1, -1),
      (etag: string) => etag.replace('.', '.0'),
      (etag: string) => etag.replace(/\.\d+/, ''),
      () => '"x"',
    ])
      expect([String(not), await patch(not)]).toEqual([String(not), 412]);
  });

  test('If-Match on a collection is 412: it has no tag', async () => {
    const answer = await server.call('POST', '/v1/hosts', { name: 'b', kernel: 'v6.1' }, { 'if-match': '*' });
    expect(answer.status).toBe(412);
  });
});

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': 'k-1' };

  test('the same request again gets the same answer, marked as replayed', async () => {
    const body = { pid: 43, comm: 'nginx' };
    const first = await server.call('POST', `${topology.at}/processes`, body, key);
    const before = await seq();
    const again = await server.call('POST', `${topology.at}/processes`, body, key);
    expect([again.status, again.json, again.headers['location'], again.headers['etag']]).toEqual([
      201,
      first.json,
      first.headers['location'],
      first.headers['etag'],
    ]);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(await seq()).toBe(before);
  });

  test('another body, path or query under the same key is 422', async () => {
    await server.call('POST', `${topology.at}/processes`, { pid: 43, comm: 'nginx' }, key);
    const others = [
      server.call('POST', `${topology.at}/processes`, { pid: 44, comm: 'nginx' }, key),
      server.call('DELETE', `${topology.at}/processes/43`, undefined, key),
    ];
    for (const { status, json } of await Promise.all(others)) {
      expect([status, json.code]).toEqual([422, 'idempotency_key_reused']);
    }
  });

  test('a DELETE is replayed too', async () => {
    const path = `${topology.at}/mappings/${topology.mapping}`;
    const first = await server.call('DELETE', path, undefined, key);
    const again = await server.call('DELETE', path, undefined, key);
    expect([first.status, again.status, again.json]).toEqual([200, 200, first.json]);
  });

  test('a key that is no key is 400', async () => {
    const headers = { 'idempotency-key': 'ä'.repeat(3) };
    expect((await server.call('POST', `${topology.at}/processes`, { comm: 'x' }, headers)).status).toBe(400);
  });
});

describe('dry_run', () => {
  test('answers the same and stores nothing', async () => {
    const before = await seq();
    const created = await server.call('POST', `${topology.at}/processes?dry_run=true`, {
      pid: 43,
      comm: 'nginx',
    });
    expect([created.status, created.json.pid, created.headers['dry-run']]).toEqual([201, 43, 'true']);
    const deleted = await server.call('DELETE', `${topology.at}/mappings/${topology.mapping}?dry_run=true`);
    expect([deleted.status, deleted.json.result, deleted.headers['dry-run']]).toEqual([200, 'ok', 'true']);
    const path = `${topology.at}/dax-devices/pmem0/remove?dry_run=true`;
    const removal = await server.call('POST', path, { trigger: 'unbind' }, { prefer: 'wait=60' });
    expect([removal.status, removal.json.state, removal.headers['dry-run']]).toEqual([
      200,
      'completed',
      'true',
    ]);
    expect(await seq()).toBe(before);
    expect((await server.call('GET', `${topology.at}/processes/43`)).status).toBe(404);
  });

  test('a refusal is the same too, and a key is not used up', async () => {
    const path = `${topology.at}/processes?dry_run=true`;
    expect((await server.call('POST', path, { pid: 42, comm: 'x' })).status).toBe(409);
    const key = { 'idempotency-key': 'k' };
    await server.call('POST', path, { pid: 50, comm: 'x' }, key);
    expect((await server.call('POST', `${topology.at}/processes`, { pid: 51, comm: 'x' }, key)).status).toBe(
      201,
    );
  });
});

describe('lists', () => {
  test('page through everything once, in order of creation', async () => {
    for (let pid = 100; pid < 107; pid += 1) {
      await server.call('POST', `${topology.at}/processes`, { pid, comm: 'x', tenant: 't' });
    }
    const pids: unknown[] = [];
    let token: string | null = '';
    while (token !== null) {
      const more = token === '' ? '' : `&page_token=${token}`;
      const page = await server.call('GET', `${topology.at}/processes?limit=3&tenant=t${more}`);
      pids.push(...page.json.items.map((item) => item.pid));
      expect(page.json.as_of).toBe(await seq());
      token = page.json.next_page;
    }
    expect(pids).toEqual([100, 101, 102, 103, 104, 105, 106]);
  });

  test('filter by what each kind has, over the fleet and below a host', async () => {
    await makeTopology(server, 'node-b', 'v6.12');
    const count = async (url: string): Promise<number> => (await server.call('GET', url)).json.items.length;
    expect(await count('/v1/hosts?kernel=v6.12')).toBe(1);
    expect(await count('/v1/dax-devices')).toBe(2);
    expect(await count('/v1/dax-devices?host=node-b&mode=fsdax&state=bound')).toBe(1);
    expect(await count('/v1/dax-devices?dax_device=pmem0')).toBe(2);
    expect(await count('/v1/dax-devices?tenant=nobody')).toBe(0);
    expect(await count('/v1/mounts?dax_device=pmem0&fs_type=ext4')).toBe(2);
    expect(await count('/v1/mappings?pid=42')).toBe(2);
    expect(await count('/v1/mappings?pid=43')).toBe(0);
    expect(await count(`${topology.at}/files?mount=${topology.mount}`)).toBe(1);
    expect(await count('/v1/pins?kind=longterm')).toBe(0);
    expect(await count('/v1/removals?verdict=exposed')).toBe(0);
  });

  test('events page after a seq', async () => {
    const first = await server.call('GET', '/v1/events?limit=2');
    expect(first.json.items.map((event) => event.seq)).toEqual([1, 2]);
    const next = await server.call('GET', `/v1/events?limit=2&after=${String(first.json.next_page)}`);
    expect(next.json.items[0]?.seq).toBe(3);
    const last = await server.call('GET', `/v1/events?after=${String(await seq())}`);
    expect(last.json).toMatchObject({ items: [], next_page: null });
    expect((await server.call('GET', '/v1/events?host=node-z')).json.items).toEqual([]);
  });
});

test('a size may be spelled in bytes or with a unit', async () => {
  const at = `${topology.at}/dax-devices?dry_run=true`;
  for (const size of [1073741824, '1048576KiB', '1024MiB', '1GiB']) {
    const { status, json } = await server.call('POST', at, {
      name: 'dax0.0',
      mode: 'devdax',
      size,
      align: '4KiB',
    });
    expect([status, json.size, json.align]).toEqual([201, 1073741824, 4096]);
  }
});

test('the request id of the caller is answered, an odd one is replaced', async () => {
  const own = await server.call('GET', '/v1/nope', undefined, { 'x-request-id': 'trace-1' });
  expect([own.headers['x-request-id'], own.json.request_id]).toEqual(['trace-1', 'trace-1']);
  const odd = await server.call('GET', '/livez', undefined, { 'x-request-id': 'a b\tc' });
  expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

function pinBody() {
  return {
    pid: 42,
    mapping: topology.mapping,
    offset: 0,
    length: 4096,
    kind: 'transient',
    holder: 'direct_io',
  };
}
