import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Kind, RecordOf } from '../engine/model/host.ts';
import { refuse } from '../engine/model/refusal.ts';
import { type RefusalCode } from '../engine/model/refusal_codes.ts';
import type { Backend, RecordText } from './backend.ts';
import { namedTag, stateTag } from './etag.ts';
import {
  describe,
  JSON_TYPE,
  jsonResponse,
  REQUEST_HEADERS,
  RESPONSE_HEADERS,
  type Operation,
} from './operation.ts';
import { RefusalProblem } from './problem.ts';
import { varyBy } from './vary.ts';

/** The query of a route that takes none. */
const NoQuery = z.strictObject({});

/** GET of one resource, with ETag and 304. `load` throws the refusal where there is none. */
interface ReadRoute<P extends z.ZodObject, T> extends Operation {
  readonly url: string;
  readonly params: P;
  readonly schema: z.ZodType;
  readonly load: (params: z.output<P>) => Promise<T>;
}

/** The record is sent as it is stored: no object is made of it. `show`: what is shown of its text; all of it by default. */
export function readRoute<P extends z.ZodObject>(
  app: FastifyInstance,
  { show, ...route }: ReadRoute<P, RecordText> & { readonly show?: (text: string) => string },
): void {
  const load = async (params: z.output<P>): Promise<Tagged> => {
    const record = await route.load(params);
    return { body: show === undefined ? record.text : show(record.text), etag: stateTag(record.state) };
  };
  readTagged(app, { ...route, load });
}

/** An answer, serialised or not, and its ETag. */
interface Tagged {
  readonly body: object | string;
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
          200: jsonResponse('The resource as it stands.', route.schema, RESPONSE_HEADERS.etag),
          304: { description: 'It has not changed since the ETag in If-None-Match.' },
        },
      }),
    },
    async (request, reply) => {
      const { body, etag } = await route.load(request.params as z.output<P>);
      const { 'if-none-match': ifNoneMatch, 'accept-encoding': acceptEncoding } = request.headers;
      const named = namedTag(ifNoneMatch, etag, acceptEncoding?.toString());
      reply.header('etag', named ?? etag);
      if (named !== null) {
        varyBy(reply, 'accept-encoding');
        return reply.code(304).send();
      }
      reply.type(JSON_TYPE);
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
  return (await backend.get(kind, host, id)) ?? refuseMissing(backend, kind, host, id, missing);
}

/** The same as it is stored. */
export async function loadText(
  backend: Backend,
  kind: Kind,
  host: string,
  id: string,
  missing: RefusalCode,
): Promise<RecordText> {
  return (await backend.getText(kind, host, id)) ?? refuseMissing(backend, kind, host, id, missing);
}

async function refuseMissing(
  backend: Backend,
  kind: Kind,
  host: string,
  id: string,
  missing: RefusalCode,
): Promise<never> {
  if (kind !== 'hosts') await requireHost(backend, host);
  throw notFound(missing, id);
}

/** The record that has this uid, as it is stored, or its refusal. */
export async function loadTextByUid(
  backend: Backend,
  kind: Kind,
  uid: string,
  missing: RefusalCode,
): Promise<RecordText> {
  const record = await backend.getTextByUid(kind, uid);
  if (record === null) throw notFound(missing, uid);
  return record;
}

function notFound(missing: RefusalCode, id: string): RefusalProblem {
  return new RefusalProblem(refuse(missing, `there is no ${nounOf(missing)} ${id}`));
}

/** Throws where there is no such host: an empty list would hide a misspelt name. */
export async function requireHost(backend: Backend, host: string): Promise<void> {
  if ((await backend.getText('hosts', host, host)) === null) {
    throw new RefusalProblem(refuse('host_not_found', `there is no host ${host}`));
  }
}

function nounOf(missing: RefusalCode): string {
  return missing.replace('_not_found', '').replaceAll('_', ' ');
}
