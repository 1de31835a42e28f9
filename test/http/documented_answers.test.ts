import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DOCUMENT, exampleOf, type DocumentedOperation, type Shown } from '../support/document.ts';
import { playScene, type Scene } from './conflicts_scene.ts';
import { startUnwilling, type Unwilling } from './any_request.ts';
import { serve, type Method } from '../support/server.ts';

interface Operation {
  readonly id: string;
  readonly method: Method;
  /** With its examples for names, none of which there is. */
  readonly url: string;
  /** With names that no resource can have. */
  readonly longUrl: string;
  /** With resources of the scene. */
  readonly urlOf: (there: Readonly<Record<string, string>>) => string;
  readonly body: unknown;
  readonly problems: readonly number[];
}

/** A version of a kernel that is none: the others' examples name what an empty service has not. */
const NAMES: Readonly<Record<string, string>> = { kernel: 'v0' };

const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => operationOf(path, method, operation)),
);

function operationOf(path: string, method: string, operation: DocumentedOperation): Operation {
  const { operationId, parameters = [], requestBody, responses } = operation;
  const fill = (nameOf: (name: string, example: string) => string): string =>
    parameters
      .filter((parameter) => parameter.in === 'path')
      .reduce(
        (url, { name, schema }) => url.replace(`{${name}}`, nameOf(name, String(exampleOf(schema)))),
        path,
      );
  const schema = requestBody?.content['application/json']?.schema;
  return {
    id: operationId,
    // A stream does not end; what is said before it begins is said to a HEAD as well.
    method: isStream(responses) ? 'HEAD' : (method.toUpperCase() as Method),
    url: fill((name, example) => NAMES[name] ?? example),
    longUrl: fill(() => 'x'.repeat(256)),
    urlOf: (there) => fill((name, example) => there[name] ?? example),
    body: schema === undefined ? undefined : bodyOf(operationId, schema),
    problems: Object.keys(responses)
      .map(Number)
      .filter((status) => status >= 400)
      .sort(),
  };
}

function isStream({ 200: done }: DocumentedOperation['responses']): boolean {
  return done !== undefined && 'content' in done && 'text/event-stream' in (done.content ?? {});
}

/** What the tools print has no example; nothing listed is a listing. */
function bodyOf(operationId: string, schema: Shown): unknown {
  return exampleOf(schema) ?? (operationId === 'importInventory' ? [] : {});
}

/** 409 is of a state: below. 410 is of its retention: events_gone.test.ts. Where only the store is unready: misuse.test.ts. */
const ELSEWHERE: ReadonlySet<number> = new Set([409, 410]);
const UNREADY: ReadonlySet<string> = new Set(['getReadiness']);
/** Whose conflict is of a damaged file: snapshots.test.ts. */
const DAMAGED = 'restoreHost';
const USED_KEY = 'used';

/** What is done to every operation alike, whatever it takes. */
const PROVOCATIONS: readonly ((
  operation: Operation,
) => readonly [url: string, body: unknown, headers?: Record<string, string>])[] = [
  ({ method, url, body }) => [method === 'GET' || method === 'HEAD' ? url : `${url}?dry_run=true`, body],
  ({ url, body }) => [`${url}?host=nobody`, body],
  ({ url, body }) => [`${url}?a=%00`, body],
  ({ url, body }) => [url, body, { origin: 'http://evil.example' }],
  ({ url, body }) => [url, body, { host: 'evil.example' }],
  ({ longUrl, body }) => [longUrl, body],
  ({ urlOf, body }) => [urlOf(scene.there), body, { 'if-match': '"other.1"' }],
  ({ urlOf, body }) => [urlOf(scene.there), body, { 'idempotency-key': USED_KEY }],
  ({ url }) => [url, '{}', { 'content-length': '100000000' }],
  ({ url }) => [url, '<x/>', { 'content-type': 'application/xml' }],
];

const server = serve(beforeAll, afterAll);
let scene: Scene;
let unwilling: Unwilling;
beforeAll(async () => {
  unwilling = await startUnwilling();
  scene = await playScene(server);
  const key = { 'idempotency-key': USED_KEY };
  await server.call('POST', '/v1/hosts', { name: 'one-more', kernel: 'v6.1' }, key);
});
afterAll(() => unwilling.close());

describe('an operation documents the noes that it answers, and no others', () => {
  test.each(OPERATIONS.map((operation) => [operation.id, operation] as const))(
    '%s',
    async (_id, operation) => {
      const answered = new Set<number>();
      for (const provoke of PROVOCATIONS) {
        const { status } = await server.call(operation.method, ...provoke(operation));
        if (status >= 400) answered.add(status);
      }
      for (const status of await unwilling.noes(operation)) if (status >= 400) answered.add(status);
      const told = operation.problems.filter((status) => !ELSEWHERE.has(status));
      if (UNREADY.has(operation.id)) answered.add(503);
      expect([...answered].sort()).toEqual(told);
    },
  );
});

describe('what documents a conflict meets one', () => {
  beforeAll(() => scene.fill());
  const conflicting = OPERATIONS.filter(({ id, problems }) => problems.includes(409) && id !== DAMAGED);
  test.each(conflicting.map((operation) => [operation.id, operation] as const))(
    '%s',
    async (id, { method }) => {
      const [url, body] = scene.conflicts[id] ?? [''];
      const answer = await server.call(method, method === 'GET' ? url : `${url}?dry_run=true`, body);
      expect([answer.status, answer.text.slice(0, 300)]).toEqual([409, expect.any(String)]);
    },
  );
});
