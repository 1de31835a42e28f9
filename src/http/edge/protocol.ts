import { METHODS } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { headerProblem, HttpProblem } from '../problem.ts';
import { refuseSocket } from './refuse_socket.ts';

const HOST = 'host';

/** For Fastify: what Node would refuse without a body is refused below. */
export const LENIENT_HTTP = { requireHostHeader: false } as const;

/**
 * Answers with a problem what Node's server answers on its own, without a body or not at all: an expectation other
 * than 100-continue, a Host that HTTP/1.1 lacks, CONNECT. Throws `expectation_failed` and `malformed_request`.
 */
export function answerForNode(app: FastifyInstance): void {
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.server.on('connect', (_request, socket: Duplex) => {
    // Node has let go of the socket: an error that nobody listens for would end the process.
    socket.on('error', () => socket.destroy());
    const headers = { allow: '' };
    refuseSocket(socket, new HttpProblem('method_not_allowed', 'this server is not a proxy', { headers }));
  });
  app.addHook('onRequest', ({ headers, raw }, _reply, done) => {
    const { expect } = headers;
    const other =
      expect !== undefined && raw.httpVersion === '1.1' ? expectations(expect).find(cannotBeMet) : undefined;
    if (other !== undefined) {
      // Nobody knows whether the body comes that the client announced.
      const close = { connection: 'close' };
      const detail = `${other} cannot be met, only 100-continue`;
      throw headerProblem('expectation_failed', 'Expect', detail, close);
    }
    const hosts = hostsIn(raw.rawHeaders);
    // RFC 9112, 3.2. Of two, readers would take different ones.
    if (hosts > 1 || (hosts === 0 && raw.httpVersion === '1.1'))
      throw headerProblem('malformed_request', 'Host', `is there ${String(hosts)} times, and must be once`);
    done();
  });
  // Nothing here takes it: Fastify would first ask for its Content-Type. An older Node's parser refuses it.
  if (METHODS.includes('QUERY')) app.addHttpMethod('QUERY', { hasBody: false, overrideExisting: true });
}

/** How many Host fields there are among names and values in turn: Node keeps the first alone. */
function hostsIn(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === HOST.length && name.toLowerCase() === HOST) hosts += 1;
  }
  return hosts;
}

/** Of all fields, which Node has joined. RFC 9110, 10.1.1: a list, which HTTP/1.0 does not have. */
function expectations(field: string): readonly string[] {
  return field.split(',').map((expectation) => expectation.trim());
}

/** RFC 9110, 5.6.1: an element of a list may be empty. */
function cannotBeMet(expectation: string): boolean {
  return expectation !== '' && expectation.toLowerCase() !== '100-continue';
}
