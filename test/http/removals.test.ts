import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTopology, serveTopology } from '../support/server.ts';
import { until } from '../support/until.ts';

/** Whoever waits is woken; only a hang would take so long. */
const LONG_MS = 600_000;

const { server, topology } = serveTopology(beforeEach, afterEach);
const remove = (headers: Record<string, string> = {}, body: unknown = { trigger: 'unbind' }) =>
  server.call('POST', `${topology.at}/dax-devices/pmem0/remove`, body, headers);
const pin = () =>
  server.call('POST', `${topology.at}/pins`, {
    pid: 42,
    mapping: topology.mapping,
    offset: 0,
    length: 4096,
    kind: 'transient',
    holder: 'vmsplice',
  });

test('a remove is 202 with the place of the removal', async () => {
  const { status, headers, json } = await remove();
  expect([status, json.state, headers['location']]).toEqual([202, 'running', `/v1/removals/${json.id}`]);
  expect(headers['preference-applied']).toBeUndefined();
});

test('with Prefer: wait it is 200 with the finished removal', async () => {
  const { status, headers, json } = await remove({ prefer: 'respond-async, wait=60' });
  expect([status, json.state, headers['preference-applied']]).toEqual([200, 'completed', 'wait=60']);
  expect((await server.call('GET', `/v1/removals/${json.id}`)).json).toEqual(json);
});

test('a wait is at most 60 seconds', async () => {
  expect((await remove({ prefer: 'wait=3600' })).headers['preference-applied']).toBe('wait=60');
});

test('a removal that waits is 202 when the time is up, says on what, and ends with the pin', async () => {
  const pinned = await pin();
  const waiting = await remove({ prefer: 'wait=0' });
  expect([waiting.status, waiting.headers['preference-applied']]).toEqual([202, 'wait=0']);
  const path = waiting.headers['location'] ?? '';
  const { json } = await until(
    () => server.call('GET', path),
    (told) => told.json.state === 'waiting',
  );
  expect([json.verdict, json.waiting_on[0]?.pin]).toEqual([null, pinned.json.id]);
  const unpinned = await server.call('DELETE', pinned.headers['location'] ?? '');
  expect([unpinned.status, unpinned.json.result]).toEqual([200, 'ok']);
  const ended = await server.controlPlane.waitForRemoval(json.uid, LONG_MS);
  expect(ended?.state).toBe('completed');
});

test('a server that closes lets those go who wait, with how the removal is by then', async () => {
  await pin();
  const waiting = remove({ prefer: 'wait=60' });
  await until(
    () => server.call('GET', '/v1/removals?state=waiting'),
    ({ json }) => json.items.length === 1,
  );
  await server.app.close();
  const { status, json, headers } = await waiting;
  expect([status, json.state]).toEqual([202, 'waiting']);
  // Else the connection is one that nobody uses, and is cut only when the drain ends.
  expect(headers['connection']).toBe('close');
});

test('who waits for a removal that a restore undoes is told so at once', async () => {
  await pin();
  const { json: snapshot } = await server.call('POST', `${topology.at}/snapshots`, {});
  const waiting = remove({ prefer: 'wait=60' });
  await until(
    () => server.call('GET', '/v1/removals?state=waiting'),
    ({ json }) => json.items.length === 1,
  );
  await server.call('POST', `${topology.at}/restore`, { snapshot: snapshot.id });
  const { status, json } = await waiting;
  expect([status, json.code]).toEqual([404, 'removal_not_found']);
});

test('for a client that has left nothing waits', async () => {
  await pin();
  const { waitForRemoval } = server.controlPlane;
  const waits: ReturnType<typeof waitForRemoval>[] = [];
  server.controlPlane.waitForRemoval = (uid, _timeout_ms, signal) => {
    waits.push(waitForRemoval(uid, LONG_MS, signal));
    return waits.at(-1)!;
  };
  const url = await server.listen();
  const leaving = new AbortController();
  const answer = fetch(`${url}${topology.at}/dax-devices/pmem0/remove`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=60' },
    body: '{"trigger":"unbind"}',
    signal: leaving.signal,
  });
  await until(
    () => server.call('GET', '/v1/removals?state=waiting'),
    ({ json }) => json.items.length === 1 && waits.length === 1,
  );
  leaving.abort();
  await expect(answer).rejects.toThrow();
  expect((await waits[0])?.state).toBe('waiting');
});

test('a second write to unbind waits behind the first, and any other removal is 409', async () => {
  await pin();
  const first = await remove();
  expect((await remove()).json).toMatchObject({ state: 'waiting', behind: first.json.id });
  const surprise = await remove({}, { trigger: 'surprise_removal' });
  expect(surprise.json).toMatchObject({ status: 409, code: 'removal_in_progress' });
});

test("a tool's own no is 409 with the errno it reports", async () => {
  const { status, json } = await remove({}, { trigger: 'unbind', via: 'ndctl_disable_namespace' });
  expect([status, json.code, json.errno]).toEqual([409, 'tool_refused', 'EBUSY']);
});

test('a bind answers the device and what became of the write', async () => {
  const at = `${topology.at}/dax-devices/pmem0/bind`;
  const bound = await server.call('POST', at, {});
  expect([bound.status, bound.json.code, bound.json.errno]).toEqual([
    409,
    'kernel_refused',
    expect.any(String),
  ]);
  await remove({ prefer: 'wait=60' });
  const again = await server.call('POST', at, {});
  expect(again.json).toMatchObject({ name: 'pmem0', state: 'bound', result: 'ok', blocked_in: null });
  expect(again.headers['etag']).toContain(again.json.uid);
});

test('a surprise removal on the bus starts a removal and links it', async () => {
  const at = `${topology.at}/hotplug-events`;
  const event = await server.call('POST', at, { action: 'surprise_remove', dax_device: 'pmem0' });
  expect(event.status).toBe(201);
  const removal = await server.call('GET', `/v1/removals/${event.json.removal}`);
  expect(removal.json).toMatchObject({ trigger: 'surprise_removal', dax_device: 'pmem0' });
  expect((await server.call('GET', event.headers['location'] ?? '')).json).toEqual(event.json);
  expect((await server.call('GET', '/v1/hotplug-events?action=surprise_remove')).json.items).toHaveLength(1);
});

test('the signals of a removal are paged', async () => {
  const { json } = await remove({ prefer: 'wait=60' });
  const page = await server.call('GET', `/v1/removals/${json.id}/signals?limit=1`);
  expect([page.status, page.json.items.length <= 1]).toEqual([200, true]);
  const bad = await server.call('GET', `/v1/removals/${json.id}/signals?page_token=zzz`);
  expect([bad.status, bad.json.code]).toEqual([400, 'invalid_field']);
});

test('holders are who holds the device, and asking changes nothing', async () => {
  const before = (await server.call('GET', '/v1/events')).json.as_of;
  const { status, json } = await server.call('GET', `${topology.at}/dax-devices/pmem0/holders`);
  expect(status).toBe(200);
  expect(json.items.map((holder) => holder.kind)).toEqual(expect.arrayContaining(['mount', 'mapping']));
  expect((await server.call('GET', '/v1/events')).json.as_of).toBe(before);
});

test('[PIN4] a pin that gup does not take behind a stale entry is 409 with an errno, or 200 with what it met', async () => {
  await remove({ prefer: 'wait=60' });
  expect((await pin()).json).toMatchObject({ status: 409, code: 'kernel_refused', errno: 'EFAULT' });
  const { at, mapping } = await makeTopology(server, 'node-b', 'v7.3');
  await server.call('POST', `${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });
  const one = { pid: 42, mapping, offset: 0, length: 4096, kind: 'transient', holder: 'vmsplice' };
  const { status, headers, json } = await server.call('POST', `${at}/pins`, one);
  expect([status, headers['location'], json.result]).toEqual([200, undefined, 'kernel_oops']);
});
