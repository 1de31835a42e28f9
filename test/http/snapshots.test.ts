import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWriteConnection } from '../../src/store/connection.ts';
import { openLocalStore } from '../support/local_store.ts';
import { makeTopology, serve, startTestServer } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

const take = async (at: string, body: object = {}) => {
  const taken = await server.call('POST', `${at}/snapshots`, body);
  expect(taken.status).toBe(201);
  return taken.json.id;
};

const LISTS = ['dax-devices', 'mounts', 'files', 'processes', 'open-files', 'mappings', 'pins'];

/** All that a host is, without what tells its records and times from those of another one alike. */
const stateOf = async (at: string): Promise<unknown> => {
  const lists = await Promise.all(
    LISTS.map(async (list) => (await server.call('GET', `${at}/${list}?limit=500`)).json.items),
  );
  return JSON.parse(
    JSON.stringify(lists, (name, value: unknown) =>
      name === 'uid' || name === 'revision' || name === 'host' ? undefined : value,
    ),
  );
};

test('[SNAP1] a snapshot is taken, listed, read and deleted', async () => {
  const { at } = await makeTopology(server, 's-crud', 'v6.12');
  const before = await server.call('GET', at);
  const taken = await server.call('POST', `${at}/snapshots`, { name: 'first' });
  expect([taken.status, taken.json['name'], taken.json['records']]).toMatchObject([
    201,
    'first',
    { hosts: 1, dax_devices: 1, mappings: 1 },
  ]);
  const read = await server.call('GET', taken.headers['location']!);
  expect([read.json, read.headers['etag']]).toEqual([taken.json, taken.headers['etag']]);
  expect((await server.call('GET', `${at}/snapshots`)).json.items).toEqual([taken.json]);
  expect((await server.call('GET', '/v1/snapshots?name=first')).json.items).toEqual([taken.json]);
  // The host itself is as it was.
  expect((await server.call('GET', at)).json).toEqual(before.json);
  expect((await server.call('DELETE', taken.headers['location']!)).status).toBe(204);
  const gone = await server.call('DELETE', taken.headers['location']!);
  expect([gone.status, gone.json['code']]).toEqual([404, 'snapshot_not_found']);
});

test('[SNAP2] a restored host is as it was, and no former ETag matches', async () => {
  const { at, mapping, file } = await makeTopology(server, 's-restore', 'v6.12');
  const state = await stateOf(at);
  const snapshot = await take(at);
  const former = (await server.call('GET', `${at}/mappings/${mapping}`)).headers['etag']!;
  await server.call('DELETE', `${at}/mappings/${mapping}`);
  await server.call('DELETE', `${at}/files/${file}`);
  await server.call('POST', `${at}/processes`, { pid: 77, comm: 'since' });
  const restored = await server.call('POST', `${at}/restore`, { snapshot });
  expect(restored.status).toBe(200);
  expect(await stateOf(at)).toEqual(state);
  const stale = await server.call('DELETE', `${at}/mappings/${mapping}`, undefined, { 'if-match': former });
  expect(stale.status).toBe(412);
  const again = await server.call('POST', `${at}/restore`, { snapshot });
  expect(again.headers['etag']).toBe(restored.headers['etag']);
  expect((await server.call('GET', `${at}/snapshots`)).json.items).toHaveLength(1);
});

test('[SNAP3] a fork is a host of its own, of now or of a snapshot', async () => {
  const { at, mapping } = await makeTopology(server, 's-source', 'v6.12');
  const state = await stateOf(at);
  const snapshot = await take(at);
  await server.call('DELETE', `${at}/mappings/${mapping}`);
  const ofThen = await server.call('POST', `${at}/fork`, { name: 's-then', snapshot });
  expect([ofThen.status, ofThen.headers['location'], ofThen.json['revision']]).toEqual([
    201,
    '/v1/hosts/s-then',
    1,
  ]);
  expect(await stateOf('/v1/hosts/s-then')).toEqual(state);
  const ofNow = await server.call('POST', `${at}/fork`, { name: 's-now' });
  expect(ofNow.status).toBe(201);
  expect(await stateOf('/v1/hosts/s-now')).toEqual(await stateOf(at));
  await server.call('DELETE', `/v1/hosts/s-now/processes/42`);
  expect(await stateOf('/v1/hosts/s-now')).not.toEqual(await stateOf(at));
  expect((await server.call('GET', '/v1/hosts/s-now/snapshots')).json.items).toEqual([]);
  const taken = await server.call('POST', `${at}/fork`, { name: 's-now' });
  expect([taken.status, taken.json['code'], taken.json.errors[0]?.pointer]).toEqual([
    409,
    'host_exists',
    '/name',
  ]);
});

test('[SNAP3] [SNAP6] a waiting removal of the fork is another one, which goes on by itself', async () => {
  const { at, mapping } = await makeTopology(server, 's-waits', 'v5.10');
  const pinned = { pid: 42, mapping, offset: 0, length: 4096, kind: 'transient', holder: 'rdma' };
  const pin = await server.call('POST', `${at}/pins`, pinned);
  const removed = await server.call('POST', `${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' });
  const waiting = removed.headers['location']!;
  expect((await server.call('GET', waiting)).json['state']).toBe('waiting');
  const snapshot = await take(at);
  await server.call('POST', `${at}/fork`, { name: 's-waits-copy', snapshot });
  const [copy] = (await server.call('GET', '/v1/removals?host=s-waits-copy')).json.items;
  expect([copy!['state'], `/v1/removals/${copy!.uid}` === waiting]).toEqual(['waiting', false]);
  await server.call('DELETE', `/v1/hosts/s-waits-copy/pins/${pin.json.id}`);
  const ended = await server.call('GET', `/v1/removals/${copy!.uid}`);
  const device = await server.call('GET', '/v1/hosts/s-waits-copy/dax-devices/pmem0');
  expect([ended.json['state'], device.json['removal']]).toEqual(['completed', null]);
  expect((await server.call('GET', waiting)).json['state']).toBe('waiting');
  // The original ends, is restored, and waits again as it did.
  await server.call('DELETE', `${at}/pins/${pin.json.id}`);
  expect((await server.call('GET', waiting)).json['state']).toBe('completed');
  await server.call('POST', `${at}/restore`, { snapshot });
  expect((await server.call('GET', waiting)).json['state']).toBe('waiting');
  await server.call('DELETE', `${at}/pins/${pin.json.id}`);
  expect((await server.call('GET', waiting)).json['state']).toBe('completed');
});

test('a dry run of each stores nothing, and a key replays', async () => {
  const { at } = await makeTopology(server, 's-dry', 'v6.12');
  const snapshot = await take(at);
  const asked = [
    [`${at}/snapshots`, {}, 201],
    [`${at}/restore`, { snapshot }, 200],
    [`${at}/fork`, { name: 's-dry-copy' }, 201],
    [`${at}/fork`, { name: 's-dry-copy', snapshot }, 201],
  ] as const;
  for (const [url, body, status] of asked) {
    const foreseen = await server.call('POST', `${url}?dry_run=true`, body);
    expect([url, foreseen.status, foreseen.headers['location']]).toEqual([url, status, undefined]);
  }
  expect((await server.call('GET', `${at}/snapshots`)).json.items).toHaveLength(1);
  expect((await server.call('GET', '/v1/hosts/s-dry-copy')).status).toBe(404);
  const key = { 'idempotency-key': 'fork-1' };
  const made = await server.call('POST', `${at}/fork`, { name: 's-dry-copy' }, key);
  const again = await server.call('POST', `${at}/fork`, { name: 's-dry-copy' }, key);
  expect([again.status, again.headers['idempotency-replayed'], again.json]).toEqual([201, 'true', made.json]);
});

test('a snapshot of another host is not found, nor one that is gone, nor a host that is', async () => {
  const { at } = await makeTopology(server, 's-one', 'v6.12');
  const other = await makeTopology(server, 's-other', 'v6.12');
  const snapshot = await take(other.at);
  const codes = async (url: string, body: object) => {
    const { status, json } = await server.call('POST', url, body);
    return [status, json['code']];
  };
  expect(await codes(`${at}/restore`, { snapshot })).toEqual([404, 'snapshot_not_found']);
  expect(await codes(`${at}/fork`, { name: 's-x', snapshot })).toEqual([404, 'snapshot_not_found']);
  expect(await codes('/v1/hosts/s-none/fork', { name: 's-x' })).toEqual([404, 'host_not_found']);
  expect(await codes('/v1/hosts/s-none/restore', { snapshot })).toEqual([404, 'host_not_found']);
  expect(await codes('/v1/hosts/s-none/snapshots', {})).toEqual([404, 'host_not_found']);
});

test('[SNAP1] with a host its snapshots go', async () => {
  const { at } = await makeTopology(server, 's-deleted', 'v6.12');
  const snapshot = await take(at);
  expect((await server.call('DELETE', at)).status).toBe(204);
  await makeTopology(server, 's-deleted', 'v6.12');
  const { status, json } = await server.call('POST', `${at}/restore`, { snapshot });
  expect([status, json['code']]).toEqual([404, 'snapshot_not_found']);
});

/** Bytes that stand where a content did. */
const DAMAGED: Readonly<Record<string, (content: KeptContent) => Buffer>> = {
  'no gzip': () => Buffer.of(0),
  'no host': (content) =>
    gzipped({
      ...content,
      tables: content.tables.map((each) => (each.table === 'hosts' ? { ...each, rows: [] } : each)),
    }),
  'a schema that is to come': (content) => gzipped({ ...content, schema_version: 9_999 }),
};

interface KeptContent {
  readonly schema_version: number;
  readonly tables: readonly { readonly table: string; readonly rows: readonly unknown[] }[];
}

const gzipped = (content: KeptContent): Buffer => gzipSync(JSON.stringify(content));

test.each(Object.entries(DAMAGED))(
  '[SNAP5] a snapshot of %s is a conflict, and changes nothing',
  async (_what, damage) => {
    const folder = mkdtempSync(join(tmpdir(), 'daxplane-snapshots-'));
    const path = join(folder, 'store.db');
    const own = await startTestServer({ store: await openLocalStore(path) });
    try {
      const { at } = await makeTopology(own, 's-damaged', 'v6.12');
      const { json } = await own.call('POST', `${at}/snapshots`, {});
      const db = openWriteConnection(path);
      const kept = db.prepare<[], Buffer>('SELECT bytes FROM snapshot_chunks').pluck().get()!;
      const content = JSON.parse(gunzipSync(kept).toString()) as KeptContent;
      db.prepare('UPDATE snapshot_chunks SET bytes = ?').run(damage(content));
      db.close();
      const answers = [
        await own.call('POST', `${at}/restore`, { snapshot: json.id }),
        await own.call('POST', `${at}/fork`, { name: 's-copy', snapshot: json.id }),
      ];
      expect(answers.map((answer) => [answer.status, answer.json.code])).toEqual([
        [409, 'snapshot_unreadable'],
        [409, 'snapshot_unreadable'],
      ]);
    } finally {
      await own.close();
      rmSync(folder, { recursive: true });
    }
  },
);
