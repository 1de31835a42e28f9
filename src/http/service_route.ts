import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { ServiceAnswerTo, ServiceCommandOf, ServiceCommandType } from '../service/command.ts';
import type { Backend, Seen } from './backend.ts';
import { statesIn, viewTag } from './etag.ts';
import { listSchema, textOf } from './list.ts';
import { keyAndMatch, mark, mutationSchema, type AnswerKind, type Asked } from './mutate.ts';
import { JSON_TYPE, type Operation } from './operation.ts';
import { renderPageToken, rowBefore } from './page_token.ts';
import { pathOf } from './path_of.ts';
import { doneOrThrow } from './problem.ts';
import { LIMIT_DEFAULT, pageQuery } from './schemas/page.ts';

/** A request that changes a record that is of no host. */
interface ServiceRoute<Type extends ServiceCommandType, P extends z.ZodObject, B extends z.ZodType>
  extends Operation {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly params: P;
  readonly body?: B;
  readonly command: (asked: Asked<P, B, z.core.$ZodLooseShape>) => ServiceCommandOf<Type>;
  /** There where the command names the record that If-Match speaks of. */
  readonly target?: true;
  readonly answer: AnswerKind<ServiceAnswerTo<Type>>;
}

/** Declares such a request: the same conditions as those of a host's mutations. */
export function serviceRoute<Type extends ServiceCommandType, P extends z.ZodObject, B extends z.ZodType>(
  app: FastifyInstance,
  backend: Backend,
  route: ServiceRoute<Type, P, B>,
): void {
  app.route({
    method: route.method,
    url: route.url,
    schema: mutationSchema(route),
    handler: async (request, reply) => {
      const command = route.command(request as unknown as Asked<P, B, z.core.$ZodLooseShape>);
      const { if_match, ...conditions } = keyAndMatch(request, route.target === true);
      const precondition = if_match === undefined ? {} : { precondition: { states: statesIn(if_match) } };
      const done = doneOrThrow(
        await backend.service.submit<Type>({ command, ...conditions, ...precondition }),
      );
      mark(reply, conditions, done.replayed);
      return route.answer.send(reply, { answer: done.answer, exposures: [] }, pathOf(request));
    },
  });
}

/** A list of them, in order of creation. */
interface ServiceListRoute<P extends z.ZodObject, Q extends z.core.$ZodLooseShape> extends Operation {
  readonly url: string;
  readonly params?: P;
  readonly filters?: Q;
  readonly item: z.ZodType;
  readonly load: (
    asked: { readonly params: z.output<P>; readonly query: Readonly<Record<string, string>> },
    page: { readonly limit: number; readonly after?: number },
  ) => Promise<Seen & { readonly items: readonly object[]; readonly last: number | null }>;
}

/** What the query of each list has. */
type Page = z.output<z.ZodObject<typeof pageQuery>>;

/** Declares such a list. */
export function serviceListRoute<P extends z.ZodObject, Q extends z.core.$ZodLooseShape>(
  app: FastifyInstance,
  route: ServiceListRoute<P, Q>,
): void {
  const querystring = z.strictObject({ ...pageQuery, ...route.filters });
  app.get(route.url, { schema: listSchema(route, querystring, route.params) }, async (request, reply) => {
    const { limit, page_token, ...query } = request.query as Page & Readonly<Record<string, string>>;
    const name = pathOf(request);
    const after = rowBefore(name, page_token);
    const page = await route.load(
      { params: request.params as z.output<P>, query },
      { limit: limit ?? LIMIT_DEFAULT, ...(after === undefined ? {} : { after }) },
    );
    const { items, last, as_of, oldest_seq } = page;
    const next_page = renderPageToken(name, last === null ? null : [last]);
    reply.type(JSON_TYPE);
    return textOf({ items: items.map((item) => JSON.stringify(item)), next_page, as_of, oldest_seq });
  });
}

/** A record as its GET answers it: its counters change the tag, and If-Match takes it without them. */
export function tagged(record: { readonly uid: string; readonly revision: number }): {
  readonly body: object;
  readonly etag: string;
} {
  return { body: record, etag: viewTag(record, record) };
}
