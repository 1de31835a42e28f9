import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Refusal } from '../engine/model/refusal.ts';
import { REFUSAL_CODES } from '../engine/model/refusal_codes.ts';
import type { StoreUnavailable, NotDone } from './backend.ts';
import { pathOf } from './path_of.ts';

/** Problems that HTTP itself has, beside the refusals of the domain: code → status and title. */
export const HTTP_PROBLEMS = {
  malformed_request: { status: 400, title: 'The request is not well-formed HTTP' },
  malformed_json: { status: 400, title: 'The body is not well-formed JSON' },
  invalid_request: { status: 400, title: 'The request does not match the schema' },
  unauthorized: { status: 401, title: 'A token that is known here is needed' },
  origin_not_allowed: { status: 403, title: 'Pages of this origin may not call this service' },
  deliberate_header_required: { status: 403, title: 'A web page of any origin could have sent this' },
  route_not_found: { status: 404, title: 'There is no such route' },
  kernel_not_found: { status: 404, title: 'There is no such kernel profile' },
  method_not_allowed: { status: 405, title: 'The route does not accept this method' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  events_gone: { status: 410, title: 'The journal does not go back so far' },
  precondition_failed: { status: 412, title: 'A condition on the present state does not hold' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  uri_too_long: { status: 414, title: 'The URL is too long' },
  unsupported_media_type: { status: 415, title: 'The body has a media type that is not accepted here' },
  range_not_satisfiable: { status: 416, title: 'The file has no such range' },
  expectation_failed: { status: 417, title: 'Expect asks for something that is not done here' },
  host_not_allowed: { status: 421, title: 'This host is not served here' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used with another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The header fields are too large' },
  internal_error: { status: 500, title: 'A fault of this service' },
  unavailable: { status: 503, title: 'The service cannot answer now' },
  store_busy: { status: 503, title: 'Another program holds the store' },
  store_full: { status: 503, title: 'The disk of the store is full' },
  store_read_only: { status: 503, title: 'The store is not writable' },
  host_busy: { status: 503, title: 'The host changes too often to work this out' },
  store_not_ours: { status: 503, title: 'The file of the store is no longer the one that is served' },
} as const;
export type HttpProblemCode = keyof typeof HTTP_PROBLEMS;

const REFUSAL_STATUS = {
  not_found: { status: 404, title: 'Not found' },
  conflict: { status: 409, title: 'Conflict with the present state' },
  invalid: { status: 400, title: 'Invalid request' },
} as const;

export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

/** A no of HTTP, thrown by routes and hooks and rendered by the error handler. */
export class HttpProblem extends Error {
  readonly code: HttpProblemCode;
  readonly errors: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;
  /** Where the journal begins, for who has asked for what it had before. */
  readonly oldest_seq: number | undefined;

  constructor(
    code: HttpProblemCode,
    detail: string,
    more: { errors?: readonly Fault[]; headers?: Record<string, string>; oldest_seq?: number } = {},
  ) {
    super(detail);
    this.code = code;
    this.errors = more.errors ?? [];
    this.headers = more.headers ?? {};
    this.oldest_seq = more.oldest_seq;
  }
}

/** A no to a header field: `errors` names it as it names a parameter, `/If-Match`. */
export function headerProblem(
  code: HttpProblemCode,
  name: string,
  said: string,
  headers: Record<string, string> = {},
): HttpProblem {
  const fault = { pointer: `/${name}`, detail: `header: ${said}` };
  return new HttpProblem(code, `${fault.pointer}: ${fault.detail}`, { errors: [fault], headers });
}

/** A no of the domain, on its way to the error handler. */
export class RefusalProblem extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/** The reply of a submission that was done; every other status is thrown as its problem. */
export function doneOrThrow<Done extends { readonly status: 'done' }>(submitted: Done | NotDone): Done {
  switch (submitted.status) {
    case 'done':
      return submitted;
    case 'refused':
      throw new RefusalProblem(submitted.refusal);
    case 'precondition_failed':
      throw submitted.exists === true
        ? headerProblem('precondition_failed', 'If-None-Match', 'the resource exists')
        : headerProblem(
            'precondition_failed',
            'If-Match',
            'the resource has changed, or was replaced, since that ETag',
          );
    case 'idempotency_mismatch':
      throw headerProblem(
        'idempotency_key_reused',
        'Idempotency-Key',
        'belongs to a request with another method, path, query or body',
      );
    case 'unavailable':
      throw storeProblem(submitted.why);
  }
}

/** The 503 of a store that takes nothing now: what is the matter, and when to ask again. */
export function storeProblem({ code, detail, retry_after_s }: StoreUnavailable): HttpProblem {
  return new HttpProblem(code, detail, { headers: { 'retry-after': String(retry_after_s) } });
}

/** Sends a problem document; the only place that chooses the status of a no. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: HttpProblem | RefusalProblem,
): FastifyReply {
  const { status, body } = renderProblem(problem, pathOf(request), request.id);
  if (problem instanceof HttpProblem) reply.headers(problem.headers);
  return reply.code(status).type('application/problem+json').send(JSON.stringify(body));
}

/** The page of all codes, served; each has its anchor there: a problem's `type` is a link (RFC 9457, 4.1). */
const ERRORS_PATH = '/errors';

/** A problem document and its status. */
export function renderProblem(problem: HttpProblem | RefusalProblem, instance: string, request_id: string) {
  const said = problem instanceof HttpProblem ? ofHttp(problem) : ofRefusal(problem.refusal);
  const { code, status, title, errno, possible, depends_on, oldest_seq, errors } = said;
  const body = {
    type: `${ERRORS_PATH}#${code}`,
    title,
    status,
    detail: problem.message,
    instance,
    code,
    ...(errno === undefined ? {} : { errno }),
    ...(possible === undefined ? {} : { possible }),
    ...(depends_on === undefined ? {} : { depends_on }),
    ...(oldest_seq === undefined ? {} : { oldest_seq }),
    errors,
    request_id,
  };
  return { status, body };
}

function ofHttp(problem: HttpProblem) {
  const { code, oldest_seq, errors } = problem;
  return {
    code,
    ...HTTP_PROBLEMS[code],
    errno: undefined,
    possible: undefined,
    depends_on: undefined,
    oldest_seq,
    errors,
  };
}

function ofRefusal(refusal: Refusal) {
  const { code, detail, errno, possible, depends_on, pointer } = refusal;
  const errors: readonly Fault[] = pointer === undefined ? [] : [{ pointer, detail }];
  return {
    code,
    ...REFUSAL_STATUS[REFUSAL_CODES[code]],
    errno,
    possible,
    depends_on,
    oldest_seq: undefined,
    errors,
  };
}
