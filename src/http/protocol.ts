import { METHODS } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { headerProblem, HttpProblem } from './problem.ts';
import { refuseSocket } from './refuse_socket.ts';

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
  app.addHook('onRequest', async ({ headers, raw }) => {
    const other = raw.httpVersion === '1.1' ? expectations(headers.expect).find(cannotBeMet) : undefined;
    if (other !== undefined) {
      // Nobody knows whether the body comes that the client announced.
      const close = { connection: 'close' };
      const detail = `${other} cannot be met, only 100-continue`;
      throw headerProblem('expectation_failed', 'Expect', detail, close);
    }
    const hosts = raw.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
    // RFC 9112, 3.2. Of two, readers would take different ones.
    if (hosts > 1 || (hosts === 0 && raw.httpVersion === '1.1'))
      throw headerProblem('malformed_request', 'Host', `is there ${String(hosts)} times, and must be once`);
  });
  // Nothing here takes it: Fastify would first ask for its Content-Type. An older Node's parser refuses it.
  if (METHODS.includes('QUERY')) app.addHttpMethod('QUERY', { hasBody: false, overrideExisting: true });
}

/** Of all fields, which Node has joined. RFC 9110, 10.1.1: a list, which HTTP/1.0 does not have. */
function expectations(field = ''): readonly string[] {
  return field.split(',').map((expectation) => expectation.trim());
}

/** RFC 9110, 5.6.1: an element of a list may be empty. */
function cannotBeMet(expectation: string): boolean {
  return expectation !== '' && expectation.toLowerCase() !== '100-continue';
}
