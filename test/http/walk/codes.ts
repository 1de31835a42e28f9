import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decidedElsewhere } from '../../../src/runtime/decider.ts';
import { openSqliteStore } from '../../../src/runtime/sqlite_store.ts';
import { packJson } from '../../../src/store/packed.ts';
import { openWriteConnection } from '../../../src/store/connection.ts';
import { Sqlite } from '../../../src/store/driver.ts';
import { tokensOf } from '../../../src/http/edge/tokens.ts';
import { openFreshStore, openLocalStore } from '../../support/local_store.ts';
import { startReceiver } from '../../support/receiver.ts';
import { startTestServer, type TestAnswer, type TestServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';

/** What came of a request: its status, and the problem document. */
export interface Refused {
  readonly status: number;
  readonly json: unknown;
}

const HOST = { name: 'a', kernel: 'v6.12' };
const EVIL = 'evil.example';

const onFatal = (error: Error): void => {
  throw error;
};

/** A file of a store, in a folder that goes. */
async function withFile(act: (path: string) => Promise<Refused>): Promise<Refused> {
  const folder = mkdtempSync(join(tmpdir(), 'daxplane-codes-'));
  try {
    return await act(join(folder, 'store.db'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Options = NonNullable<Parameters<typeof startTestServer>[0]>;

/** A server of its own. */
async function withServer(options: Options, act: (server: TestServer) => Promise<Refused>): Promise<Refused> {
  const server = await startTestServer(options);
  try {
    return await act(server);
  } finally {
    await server.close();
  }
}

const createHost = (server: TestServer): Promise<TestAnswer> => server.call('POST', '/v1/hosts', HOST);

/** A server whose store is a file that others can open: `befall` is what happens to it, and returns what undoes that. */
function withFate(befall: (path: string) => () => void): Promise<Refused> {
  return withFile(async (path) => {
    const store = await openSqliteStore({ path, onFatal, busyTimeoutMs: 20 });
    return withServer({ store }, async (server) => {
      const undo = befall(path);
      return createHost(server).finally(undo);
    });
  });
}

/** A store whose transactions SQLite ends with a code. */
const failingWith = (code: string): Promise<Refused> =>
  withFile(async (path) => {
    const store = await openLocalStore(path, () => {
      throw Object.assign(new Error('as SQLite throws it'), { code });
    });
    return withServer({ store }, createHost);
  });

/** What comes over a socket to bytes that no client of HTTP would send, or that stop. */
async function toBytes(text: string, options: Options = {}): Promise<Refused> {
  return withServer(options, async (server) => {
    const socket = connect(Number(new URL(await server.listen()).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(text);
    await once(socket, 'close');
    const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
    return { status: Number(head.split(' ', 2)[1]), json: JSON.parse(body) as unknown };
  });
}

const broken = (server: TestServer): Promise<TestAnswer> => {
  server.controlPlane.list = () => Promise.reject(new Error('it is broken'));
  return server.call('GET', '/v1/hosts');
};

/** What is asked of a journal that keeps less than it has had: of the answer to what was asked before. */
const forgetful = (
  before: (server: TestServer, target: string) => Promise<string>,
  after: (server: TestServer, told: string) => Promise<Refused>,
): Promise<Refused> =>
  withFile(async (path) => {
    const receiver = await startReceiver();
    const open = async (events: number | null): Promise<TestServer> =>
      startTestServer({
        store: await openSqliteStore({ path, onFatal, retention: { days: null, events } }),
        webhooks: { targets: ['127.0.0.1'] },
      });
    try {
      const former = await open(null);
      const told = await before(former, receiver.url).finally(() => former.close());
      const server = await open(1);
      await spawn(server, 99);
      return await after(server, told).finally(() => server.close());
    } finally {
      await receiver.close();
    }
  });

const spawn = (server: TestServer, pid: number): Promise<TestAnswer> =>
  server.call('POST', '/v1/hosts/a/processes', { pid, comm: 'a' });

/** Ten events, of which a webhook had the first. Returns where that delivery is. */
async function makeEvents(server: TestServer, url: string): Promise<string> {
  const { id } = (await server.call('POST', '/v1/webhooks', { url })).json;
  const at = `/v1/webhooks/${id}/deliveries`;
  await createHost(server);
  const [delivery] = await until(
    async () => (await server.call('GET', at)).json.items,
    ([first]) => first?.state === 'delivered',
  );
  for (let pid = 1; pid < 10; pid += 1) await spawn(server, pid);
  return `${at}/${delivery!.id}`;
}

const damagedSnapshot = (): Promise<Refused> =>
  withFile(async (path) =>
    withServer({ store: await openLocalStore(path) }, async (server) => {
      await createHost(server);
      const { id } = (await server.call('POST', '/v1/hosts/a/snapshots', {})).json;
      const db = openWriteConnection(path);
      db.exec("UPDATE snapshot_chunks SET bytes = x'00'");
      db.close();
      return server.call('POST', '/v1/hosts/a/restore', { snapshot: id });
    }),
  );

/** A store whose writer says of a command each time that its host has changed. */
async function overtaken(): Promise<Refused> {
  const store = await openFreshStore();
  const submit = (() =>
    decidedElsewhere(
      { write: async () => ({ status: 'undecided', hold: null }), letGo: () => undefined },
      () => Promise.resolve(packJson(null)),
    )) as typeof store.submit;
  return withServer({ store: { ...store, submit } }, createHost);
}

/** Of the services that are not as they should be, or want something of who asks. */
export const OF_THE_SERVICE = {
  malformed_request: () => toBytes('nonsense\r\n\r\n'),
  unauthorized: () => withServer({ tokens: tokensOf(['t'.repeat(32)]) }, createHost),
  request_timeout: () =>
    toBytes('GET / HTTP/1.1\r\nHost: loc', { connections: { headers_ms: 20, request_ms: 20, check_ms: 5 } }),
  expectation_failed: () =>
    toBytes('GET /v1/hosts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: foo\r\n\r\n'),
  headers_too_large: () => toBytes(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`),
  events_gone: () => forgetful(makeEvents, (server) => server.call('GET', '/v1/events?after=1')),
  event_not_kept: () => forgetful(makeEvents, (server, at) => server.call('POST', `${at}/redeliver`, {})),
  rate_limited: () =>
    withServer({ limits: { requests_per_minute: 1 } }, async (server) => {
      await createHost(server);
      return createHost(server);
    }),
  internal_error: () => withServer({}, broken),
  unavailable: () => withServer({ limits: { requests_in_work: 0 } }, createHost),
  host_busy: overtaken,
  snapshot_unreadable: damagedSnapshot,
  store_busy: () =>
    withFate((path) => {
      const other = new Sqlite(path);
      other.exec('BEGIN IMMEDIATE');
      return () => other.close();
    }),
  store_full: () => failingWith('SQLITE_FULL'),
  store_read_only: () => failingWith('SQLITE_READONLY'),
  store_not_ours: () =>
    withFate((path) => {
      renameSync(path, `${path}.away`);
      return () => renameSync(`${path}.away`, path);
    }),
  host_not_allowed: () =>
    withServer({}, (server) => server.call('GET', '/v1/hosts', undefined, { host: EVIL })),
  origin_not_allowed: () =>
    withServer({}, (server) => server.call('GET', '/v1/hosts', undefined, { origin: `http://${EVIL}` })),
  deliberate_header_required: () =>
    withServer({}, (server) => server.call('POST', '/v1/hosts/nobody/reboot')),
} as const satisfies Record<string, () => Promise<Refused>>;
