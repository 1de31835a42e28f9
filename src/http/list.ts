import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { definedOnly } from '../engine/model/defined_only.ts';
import type { Kind } from '../engine/model/host.ts';
import { isRefusal } from '../engine/model/refusal.ts';
import type { Backend, ListQuery, Page, Seen } from './backend.ts';
import { describe, JSON_TYPE, jsonResponse, type Operation } from './operation.ts';
import { placeBefore, renderPageToken } from './page_token.ts';
import { RefusalProblem } from './problem.ts';
import { requireHost } from './read.ts';
import { LIMIT_DEFAULT, pageOf } from './schemas/page.ts';
import { HostPath } from './schemas/path.ts';
import { selectionQuery, type Selection } from './schemas/selection.ts';
import { Name } from './schemas/scalar.ts';

/** GET of a kind's records, of one host (`/v1/hosts/:host/…`) or of the fleet. */
export interface ListRoute extends Operation {
  readonly url: string;
  readonly kind: Kind;
  readonly item: z.ZodType;
  /** What is shown of a record's text; all of it by default. */
  readonly show?: (text: string) => string;
  /** Query parameters that filter, by field of the record. */
  readonly filters: z.core.$ZodLooseShape;
  /** Fields that it may be sorted by, beside `created_at`. */
  readonly sorts: readonly string[];
}

/** A list below a host: 404 where there is no such host. */
export function hostListRoute(app: FastifyInstance, backend: Backend, route: ListRoute): void {
  const querystring = z.strictObject({ ...selectionQuery(route.sorts), ...route.filters });
  app.get(route.url, { schema: listSchema(route, querystring, HostPath) }, async (request, reply) => {
    const { host } = request.params as z.output<typeof HostPath>;
    reply.type(JSON_TYPE);
    const { isEmpty, text } = await loadPage(backend, route, request.query as Query, host).catch(
      async (error: unknown) => {
        // That there is no such host is said before what else is wrong.
        await requireHost(backend, host);
        throw error;
      },
    );
    // Whatever has records has a host.
    if (isEmpty) await requireHost(backend, host);
    return text;
  });
}

/** A list over the whole fleet, with `host` among its filters. */
export function fleetListRoute(app: FastifyInstance, backend: Backend, route: ListRoute): void {
  const querystring = z.strictObject({
    ...selectionQuery(route.sorts),
    host: Name.exactOptional(),
    ...route.filters,
  });
  app.get(route.url, { schema: listSchema(route, querystring) }, async (request, reply) => {
    const { host, ...query } = request.query as Query;
    reply.type(JSON_TYPE);
    return (await loadPage(backend, route, query, host as string | undefined)).text;
  });
}

/** Schema of a list for Fastify and for the document. */
export function listSchema(
  route: Operation & { item: z.ZodType; more?: z.core.$ZodLooseShape },
  querystring: z.ZodObject,
  params?: z.ZodObject,
) {
  return describe(route, {
    querystring,
    ...(params === undefined ? {} : { params }),
    response: { 200: jsonResponse('A page of what is listed.', pageOf(route.item, route.more)) },
  });
}

type Query = Selection & Readonly<Record<string, Selection[keyof Selection] | boolean>>;

function toQuery(kind: Kind, query: Query, host: string | undefined): ListQuery {
  const { limit, page_token, dax_device, label, sort, created_after, created_before, ...rest } = query;
  const filters: Record<string, string | number> = {};
  for (const [field, value] of Object.entries(rest)) {
    // A boolean is 0 or 1 in its column.
    if (value !== undefined) filters[field] = typeof value === 'boolean' ? Number(value) : (value as string);
  }
  // A device is known by its name: there the filter is the record's own id.
  if (typeof dax_device === 'string') filters[kind === 'dax_devices' ? 'id' : 'dax_device'] = dax_device;
  // Times of creation are those of the uids: a list that asks for some is read in their order.
  const isOfTime = created_after !== undefined || created_before !== undefined;
  const asked = {
    host,
    labels: label,
    sort: sort ?? (isOfTime ? { field: 'created_at', descending: false } : undefined),
    created_after_ms: created_after,
    created_before_ms: created_before,
  };
  const order = { kind, filters, limit: limit ?? LIMIT_DEFAULT, ...definedOnly(asked) };
  const after = placeBefore(listName(order), page_token);
  return { ...order, ...(after === undefined ? {} : { after }) };
}

/** What a list is called in its page tokens: they are of one order of its rows. */
function listName({ kind, sort }: ListQuery): string {
  return sort === undefined ? kind : `${kind} by ${sort.descending ? '-' : ''}${sort.field}`;
}

/** The answer's text: of the records no object is made and, but for those of which less is shown, no text of each. */
async function loadPage(
  backend: Backend,
  { kind, show }: ListRoute,
  asked: Query,
  host: string | undefined,
): Promise<{ readonly isEmpty: boolean; readonly text: string }> {
  const query = toQuery(kind, asked, host);
  const page = await backend.list(query);
  if (isRefusal(page)) throw new RefusalProblem(page);
  const { records, count, last, as_of, oldest_seq } = page;
  const shown = show === undefined ? records : recordTexts(page).map(show).join(BETWEEN);
  const tail = tailOf({ next_page: renderPageToken(listName(query), last), as_of, oldest_seq });
  return { isEmpty: count === 0, text: HEAD + shown + tail };
}

/** Between two records of a page. */
const BETWEEN = ',\n';
const HEAD = '{"items":[';

/** The records of a page, each as text. */
export function recordTexts({ records, count }: Pick<Page, 'records' | 'count'>): string[] {
  return count === 0 ? [] : records.split(BETWEEN);
}

interface Tail extends Seen {
  readonly next_page: string | null;
}

/** What stands behind the records of a page. */
function tailOf(tail: Tail & Readonly<Record<string, unknown>>): string {
  return `],${JSON.stringify(tail).slice(1)}`;
}

interface PageText extends Tail {
  /** Serialised already. */
  readonly items: readonly string[];
}

/** A page's text; `more` stands beside the items. */
export function textOf({ items, next_page, as_of, oldest_seq }: PageText, more: object = {}): string {
  return `${HEAD}${items.join(',')}${tailOf({ next_page, as_of, oldest_seq, ...more })}`;
}
