import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FaultAction, FaultRule } from '../service/fault_rule.ts';
import type { Backend } from './backend.ts';
import { pathOf } from './path_of.ts';
import { HttpProblem } from './problem.ts';
import { goOn, rest } from './edge/work.ts';

/** What rules are made and waited by is never met: nobody could end them else. */
const EXEMPT = /^\/v1\/(?:fault-rules(?:\/|$)|hosts\/:host\/clock$)/;

/** What is to be tried again says when, unless a rule does. */
const RETRY_AFTER_S = 1;

declare module 'fastify' {
  interface FastifyRequest {
    /** The rule that is applied to it, until that is done. */
    fault?: FaultRule | null;
  }
}

/**
 * Does to requests what fault rules say. A request meets them once it is understood: what is no valid request is told
 * so, as always. Without rules a request costs a look at whether there are any.
 */
export function applyFaults(app: FastifyInstance, { faults }: Backend): void {
  app.decorateRequest('fault', null);
  // A drain waits for no delay.
  app.addHook('preClose', async () => faults.close());
  app.addHook('preHandler', (request, reply, done) => {
    const { url = '', schema } = request.routeOptions;
    const operation = (schema as { readonly operationId?: string } | undefined)?.operationId;
    if (faults.isOff() || operation === undefined || !url.startsWith('/v1/') || EXEMPT.test(url)) {
      done();
      return;
    }
    meet(faults, request, reply, operation).then((goesOn) => {
      if (goesOn) done();
    }, done);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const { fault = null } = request;
    if (fault === null) {
      done(null, payload);
      return;
    }
    delayAnswer(faults, request).then(() => {
      if (fault.action.kind === 'close' && fault.action.at === 'after_effect') reply.raw.destroy();
      done(null, payload);
    }, done);
  });
}

type Faults = Backend['faults'];

/** Whether the request goes on; throws the problem that it is answered. */
async function meet(
  faults: Faults,
  request: FastifyRequest,
  reply: FastifyReply,
  operation: string,
): Promise<boolean> {
  const rule = await faults.meet({
    ...{ operation, method: request.method, path: pathOf(request) },
    ...{ host: named(request, 'host', 'host'), dax_device: named(request, 'device', 'dax_device') },
  });
  if (rule === null) return true;
  request.fault = rule;
  reply.header('fault-rule', rule.id);
  return before(faults, request, reply, rule);
}

async function before(
  faults: Faults,
  request: FastifyRequest,
  reply: FastifyReply,
  rule: FaultRule,
): Promise<boolean> {
  const { action } = rule;
  switch (action.kind) {
    case 'problem':
      throw problemOf(rule.id, action);
    case 'delay':
      if (action.at === 'before_effect') {
        await wait(faults, request, rule, action.delay_ms);
        goOn(request);
      }
      return true;
    case 'close':
      if (action.at === 'before_effect') hangUp(request, reply);
      else if (request.routeOptions.config.isStream === true) closeBegun(reply.raw);
      return action.at !== 'before_effect';
    case 'cut':
      cutAfter(reply.raw, action.after_bytes);
      return true;
  }
}

/** What is done of a request is answered after the delay of its rule, once: whoever sends an answer by itself asks for it. */
export async function delayAnswer(faults: Faults, request: FastifyRequest): Promise<void> {
  const { fault: rule = null } = request;
  if (rule === null || rule.action.kind !== 'delay' || rule.action.at !== 'after_effect') return;
  request.fault = null;
  await wait(faults, request, rule, rule.action.delay_ms);
}

/** Whoever waits is not worked on. */
async function wait(
  faults: Faults,
  request: FastifyRequest,
  rule: FaultRule,
  delay_ms: number,
): Promise<void> {
  rest(request);
  const left = new AbortController();
  const leave = (): void => left.abort();
  const { socket } = request.raw;
  socket.once('close', leave);
  // Whoever left before is told of no more.
  if (socket.destroyed) leave();
  await faults.delay(rule, delay_ms, left.signal);
  socket.off('close', leave);
}

function hangUp(request: FastifyRequest, reply: FastifyReply): void {
  rest(request);
  reply.hijack();
  request.raw.socket.destroy();
}

function problemOf(
  rule: string,
  { code, retry_after_s }: Extract<FaultAction, { kind: 'problem' }>,
): HttpProblem {
  const seconds = retry_after_s ?? (code === 'internal_error' ? undefined : RETRY_AFTER_S);
  const retry = seconds === undefined ? {} : { 'retry-after': String(seconds) };
  return new HttpProblem(code, `the fault rule ${rule} answers this: nothing was done`, { headers: retry });
}

/** What the path, the query or the body names. */
function named(request: FastifyRequest, parameter: string, member: string): string | null {
  const parts: unknown[] = [request.query, request.body];
  const inPath = memberOf(request.params, parameter);
  return inPath ?? parts.map((part) => memberOf(part, member)).find((name) => name !== null) ?? null;
}

function memberOf(part: unknown, member: string): string | null {
  if (typeof part !== 'object' || part === null || !Object.hasOwn(part, member)) return null;
  const value: unknown = Reflect.get(part, member);
  return typeof value === 'string' ? value : null;
}

/** Lets so many bytes of the body through, and closes the connection behind them: also of a stream. */
function cutAfter(raw: ServerResponse, bytes: number): void {
  let left = bytes;
  const [write, end] = [raw.write.bind(raw), raw.end.bind(raw)];
  const pass = (chunk: unknown, encoding: unknown): boolean => {
    if (left <= 0) return false;
    const all =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
        : Buffer.from(chunk as Uint8Array);
    const part = all.subarray(0, left);
    left -= part.length;
    if (left > 0) return write(part);
    write(part, () => raw.destroy());
    return false;
  };
  raw.write = ((chunk: unknown, encoding?: unknown) => pass(chunk, encoding)) as typeof raw.write;
  raw.end = ((chunk?: unknown, encoding?: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) pass(chunk, encoding);
    return left > 0 ? end() : raw;
  }) as typeof raw.end;
}

/** A stream has begun with what is sent first: the connection is closed behind that, and that of a HEAD without it. */
function closeBegun(raw: ServerResponse): void {
  const write = raw.write.bind(raw);
  let hasBegun = false;
  raw.write = ((chunk: unknown) => {
    if (!hasBegun) write(chunk, () => raw.destroy());
    hasBegun = true;
    return false;
  }) as typeof raw.write;
  raw.end = (() => (hasBegun ? raw : raw.destroy())) as typeof raw.end;
}
