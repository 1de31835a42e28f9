import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isClosingError } from './closing.ts';
import { headerProblem, HttpProblem, RefusalProblem, sendProblem, type HttpProblemCode } from './problem.ts';
import { urlProblem } from './request_url.ts';

/** Fastify's own errors, by code. */
const FASTIFY_ERRORS: Readonly<Record<string, HttpProblemCode>> = {
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
};

/** Errors of libraries, by status: a body cut short, a Content-Type of nothing, a file of the explorer. */
const LIBRARY_ERRORS: Readonly<Record<number, HttpProblemCode>> = {
  400: 'malformed_json',
  412: 'precondition_failed',
  415: 'unsupported_media_type',
  416: 'range_not_satisfiable',
};

/** Every error of a request becomes a problem document; an unexpected one is logged and answered 500. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply));
}

/**
 * For errors that come before routing, such as a URL that cannot be decoded: no hook has seen the request. `patterns` are
 * the paths of the routes.
 */
export function answerUnrouted(patterns: Iterable<string>) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    reply.header('x-request-id', request.id);
    const malformed = urlProblem(request.url, patterns);
    if (malformed === null) answerError(error, request, reply);
    else sendProblem(request, reply, malformed);
  };
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
  if (isClosingError(error))
    return new HttpProblem('unavailable', error.message, { headers: { 'retry-after': '1' } });
  const code = FASTIFY_ERRORS[error.code] ?? LIBRARY_ERRORS[error.statusCode ?? 500];
  if (code === 'payload_too_large')
    return new HttpProblem(code, 'the body has more bytes than the route takes: 512 KiB, a listing 8 MiB');
  if (code === 'unsupported_media_type') return headerProblem(code, 'Content-Type', error.message);
  if (code === 'range_not_satisfiable') return headerProblem(code, 'Range', error.message);
  if (code !== undefined) return new HttpProblem(code, error.message);
  return new HttpProblem('internal_error', 'the service failed to answer; its log has the request_id');
}
