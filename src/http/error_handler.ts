import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem, RefusalProblem, renderProblem, sendProblem, type HttpProblemCode } from './problem.ts';
import { CAREFUL_HEADERS } from './security.ts';

/** Fastify's own errors, by code. */
const FASTIFY_ERRORS: Readonly<Record<string, HttpProblemCode>> = {
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
};

/** Errors of libraries, by status: secure-json-parse, a body cut short, a Content-Type of nothing, a file of the explorer. */
const LIBRARY_ERRORS: Readonly<Record<number, HttpProblemCode>> = {
  400: 'malformed_json',
  412: 'precondition_failed',
  415: 'unsupported_media_type',
  416: 'range_not_satisfiable',
};

/** The store's ClosingError: the service stops, and another may serve soon. */
const CLOSING = 'DAXPLANE_CLOSING';

/** Every error of a request becomes a problem document; what nobody expected is logged and answered 500. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply));
}

/** For errors that come before routing, such as a URL that cannot be decoded: no hook has seen the request. */
export function answerUnrouted(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ 'x-request-id': request.id, ...CAREFUL_HEADERS });
  answerError(error, request, reply);
}

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  if (problem instanceof HttpProblem && problem.code === 'internal_error') {
    request.log.error({ err: error }, 'request failed');
  }
  return sendProblem(request, reply, problem);
}

function problemOf(error: FastifyError): HttpProblem | RefusalProblem {
  if (error instanceof HttpProblem || error instanceof RefusalProblem) return error;
  if (error.code === CLOSING)
    return new HttpProblem('unavailable', error.message, { headers: { 'retry-after': '1' } });
  const code = FASTIFY_ERRORS[error.code] ?? LIBRARY_ERRORS[error.statusCode ?? 500];
  if (code === 'payload_too_large')
    return new HttpProblem(code, 'the body has more bytes than the route takes: 512 KiB, a listing 8 MiB');
  if (code !== undefined) return new HttpProblem(code, error.message);
  return new HttpProblem('internal_error', 'the service failed to answer; its log has the request_id');
}

const SOCKET_ERRORS: Readonly<Record<string, HttpProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** Answers what Node could not parse as HTTP: there is no request to answer, only a socket. */
export function answerSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = SOCKET_ERRORS[error.code ?? ''] ?? 'malformed_request';
  refuseSocket(socket, new HttpProblem(code, error.message));
}

/** Answers with a problem where there is a socket only, and closes it. */
export function refuseSocket(socket: Duplex, problem: HttpProblem): void {
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
