import * as z from 'zod';
import type { FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import { Problem } from './schemas/problem.ts';

/** What every route says of itself in the OpenAPI document. */
export interface Operation {
  /** operationId: unique, the name of the method in a generated client. */
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** Its refusals beside those of its path, body and headers; those of a mutation are 409 by default. */
  readonly refuses?: readonly (404 | 409 | 410 | 503)[];
  /** Whether neither its rate nor the work in progress is bounded, as `rateLimit: false` of its route says. */
  readonly unbounded?: boolean;
  /** Whether it asks nobody whose failure would be its own, and no fault rule meets it: it is never answered 500. */
  readonly infallible?: boolean;
  /** Whether it is asked without a token also where there are tokens, as isOpen() of authorization.ts says. */
  readonly open?: boolean;
  /** Whether what its path names need not be there: it makes it. */
  readonly makes?: true;
}

export const TAGS = {
  hosts: 'Machines, their inventory and their reboot.',
  snapshots: 'States of hosts that are kept, to be restored or forked.',
  'dax-devices': 'DAX devices: create, bind, remove.',
  memory: 'Memory blocks of system-ram, and how much capacity has leaked.',
  'memory-failure': 'Poison in device memory.',
  mounts: 'File systems on devices.',
  files: 'Files on mounted file systems, and file calls.',
  processes: 'Processes that map DAX devices.',
  'open-files': 'Descriptors: what processes have open, mapped or not.',
  mappings: 'VMAs, and what accesses through them get.',
  pins: 'Page references taken by gup.',
  'hotplug-events': 'What the bus did: devices and media added, replaced or removed.',
  removals: 'What a remove request did, step by step.',
  exposures: "Windows onto another owner's pfns.",
  cxl: 'CXL memdevs and regions.',
  'what-if': 'What a removal would do: now, over the fleet, on other kernels.',
  kernels: 'Kernel profiles as data.',
  events: 'The journal: what happened.',
  'fault-rules': 'Faults on purpose, for tests of your own tools, and the clocks by which they wait.',
  webhooks: 'Events sent to receivers, signed as Standard Webhooks has it.',
  service: 'Health of the service.',
} as const;
export type Tag = keyof typeof TAGS;

type Responses = NonNullable<FastifyZodOpenApiSchema['response']>;
type Response = Responses[`${1 | 2 | 3 | 4 | 5}${string}`];

const problem = (id: string, description: string, headers?: HeadersOfResponse): Response => ({
  id,
  description,
  ...(headers === undefined ? {} : { headers }),
  content: { 'application/problem+json': { schema: Problem } },
});

/** Each once in the document, shared by the operations that answer it. */
const PROBLEMS = {
  400: problem('BadRequest', 'The request does not match the schema, or a value is out of range.'),
  401: problem('Unauthorized', 'A token is needed here, and none that is known was presented.', {
    'WWW-Authenticate': {
      description: '`Bearer`; `error="invalid_token"` where one was presented.',
      schema: { type: 'string' },
    },
  }),
  403: problem(
    'Forbidden',
    'The request comes from a page of another origin, or is a POST that any page could have sent.',
  ),
  404: problem('NotFound', 'There is no such resource.'),
  409: problem(
    'Conflict',
    "The present state, the kernel or a tool refuses; `errno` has the kernel's answer.",
  ),
  408: problem('RequestTimeout', 'The request took too long to arrive.'),
  410: problem('Gone', 'What is asked for is kept no more.'),
  412: problem(
    'PreconditionFailed',
    'If-Match does not match the present state, or If-None-Match does; a collection has no ETag.',
  ),
  413: problem('PayloadTooLarge', 'The body is too large, has too many members, or is nested too deeply.'),
  414: problem('UriTooLong', 'A name in the path has more than 255 characters.'),
  415: problem('UnsupportedMediaType', 'The body has a media type that is not accepted.'),
  417: problem('ExpectationFailed', 'Expect asks for something other than 100-continue.'),
  421: problem('MisdirectedRequest', 'The Host is not served here.'),
  422: problem('IdempotencyKeyReused', 'The Idempotency-Key was used with another request.'),
  429: problem(
    'TooManyRequests',
    'More requests, or streams of events, than one address or token may have; Retry-After says when to go on.',
  ),
  431: problem('HeadersTooLarge', 'The header fields are larger than 16 KiB.'),
  500: problem('InternalError', 'A fault of this service; its log has the request_id.'),
  503: problem(
    'Unavailable',
    'The service or its store cannot answer now; Retry-After says when to ask again.',
  ),
  default: problem('Failure', 'Whatever else is answered with a problem document.'),
} as const;

/** The noes that a request can get, by what is taken of it. Only a mutation has an Idempotency-Key and If-Match. */
function problemsOf(
  { params, body, headers }: FastifyZodOpenApiSchema,
  { refuses, makes, open = false, unbounded = false, infallible = false }: Operation,
) {
  const hasNames = params instanceof z.ZodObject && Object.keys(params.shape).length > 0;
  const isMutation = headers instanceof z.ZodObject && 'Idempotency-Key' in headers.shape;
  const statuses = new Set([
    ...([400, 403, 408, 417, 421, 431] as const),
    ...(open ? [] : ([401] as const)),
    ...(hasNames && makes !== true ? ([404] as const) : []),
    ...(hasNames ? ([414] as const) : []),
    ...(unbounded ? [] : ([429, 503] as const)),
    ...(infallible ? [] : ([500] as const)),
    ...(isMutation ? ([412, 422] as const) : []),
    ...(body === undefined ? [] : ([413, 415] as const)),
    ...(refuses ?? (isMutation ? ([409] as const) : [])),
    'default' as const,
  ]);
  return Object.fromEntries([...statuses].map((status) => [status, PROBLEMS[status]])) as Responses;
}

/** `shown`: what the document says beside that it is a text. */
const header = (description: string, shown: { pattern: string; maxLength: number }) =>
  z
    .string()
    .exactOptional()
    .meta({ description, override: ({ jsonSchema }) => void Object.assign(jsonSchema, shown) });
/** RFC 9110, 8.8.3 and 13.1: tags, or any. */
const TAGS_SHOWN = { pattern: '^(\\*|(W/)?"[^"]*"( *, *(W/)?"[^"]*")*)$', maxLength: 8192 };

/** Whether a request may come without this body. */
export function isOptional(body: z.ZodType): boolean {
  return body.safeParse(undefined).success;
}

/** Request headers, for the document: they are read by name where they matter, never validated as a whole. */
export const REQUEST_HEADERS = {
  ifNoneMatch: {
    'If-None-Match': header(
      'ETag of an earlier answer: 304 if the resource has not changed since.',
      TAGS_SHOWN,
    ),
  },
  ifAbsent: {
    'If-None-Match': header('With `*` only where it does not exist, else 412.', {
      pattern: '^\\*$',
      maxLength: 1,
    }),
  },
  ifMatch: { 'If-Match': header('ETag the resource must have, else 412.', TAGS_SHOWN) },
  idempotencyKey: {
    'Idempotency-Key': header(
      'Up to 255 characters; kept 24 h. The same request again gets the same answer.',
      { pattern: '^[\\x21-\\x7e]{1,255}$', maxLength: 255 },
    ),
  },
  requestedWith: {
    'X-Requested-With': header(
      'Anything; needed where there is no body and none of Content-Type: application/json, Idempotency-Key, If-Match and Prefer, else 403.',
      { pattern: '^.+$', maxLength: 255 },
    ),
  },
  prefer: {
    Prefer: header(
      'How long to wait: with `wait=N` up to N seconds (60 at most) for the removals that it starts to end.',
      { pattern: '^.+$', maxLength: 255 },
    ),
  },
} as const;

/** @fastify/swagger takes the schema of a header and makes the header object around it. */
const answerHeader = (description: string) => ({ description, type: 'string' as const });

export const RESPONSE_HEADERS = {
  etag: { ETag: answerHeader('Tag of this state of the resource.') },
  location: { Location: answerHeader('Path of the resource; absent from a dry run.') },
  mutation: {
    'Idempotency-Replayed': answerHeader('`true` where a stored answer is repeated.'),
    'Dry-Run': answerHeader('`true` where nothing was stored.'),
  },
  listing: {
    'Listing-Blocked-By': answerHeader(
      'The removal behind which the real tool would sleep on a device lock.',
    ),
  },
  prefer: { 'Preference-Applied': answerHeader('The preference that was honoured.') },
} as const;

type HeadersOfResponse = NonNullable<
  Extract<Response, { description: string; content?: unknown }>['headers']
>;
/** Headers of an answer, by name. */
export type AnswerHeaders = Readonly<Record<string, ReturnType<typeof answerHeader>>>;

/** The type of a JSON text: Fastify says the same of an object. */
export const JSON_TYPE = 'application/json; charset=utf-8';

/** A JSON answer in the document. */
export function jsonResponse(description: string, schema: z.ZodType, headers: AnswerHeaders = {}): Response {
  return {
    description,
    headers: headers as unknown as HeadersOfResponse,
    content: { 'application/json': { schema } },
  };
}

/** What is to be said of an operation of which nobody says more: what it promises. */
function summarized({ summary }: Operation, { headers, querystring }: FastifyZodOpenApiSchema): string {
  const fields = headers instanceof z.ZodObject ? headers.shape : {};
  const parameters = querystring instanceof z.ZodObject ? querystring.shape : {};
  if ('Idempotency-Key' in fields)
    return `${summary}: once, however often it is sent with the same Idempotency-Key.`;
  if ('If-None-Match' in fields) return `${summary}, with the ETag of its state.`;
  return 'page_token' in parameters
    ? `${summary}: those that every filter leaves, a page at a time.`
    : `${summary}.`;
}

const WITHOUT_BODY =
  'Without a body it needs `X-Requested-With`, or `Content-Type: application/json`: else any page could have sent it (403).';

/** The schema of a route for Fastify and for the document, with every no that it can answer. */
export function describe(operation: Operation, schema: FastifyZodOpenApiSchema): FastifyZodOpenApiSchema {
  const { id, tag, summary, open = false } = operation;
  const told = operation.description ?? summarized(operation, schema);
  const { headers } = schema;
  const isBodyOptional = headers instanceof z.ZodObject && 'X-Requested-With' in headers.shape;
  const description = isBodyOptional ? `${told} ${WITHOUT_BODY}` : told;
  const response = { ...schema.response, ...problemsOf(schema, operation) };
  const security = open ? { security: [] } : {};
  return { operationId: id, tags: [tag], summary, description, ...security, ...schema, response };
}
