import type { FastifyInstance } from 'fastify';
import { createControlPlane, type ControlPlane } from '../../src/app/control_plane.ts';
import type { WebhookOptions } from '../../src/app/webhooks/serve.ts';
import { buildServer, type ServerOptions } from '../../src/http/server.ts';
import type { Store } from '../../src/store/port.ts';
import { requireDocumented } from './document.ts';
import { openFreshStore } from './local_store.ts';

export interface TestServer {
  readonly app: FastifyInstance;
  readonly controlPlane: ControlPlane;
  /** One request without a socket; a body that is no string is sent as JSON. Throws at an answer that is not documented. */
  call(method: Method, url: string, body?: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  /** Listens on a free port of the loopback and returns its URL. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT' | 'HEAD';

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  /** Parsed; empty where there is no JSON. */
  readonly json: TestBody;
}

/** What tests read of any answer; everything else is unknown. */
export interface TestBody {
  readonly id: string;
  readonly uid: string;
  readonly revision: number;
  readonly host: string;
  readonly code: string;
  readonly status: unknown;
  readonly removal: string;
  readonly items: readonly TestBody[];
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  readonly waiting_on: readonly { readonly pin: string }[];
  readonly devices: readonly { readonly change: string }[];
  readonly next_page: string | null;
  readonly as_of: number;
  readonly oldest_seq: number;
  readonly [member: string]: unknown;
}

/** Of webhooks, where nothing is to be sent: an attempt would change rows, whenever it ends. */
export const NOTHING_SENT: Partial<WebhookOptions> = {
  concurrency: { of_one: 0, of_host: 0, shared: 0, bytes: 0 },
};

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface TestServerOptions extends Omit<ServerOptions, 'backend' | 'logger'> {
  readonly store?: Store;
  readonly webhooks?: Partial<WebhookOptions>;
}

/** A whole server over a store (a fresh one in this thread unless given), without limits. */
export async function startTestServer({
  store,
  webhooks,
  ...options
}: TestServerOptions = {}): Promise<TestServer> {
  const controlPlane = createControlPlane(store ?? (await openFreshStore()), silent, webhooks);
  await controlPlane.start();
  const app = await buildServer({ backend: controlPlane, logger: false, ...options });
  return {
    app,
    controlPlane,
    call: async (method, url, body, headers = {}) => {
      const isText = typeof body === 'string';
      const response = await app.inject({
        method,
        url,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { payload: isText ? body : JSON.stringify(body) }),
      });
      requireDocumented(method, url, response.statusCode, response.headers['content-type']);
      return {
        status: response.statusCode,
        headers: response.headers as Record<string, string | undefined>,
        text: response.body,
        json: bodyOf(response.headers['content-type'], response.body),
      };
    },
    listen: () => app.listen({ host: '127.0.0.1', port: 0 }),
    close: async () => {
      await app.close();
      await controlPlane.close();
    },
  };
}

/** `beforeAll` and `afterAll` of vitest, or `beforeEach` and `afterEach`: this file also serves what is no test. */
type Hook = (act: () => Promise<void>) => void;

/** The server of a file of tests: it starts before them, or before each, and is closed after. */
export function serve(before: Hook, after: Hook, options: TestServerOptions = {}): TestServer {
  const server = {} as TestServer;
  before(async () => {
    Object.assign(server, await startTestServer(options));
  });
  after(() => server.close());
  return server;
}

/** serve(), and makeTopology() there. */
export function serveTopology(
  before: Hook,
  after: Hook,
): { readonly server: TestServer; readonly topology: Topology } {
  const server = serve(before, after);
  const topology = {} as Topology;
  before(async () => {
    Object.assign(topology, await makeTopology(server));
  });
  return { server, topology };
}

function bodyOf(type: unknown, text: string): TestBody {
  const isJson = typeof type === 'string' && type.includes('json') && text !== '';
  return (isJson ? JSON.parse(text) : {}) as TestBody;
}

/** A host with a 1 GiB fsdax device, ext4 on it, a file of 16 MiB, a process and a shared mapping of it. */
export async function makeTopology(server: TestServer, host = 'node-a', kernel = 'v5.10'): Promise<Topology> {
  const at = `/v1/hosts/${host}`;
  const make = async (url: string, body: unknown) => {
    const answer = await server.call('POST', url, body);
    if (answer.status !== 201) throw new Error(`${url}: ${answer.text}`);
    return answer.json;
  };
  await make('/v1/hosts', { name: host, kernel });
  await make(`${at}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB', phys_addr: '0x240000000' });
  const mount = await make(`${at}/mounts`, {
    dax_device: 'pmem0',
    path: '/mnt',
    fs_type: 'ext4',
    dax: 'always',
    mkfs: true,
  });
  const file = await make(`${at}/files`, { mount: mount.id, path: '/data', size: '16MiB' });
  await make(`${at}/processes`, { pid: 42, comm: 'redis' });
  const mapping = await make(`${at}/mappings`, {
    pid: 42,
    file: file.id,
    offset: 0,
    length: '4MiB',
    flags: ['shared'],
    prot: 'rw',
    populate: 'write',
  });
  return { at, mount: mount.id, file: file.id, mapping: mapping.id };
}

export interface Topology {
  /** `/v1/hosts/{host}`. */
  readonly at: string;
  readonly mount: string;
  readonly file: string;
  readonly mapping: string;
}
