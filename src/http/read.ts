import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Kind, RecordOf } from '../engine/model/host.ts';
import { refuse } from '../engine/model/refusal.ts';
import { type RefusalCode } from '../engine/model/refusal_codes.ts';
import type { Resource } from '../engine/model/resource.ts';
import type { Backend } from './backend.ts';
import { etagOf, noneMatchNames } from './etag.ts';
import { describe, jsonResponse, REQUEST_HEADERS, RESPONSE_HEADERS, type Operation } from './operation.ts';
import { RefusalProblem } from './problem.ts';

/** The query of a route that takes none. */
const NoQuery = z.strictObject({});

type Revised = Pick<Resource, 'uid' | 'revision'>;

/** GET of one resource, with ETag and 304. `load` throws the refusal where there is none. */
interface ReadRoute<P extends z.ZodObject, T extends object> extends Operation {
  readonly url: string;
  readonly params: P;
  readonly schema: z.ZodType;
  readonly load: (params: z.output<P>) => Promise<T>;
}

export function readRoute<P extends z.ZodObject>(app: FastifyInstance, route: ReadRoute<P, Revised>): void {
  const load = async (params: z.output<P>): Promise<Tagged> => {
    const body = await route.load(params);
    return { body, etag: etagOf(body) };
  };
  readTagged(app, { ...route, load });
}

/** An answer and its ETag. */
interface Tagged {
  readonly body: object;
  readonly etag: string;
}

/** The same of what has no revision of its own: its ETag is new whenever the answer is. */
export function readTagged<P extends z.ZodObject>(app: FastifyInstance, route: ReadRoute<P, Tagged>): void {
  app.get(
    route.url,
    {
      schema: describe(route, {
        params: route.params,
        querystring: NoQuery,
        headers: z.looseObject(REQUEST_HEADERS.ifNoneMatch),
        response: {
          200: jsonResponse('The resource.', route.schema, RESPONSE_HEADERS.etag),
          304: { description: 'It has not changed since the ETag in If-None-Match.' },
        },
      }),
    },
    async (request, reply) => {
      const { body, etag } = await route.load(request.params as z.output<P>);
      reply.header('etag', etag);
      if (noneMatchNames(request.headers['if-none-match'], etag)) return reply.code(304).send();
      return body;
    },
  );
}

/** One record of a host, or its refusal; says which of the two, host or record, is missing. */
export async function loadRecord<K extends Kind>(
  backend: Backend,
  kind: K,
  host: string,
  id: string,
  missing: RefusalCode,
): Promise<RecordOf<K>> {
  const record = await backend.get(kind, host, id);
  if (record !== null) return record;
  if (kind !== 'hosts') await requireHost(backend, host);
  throw new RefusalProblem(refuse(missing, `there is no ${nounOf(missing)} ${id}`));
}

/** Throws where there is no such host: an empty list would hide a misspelt name. */
export async function requireHost(backend: Backend, host: string): Promise<void> {
  if ((await backend.get('hosts', host, host)) === null) {
    throw new RefusalProblem(refuse('host_not_found', `there is no host ${host}`));
  }
}

function nounOf(missing: RefusalCode): string {
  return missing.replace('_not_found', '').replaceAll('_', ' ');
}
