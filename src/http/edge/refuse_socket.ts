import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { HttpProblem, renderProblem, type HttpProblemCode } from '../problem.ts';
import { CAREFUL_HEADERS } from './careful_response.ts';

const SOCKET_ERRORS: Readonly<Record<string, HttpProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** The last answers of a connection, in the order of their requests: all that have not ended are among them. */
const underWay = new WeakMap<Duplex, ServerResponse[]>();
/** Connections that are refused, or will be in their turn: Node reports an error again with each byte that follows. */
const refused = new WeakSet<Duplex>();

/** Knows from here on which answers a connection still owes: a refusal does not take the place of one. */
export function followAnswers(server: Server): void {
  server.on('request', ({ socket }, response) => {
    const answers = underWay.get(socket);
    if (answers === undefined) underWay.set(socket, [response]);
    else if (answers.length === 1 && answers[0]!.closed) answers[0] = response;
    else underWay.set(socket, [...answers.filter(({ closed }) => !closed), response]);
  });
}

/** Answers what Node could not parse as HTTP: there is no request to answer, only a socket. */
export function answerSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code = SOCKET_ERRORS[error.code ?? ''] ?? 'malformed_request';
  refuseSocket(socket, new HttpProblem(code, error.message));
}

/** Answers with a problem where there is a socket only, after the requests that came before, and closes it. */
export function refuseSocket(socket: Duplex, problem: HttpProblem): void {
  if (refused.has(socket)) return;
  refused.add(socket);
  refuseInTurn(socket, problem);
}

/** A request that was cut short and has no answer yet owes none: the refusal is its answer. */
function refuseInTurn(socket: Duplex, problem: HttpProblem): void {
  const answers = (underWay.get(socket) ?? []).filter(({ closed }) => !closed);
  const owed = answers.find(({ req, headersSent }) => req.complete || headersSent);
  if (owed !== undefined) owed.once('close', () => refuseInTurn(socket, problem));
  else if (socket.writable) refuse(socket, problem);
  else socket.destroy();
}

function refuse(socket: Duplex, problem: HttpProblem): void {
  const { status, body } = renderProblem(problem, '', '');
  const text = JSON.stringify(body);
  const fields = {
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
    ...problem.headers,
    ...CAREFUL_HEADERS,
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${String(status)} ${body.title}\r\n${head.join('')}\r\n${text}`);
  // end() alone would keep the place of a client that does not close: the server's sockets stay half open.
  socket.end(() => socket.destroy());
}
