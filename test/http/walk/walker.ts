import { DOCUMENT, type DocumentedOperation } from '../../support/document.ts';
import { openStream } from '../../support/event_stream.ts';
import type { Method, TestBody, TestServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';

/** What an operation was asked, and what it answered. */
export interface Step {
  readonly operation: string;
  /** What was sent as JSON; undefined where nothing was. */
  readonly sent: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed; undefined where the answer is no JSON. */
  readonly body: unknown;
}

/** By the name of a path's parameter. */
type Names = Readonly<Record<string, string>>;

/** How a request is asked beside its path and its body. */
interface Manner {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks operations by their ids, and keeps what each answered. */
export interface Walker {
  readonly steps: readonly Step[];
  /** Names of what there is: they stand in the paths of what is asked from then on. */
  readonly there: Record<string, string>;
  /** One request, with `names` over what is there. Throws where it is refused. */
  readonly ask: (operation: string, names?: Names, body?: unknown, manner?: Manner) => Promise<TestBody>;
  /** Reads until the answer is as wanted, and keeps none of it. */
  readonly until: (operation: string, names: Names, isWanted: (told: TestBody) => boolean) => Promise<void>;
  /** Reads with whatever is there, and again with the entity tag where that is a documented answer. */
  readonly read: (operation: string) => Promise<void>;
}

/** An operation of the document, with its place. */
export interface Placed extends DocumentedOperation {
  readonly path: string;
  readonly method: string;
}

/** The operations of the document, by their ids. */
export const OPERATIONS: ReadonlyMap<string, Placed> = new Map(
  Object.entries(DOCUMENT.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([method, operation]) => [operation.operationId, { ...operation, path, method }] as const,
    ),
  ),
);

/** The statuses of what an operation documents as done. */
export function statusesOf({ responses }: DocumentedOperation): number[] {
  return Object.keys(responses)
    .map(Number)
    .filter((status) => status < 400);
}

/** Whether an operation has been asked for all of its answers. */
export function isRead(operation: Placed, steps: readonly Step[]): boolean {
  const answered = steps.filter((step) => step.operation === operation.operationId);
  return statusesOf(operation).every((status) => answered.some((step) => step.status === status));
}

/** Whether what an operation answers does not end. */
function isStream({ responses: { 200: done } }: DocumentedOperation): boolean {
  return done !== undefined && 'content' in done && 'text/event-stream' in (done.content ?? {});
}

/** Walks over a server. */
export function createWalker(server: TestServer): Walker {
  const steps: Step[] = [];
  const there: Record<string, string> = {};
  const ask = async (
    operation: string,
    names: Names = {},
    body?: unknown,
    { query = '', headers = {} }: Manner = {},
  ): Promise<Step & { readonly json: TestBody }> => {
    const { method, path } = OPERATIONS.get(operation)!;
    const url = fill(path, { ...there, ...names });
    const answer = await server.call(method.toUpperCase() as Method, `${url}${query}`, body, headers);
    if (answer.status >= 400) throw new Error(`${operation} (${url}): ${answer.text}`);
    const step = {
      operation,
      sent: body,
      status: answer.status,
      headers: answer.headers,
      body: answer.text === '' ? undefined : (answer.json as unknown),
    };
    steps.push(step);
    return { ...step, json: answer.json };
  };
  const stream = async (operation: string, { path }: Placed): Promise<void> => {
    const opened = await openStream(`${await server.listen()}${fill(path, there)}`);
    await opened.next();
    opened.close();
    steps.push({ operation, sent: undefined, status: opened.status, headers: {}, body: undefined });
  };
  return {
    steps,
    there,
    ask: async (...asked) => (await ask(...asked)).json,
    until: async (operation, names, isWanted) => {
      const url = fill(OPERATIONS.get(operation)!.path, { ...there, ...names });
      await until(async () => (await server.call('GET', url)).json, isWanted);
    },
    read: async (id) => {
      const operation = OPERATIONS.get(id)!;
      if (isStream(operation)) return stream(id, operation);
      const { headers } = await ask(id);
      if (!statusesOf(operation).includes(304)) return;
      await ask(id, {}, undefined, { headers: { 'if-none-match': headers['etag'] ?? '' } });
    },
  };
}

function fill(path: string, names: Names): string {
  return path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = names[name];
    if (value === undefined) throw new Error(`${path}: there is no ${name}`);
    return encodeURIComponent(value);
  });
}
