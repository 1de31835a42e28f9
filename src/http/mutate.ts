import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyZodOpenApiSchema } from 'fastify-zod-openapi';
import * as z from 'zod';
import type { AnswerTo } from '../engine/answer.ts';
import type { CommandOf, CommandType, Fields } from '../engine/model/command.ts';
import type { Kind } from '../engine/model/host.ts';
import type { Outcome } from '../engine/model/outcome.ts';
import type { Resource } from '../engine/model/resource.ts';
import type { Backend, NotDone, Reply, Submission } from './backend.ts';
import { digestsIn, etagOf, statesIn } from './etag.ts';
import { originOf } from './origin.ts';
import { pathOf } from './path_of.ts';
import {
  describe,
  isOptional,
  jsonResponse,
  REQUEST_HEADERS,
  RESPONSE_HEADERS,
  type AnswerHeaders,
  type Operation,
} from './operation.ts';
import { doneOrThrow, headerProblem } from './problem.ts';
import { queryBoolean } from './schemas/scalar.ts';

/** Query of every mutation. */
const dryRunQuery = {
  dry_run: queryBoolean
    .exactOptional()
    .meta({ description: 'Answer as if it were done, and store nothing.' }),
};
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** A request that one command answers. */
export interface MutationRoute<
  Type extends CommandType,
  P extends z.ZodObject,
  B extends z.ZodType,
  Q extends z.core.$ZodLooseShape,
  Answer = AnswerTo<Type>,
> extends Operation {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly params: P;
  readonly body?: B;
  /** Members and elements of the body, where more are taken than elsewhere. */
  readonly bodyValuesMax?: number;
  readonly query?: Q;
  /** The host whose command it is; by default the path's. */
  readonly host?: (asked: Asked<P, B, Q>) => string;
  readonly command: Type;
  /** What the command says beside its name. */
  readonly fields: (asked: Asked<P, B, Q>) => Fields<Type>;
  /** The record that If-Match speaks of; a collection has none. */
  readonly target?: (asked: Asked<P, B, Q>) => Target;
  readonly answer: AnswerKind<Answer>;
  /** Of a command that begins removals: waits for them as `Prefer` says. */
  readonly settle?: Settle<Answer>;
}

/** What If-Match speaks of: a record, or what its host is as a whole, whose entity tag is a digest. */
interface Target {
  readonly kind: Kind;
  readonly id: string;
  readonly is_topology?: true;
}

/** The answer as it is once what the client prefers to wait for has ended; sets Preference-Applied. */
export type Settle<Answer> = (
  request: FastifyRequest,
  reply: FastifyReply,
  conditions: Conditions,
  begun: Answer,
) => Promise<Answer>;

export interface Asked<P, B, Q> {
  readonly params: z.output<P>;
  readonly body: z.output<B>;
  readonly query: { readonly [K in keyof Q]?: z.output<Q[K]> };
}

/** How an answer becomes a response: status, headers, body. */
export interface AnswerKind<Answer> {
  readonly responses: NonNullable<FastifyZodOpenApiSchema['response']>;
  readonly send: (reply: FastifyReply, done: Reply<Answer>, path: string) => FastifyReply;
}

/** Declares such a request. */
export function mutationRoute<
  Type extends CommandType,
  P extends z.ZodObject,
  B extends z.ZodType,
  Q extends z.core.$ZodLooseShape,
>(app: FastifyInstance, backend: Backend, route: MutationRoute<Type, P, B, Q>): void {
  submittedRoute(app, (submission) => backend.submit(submission), route);
}

/** A command of a type, and under which conditions it is run. */
type SubmissionOf<Type extends CommandType> = Conditions & {
  readonly host: string;
  readonly command: CommandOf<Type>;
};

/** What came of it. */
type SubmittedAs<Answer> =
  | (Reply<Answer> & { readonly status: 'done'; readonly replayed: boolean })
  | NotDone;

/** As mutationRoute(), of a command that `submit` sends: its answer may have another form than the command's own. */
export function submittedRoute<
  Type extends CommandType,
  P extends z.ZodObject,
  B extends z.ZodType,
  Q extends z.core.$ZodLooseShape,
  Answer,
>(
  app: FastifyInstance,
  submit: (submission: SubmissionOf<Type>) => Promise<SubmittedAs<Answer>>,
  route: MutationRoute<Type, P, B, Q, Answer>,
): void {
  app.route({
    method: route.method,
    url: route.url,
    schema: mutationSchema(route),
    config: route.bodyValuesMax === undefined ? {} : { bodyValuesMax: route.bodyValuesMax },
    handler: async (request, reply) => {
      const asked = request as unknown as Asked<P, B, Q>;
      const host = route.host?.(asked) ?? (asked.params as { host: string }).host;
      const command: CommandOf<Type> = { type: route.command, ...route.fields(asked) };
      const conditions = conditionsOf(request, route.target?.(asked), route.makes);
      const { answer, exposures, replayed } = doneOrThrow(await submit({ host, command, ...conditions }));
      mark(reply, conditions, replayed);
      const settled = (await route.settle?.(request, reply, conditions, answer)) ?? answer;
      return route.answer.send(reply, { answer: settled, exposures }, pathOf(request));
    },
  });
}

/** Schema of a mutation for Fastify and for the document. */
export function mutationSchema(
  route: Operation & {
    params: z.ZodObject;
    body?: z.ZodType;
    query?: z.core.$ZodLooseShape;
    answer: Pick<AnswerKind<never>, 'responses'>;
    target?: unknown;
    settle?: unknown;
  },
): FastifyZodOpenApiSchema {
  const ifMatch = route.target === undefined ? {} : REQUEST_HEADERS.ifMatch;
  const ifAbsent = route.makes === true ? REQUEST_HEADERS.ifAbsent : {};
  const prefer = route.settle === undefined ? {} : REQUEST_HEADERS.prefer;
  const deliberate = route.body !== undefined && isOptional(route.body) ? REQUEST_HEADERS.requestedWith : {};
  return describe(route, {
    params: route.params,
    querystring: z.strictObject({ ...dryRunQuery, ...route.query }),
    headers: z.looseObject({
      ...REQUEST_HEADERS.idempotencyKey,
      ...ifMatch,
      ...ifAbsent,
      ...prefer,
      ...deliberate,
    }),
    ...(route.body === undefined ? {} : { body: route.body }),
    response: route.answer.responses,
  });
}

/** Under which conditions a request is meant. */
type Conditions = Omit<Submission, 'host' | 'command'>;

/**
 * For whom a request is, its dry_run, Idempotency-Key and If-Match, as the store takes them; of one that makes what its
 * path names also If-None-Match.
 */
export function conditionsOf(request: FastifyRequest, target: Target | undefined, makes?: true): Conditions {
  const { if_match, ...conditions } = keyAndMatch(request, target !== undefined);
  const absent = makes === true && isToBeAbsent(request) ? ({ absent: true } as const) : {};
  const states = if_match === undefined || target === undefined ? {} : statesOf(target, if_match);
  const asked = { ...states, ...absent };
  return {
    origin: originOf(request),
    ...conditions,
    ...(target === undefined || Object.keys(asked).length === 0
      ? {}
      : { precondition: { kind: target.kind, id: target.id, ...asked } }),
  };
}

/** The same of what is not of a host. */
export function keyAndMatch(
  request: FastifyRequest,
  hasTarget: boolean,
): Pick<Conditions, 'dry_run' | 'idempotency'> & { readonly if_match?: string } {
  const dry_run = (request.query as { dry_run?: boolean }).dry_run === true;
  const key = request.headers['idempotency-key'];
  if (key !== undefined && (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key))) {
    throw headerProblem('invalid_request', 'Idempotency-Key', 'takes 1 to 255 visible ASCII characters');
  }
  const ifMatch = request.headers['if-match'];
  if (ifMatch !== undefined && !hasTarget) {
    throw headerProblem('precondition_failed', 'If-Match', 'a collection has no ETag that it could name');
  }
  return {
    ...(dry_run ? { dry_run } : {}),
    ...(key === undefined || dry_run ? {} : { idempotency: { key, fingerprint: fingerprintOf(request) } }),
    ...(ifMatch === undefined ? {} : { if_match: ifMatch }),
  };
}

type Precondition = NonNullable<Conditions['precondition']>;

function statesOf({ is_topology }: Target, ifMatch: string): Pick<Precondition, 'states' | 'topologies'> {
  const states = statesIn(ifMatch);
  if (is_topology !== true || states === '*') return { states };
  return { states: '*', topologies: digestsIn(ifMatch) };
}

/** Whether what a request makes must not exist: who names a state of it means If-Match. */
function isToBeAbsent({ headers }: FastifyRequest): boolean {
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  throw headerProblem('invalid_request', 'If-None-Match', 'takes * alone here: it must not exist');
}

/**
 * What makes a request the same request: route, parameters, query and body, as they were understood. Spellings that
 * mean the same (the order of members or parameters, "2MiB", percent-encodings, a default told) are the same request.
 */
function fingerprintOf(request: FastifyRequest): string {
  const { dry_run: _dryRun, ...query } = request.query as Readonly<Record<string, unknown>>;
  const asked = [request.method, request.routeOptions.url, request.params, query];
  const hash = createHash('sha256').update(JSON.stringify(asked, withSortedNames));
  const { body } = request;
  return hash
    .update(body instanceof Uint8Array ? body : JSON.stringify(body ?? null, withSortedNames))
    .digest('hex');
}

function withSortedNames(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where the answer's resource is found; nowhere after a dry run, which has marked the reply and stored nothing. */
export function locate(reply: FastifyReply, path: string): void {
  if (!reply.hasHeader('dry-run')) reply.header('location', path);
}

/** The headers that say how a mutation was answered. */
export function mark(reply: FastifyReply, { dry_run }: Pick<Conditions, 'dry_run'>, replayed: boolean): void {
  if (dry_run === true) reply.header('dry-run', 'true');
  if (replayed) reply.header('idempotency-replayed', 'true');
}

/** A record as the routes know it: with a uid and a revision, and the last of its path. */
type Named = Pick<Resource, 'uid' | 'revision'> &
  ({ readonly id: string } | { readonly name: string } | { readonly pid: number });

/** 201 with Location (the collection's path and the new id), ETag and the record; `more` stands beside it. */
export function created(
  schema: z.ZodType,
  more: (done: Reply<Named>) => object = () => ({}),
): AnswerKind<Named> {
  return {
    responses: createdResponses(schema),
    send: (reply, done, path) => sendCreated(reply, path, done.answer, more(done)),
  };
}

/** The same of a call that may not come back: 200 with what the process, and the kernel, got then. */
export function createdOr(schema: z.ZodType, instead: z.ZodType): AnswerKind<Named | Outcome> {
  return {
    responses: { ...createdResponses(schema), ...outcome(instead).responses },
    send: (reply, { answer }, path) =>
      'result' in answer ? reply.send(answer) : sendCreated(reply, path, answer, {}),
  };
}

/** The responses of created(); of an answer that has more than the record, too. */
export function createdResponses(
  schema: z.ZodType,
  more: AnswerHeaders = {},
): AnswerKind<never>['responses'] {
  const { etag, location, mutation } = RESPONSE_HEADERS;
  return {
    201: jsonResponse('The resource as it was created.', schema, {
      ...etag,
      ...location,
      ...mutation,
      ...more,
    }),
  };
}

/** Sends a record that is new, with where it is found; `more` stands beside it. */
export function sendCreated(reply: FastifyReply, path: string, record: Named, more: object): FastifyReply {
  locate(reply, `${path}/${encodeURIComponent(idOf(record))}`);
  return reply
    .code(201)
    .header('etag', etagOf(record))
    .send({ ...record, ...more });
}

function idOf(record: Named): string {
  if ('id' in record) return record.id;
  return 'name' in record ? record.name : String(record.pid);
}

/** 200 with the changed record and its ETag; `more` stands beside it. */
export function changed(
  schema: z.ZodType,
  more: (done: Reply<Named>) => object = () => ({}),
): AnswerKind<Named> {
  const headers = { ...RESPONSE_HEADERS.etag, ...RESPONSE_HEADERS.mutation };
  return {
    responses: { 200: jsonResponse('The resource as it is now.', schema, headers) },
    send: (reply, done) => reply.header('etag', etagOf(done.answer)).send({ ...done.answer, ...more(done) }),
  };
}

/** What a change says of the windows that it opens (EX6). */
export function openedBy<Answer>({ exposures }: Reply<Answer>): Pick<Reply<Answer>, 'exposures'> {
  return { exposures };
}

/** 200 with what a process, and the kernel, got. */
export function outcome(schema: z.ZodType): AnswerKind<Outcome> {
  return answered('What the process and the kernel got.', schema);
}

/** 200 with the answer as it is. */
export function answered(description: string, schema: z.ZodType): AnswerKind<object> {
  return {
    responses: { 200: jsonResponse(description, schema, RESPONSE_HEADERS.mutation) },
    send: (reply, { answer }) => reply.send(answer),
  };
}

/** 204: a record is gone. */
export const deleted: AnswerKind<null> = {
  responses: {
    204: { description: 'It was deleted; there is no body.', headers: RESPONSE_HEADERS.mutation },
  },
  send: (reply) => reply.code(204).send(),
};
