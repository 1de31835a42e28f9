import createClient, { type Client, type Middleware } from 'openapi-fetch';
import { followEvents, type CloudEvent, type FollowOptions } from './follow_events.ts';
import type { components, paths } from './generated_schema.ts';
import { pagesOf, type ListPage, type ListParams, type ListPath } from './pages.ts';

export { NotAStreamError, type CloudEvent, type FollowOptions, type Retry } from './follow_events.ts';
export type { components, operations, paths } from './generated_schema.ts';
export type { ListPage, ListParams, ListPath } from './pages.ts';
export { DaxplaneError, type Problem } from './problem.ts';
export { ResyncError, type Resync } from './resync.ts';

/** How the service is reached. */
export interface DaxplaneOptions {
  /** `http://127.0.0.1:8080` */
  readonly baseUrl: string;
  /** One of the tokens of DAXPLANE_TOKEN_FILE, where the service asks for one. */
  readonly token?: string;
  /** The global one by default. */
  readonly fetch?: typeof globalThis.fetch;
}

/** A typed client: `GET`, `POST`, `PUT`, `PATCH` and `DELETE` of openapi-fetch, and what goes on over several answers. */
export interface Daxplane extends Client<paths> {
  /** The pages of a list, each when it is asked for. Throws DaxplaneError, and of events ResyncError. */
  readonly pages: <Path extends ListPath>(
    path: Path,
    ...asked: ListParams<Path> extends { readonly path: unknown }
      ? [params: ListParams<Path>, signal?: AbortSignal]
      : [params?: ListParams<Path>, signal?: AbortSignal]
  ) => AsyncGenerator<ListPage<Path>, void, undefined>;
  /** Events as they are committed, over connections that end. Throws ResyncError and DaxplaneError. */
  readonly followEvents: (options?: FollowOptions) => AsyncGenerator<CloudEvent, void, undefined>;
}

/**
 * Without a body a POST has no header by which the service tells it from one that any web page can send. Of a GET it
 * would make a browser ask first.
 */
const DELIBERATE: Middleware = {
  onRequest({ request }) {
    if (request.method === 'POST') request.headers.set('X-Requested-With', 'daxplane-client');
  },
};

/** A client of the service at an address. It needs fetch and web streams, which browsers and Node 20 have, and no more. */
export function createDaxplane({ baseUrl, token, fetch }: DaxplaneOptions): Daxplane {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const client = createClient<paths>({ baseUrl, headers, ...(fetch === undefined ? {} : { fetch }) });
  client.use(DELIBERATE);
  const get = client.GET as unknown as Parameters<typeof pagesOf>[0];
  const connection = { baseUrl, headers, fetch: fetch ?? globalThis.fetch.bind(globalThis) };
  return {
    ...client,
    pages: (path, ...[params, signal]) => pagesOf(get, path, params, signal),
    followEvents: (options) => followEvents(connection, options),
  };
}

/** The schemas of the service by name: `Schemas['Removal']`. */
export type Schemas = components['schemas'];

/** An event as a list of them has it, and as `data` of a CloudEvent. */
export type Event = Schemas['Event'];
