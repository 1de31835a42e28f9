import { once } from 'node:events';
import { connect } from 'node:net';
import { tokensOf } from '../../src/http/edge/tokens.ts';
import { startTestServer, type Method, type TestServer } from '../support/server.ts';

/** A request that is well-formed, and finds nothing where it finds nobody. */
export interface AnyRequest {
  readonly method: Method;
  readonly url: string;
  readonly body: unknown;
}

/** Servers in the states in which a request is refused whatever it asks. */
export interface Unwilling {
  /** The statuses of the noes that this request gets there. */
  readonly noes: (request: AnyRequest) => Promise<readonly number[]>;
  readonly close: () => Promise<void>;
}

const DELIBERATE = { 'x-requested-with': 'test' };

/**
 * Starts them: where a token is needed, where one request a minute is allowed, where no work is done, where whatever is
 * asked fails, where a fault rule has it fail, where a request has to arrive at once, and one that is asked what no header
 * field may have.
 */
export async function startUnwilling(): Promise<Unwilling> {
  const guarded = await startTestServer({ tokens: tokensOf(['t'.repeat(32)]) });
  const limited = await startTestServer({ limits: { requests_per_minute: 1 } });
  const overloaded = await startTestServer({ limits: { requests_in_work: 0 } });
  const broken = await startTestServer();
  const close = breakAll(broken);
  const faulty = await startTestServer();
  const action = { kind: 'problem', code: 'internal_error' };
  await faulty.call('POST', '/v1/fault-rules', { selector: { path: '/v1/**' }, action });
  const hasty = await startTestServer({
    connections: { headers_ms: 50, request_ms: 50, check_ms: 10 },
  });
  const port = Number(new URL(await hasty.listen()).port);
  await limited.call('GET', '/v1/hosts');
  const ask = async (server: TestServer, { method, url, body }: AnyRequest, headers = {}): Promise<number> =>
    (await server.call(method, url, body, { ...DELIBERATE, ...headers })).status;
  return {
    noes: async (request) => [
      await ask(guarded, request),
      await ask(limited, request),
      await ask(overloaded, request),
      await ask(broken, request),
      await ask(faulty, request),
      await ask(broken, request, { expect: 'the unexpected' }),
      await answerTo(port, request, 'Content-Length: 10'),
      await answerTo(port, request, `X-Large: ${'x'.repeat(20_000)}`),
    ],
    close: async () => {
      for (const server of [guarded, limited, overloaded, faulty, hasty]) await server.close();
      await broken.app.close();
      await close();
    },
  };
}

/** Makes whatever is asked of the application fail; returns what closes it all the same. */
function breakAll({ controlPlane }: TestServer): () => Promise<void> {
  const close = controlPlane.close.bind(controlPlane);
  for (const part of [controlPlane, controlPlane.service])
    for (const [name, value] of Object.entries(part))
      if (typeof value === 'function')
        Reflect.set(part, name, () => Promise.reject(new Error('it is broken')));
  return close;
}

/** The status of what comes to a request whose end never comes. */
async function answerTo(port: number, { method, url }: AnyRequest, field: string): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  // A body that is announced and does not come; of a method that has none, a head that does not end.
  const hasNoBody = method === 'GET' || method === 'HEAD' || method === 'DELETE';
  const end = hasNoBody ? '\r\n' : '\r\n\r\n{';
  const type = 'Content-Type: application/json';
  socket.write(`${method} ${url} HTTP/1.1\r\nHost: localhost\r\n${type}\r\n${field}${end}`);
  await once(socket, 'close');
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}
