import type { FastifyInstance } from 'fastify';
import type * as z from 'zod';
import type { BatchedCommand } from '../engine/model/batch_command.ts';
import type { CommandType } from '../engine/model/command.ts';
import type { Kind } from '../engine/model/host.ts';
import type { RefusalCode } from '../engine/model/refusal_codes.ts';
import type { Backend } from './backend.ts';
import { batchRoute, type BatchRoute } from './batch.ts';
import { fleetListRoute, hostListRoute, type ListRoute } from './list.ts';
import { mutationRoute, type MutationRoute } from './mutate.ts';
import type { Tag } from './operation.ts';
import { loadText, readRoute } from './read.ts';
import { HostPath } from './schemas/path.ts';

/** What a refusal says is missing: `pin_not_found`. */
type Missing =
  Extract<RefusalCode, `${string}_not_found`> extends infer Code
    ? Code extends `${infer Word}_not_found`
      ? Word
      : never
    : never;

/** A kind of record below a host, as its routes need to know it. */
export interface Noun<P extends z.ZodObject> {
  /** The path, the tag and the operations have its words: `/hotplug-events`, `listHotplugEvents`. */
  readonly kind: Kind;
  readonly singular: Missing;
  /** Where it is not the kind's. */
  readonly tag?: Tag;
  readonly record: z.ZodType;
  /** Path of one record: the host, and the id of the record. */
  readonly params: P;
  readonly filters: z.core.$ZodLooseShape;
  readonly sorts: ListRoute['sorts'];
}

/** What a POST of the collection's `/batch` makes many of. */
type Batched<Type extends BatchedCommand['type'], B extends z.ZodType> = Pick<
  BatchRoute<Type, B>,
  'command' | 'body' | 'fields'
>;

type Told = 'tag' | 'url' | 'params' | 'host' | 'target';

type Creation<Type extends CommandType, B extends z.ZodType> = Omit<
  MutationRoute<Type, typeof HostPath, B, z.core.$ZodLooseShape>,
  Told | 'id' | 'method'
>;

/** A mutation of one record, which If-Match speaks of. */
interface Verb<
  Type extends CommandType,
  P extends z.ZodObject,
  B extends z.ZodType,
  Q extends z.core.$ZodLooseShape,
> extends Omit<MutationRoute<Type, P, B, Q>, Told> {
  /** The last of its path, where it is not the record's own. */
  readonly at?: string;
}

export interface NounRoutes<P extends z.ZodObject> {
  create<Type extends CommandType, B extends z.ZodType>(route: Creation<Type, B>): void;
  batch<Type extends BatchedCommand['type'], B extends z.ZodType>(route: Batched<Type, B>): void;
  verb<Type extends CommandType, B extends z.ZodType, Q extends z.core.$ZodLooseShape>(
    route: Verb<Type, P, B, Q>,
  ): void;
}

/**
 * Declares what every noun has, and returns how to declare what it has of its own. Of pins, say:
 *
 *   GET   /v1/pins                         listFleetPins    at once
 *   GET   /v1/hosts/:host/pins             listPins         at once
 *   GET   /v1/hosts/:host/pins/:pin        getPin           at once
 *   POST  /v1/hosts/:host/pins             createPin        create()
 *   POST  /v1/hosts/:host/pins/batch       createPins       batch()
 *   …     /v1/hosts/:host/pins/:pin[/at]   its id           verb()
 */
export function nounRoutes<P extends z.ZodObject>(
  app: FastifyInstance,
  backend: Backend,
  noun: Noun<P>,
): NounRoutes<P> {
  const { kind, singular, record, params } = noun;
  const name = kind.replaceAll('_', '-');
  const tag = noun.tag ?? (name as Tag);
  const collection = `/v1/hosts/:host/${name}`;
  const param = Object.keys(params.shape).at(-1)!;
  const idIn = (path: unknown): string => (path as Readonly<Record<string, string>>)[param]!;
  listRoutes(app, backend, noun, tag);
  readRoute(app, {
    id: `get${nameOf(singular)}`,
    tag,
    summary: `Get ${withArticle(wordsOf(singular))}`,
    url: `${collection}/:${param}`,
    params,
    schema: record,
    load: (path) =>
      loadText(backend, kind, (path as { host: string }).host, idIn(path), `${singular}_not_found`),
  });
  return {
    create: (route) =>
      mutationRoute(app, backend, {
        ...route,
        id: `create${nameOf(singular)}`,
        tag,
        method: 'POST',
        url: collection,
        params: HostPath,
      }),
    batch: (route) =>
      batchRoute(app, backend, {
        ...route,
        id: `create${nameOf(kind)}`,
        tag,
        summary: `Make several ${wordsOf(kind)} at once`,
        url: `${collection}/batch`,
        record,
      }),
    verb: ({ at, ...route }) =>
      mutationRoute(app, backend, {
        ...route,
        tag,
        url: `${collection}/:${param}${at === undefined ? '' : `/${at}`}`,
        params,
        target: (asked) => ({ kind, id: idIn(asked.params) }),
      }),
  };
}

/** The lists of a kind, over the fleet and below a host. */
function listRoutes(app: FastifyInstance, backend: Backend, noun: Noun<z.ZodObject>, tag: Tag): void {
  const { kind, record, filters, sorts } = noun;
  const name = kind.replaceAll('_', '-');
  const list = { tag, kind, item: record, filters, sorts };
  const summary = `List ${wordsOf(kind)} of`;
  fleetListRoute(app, backend, {
    ...list,
    id: `listFleet${nameOf(kind)}`,
    summary: `${summary} the fleet`,
    url: `/v1/${name}`,
  });
  hostListRoute(app, backend, {
    ...list,
    id: `list${nameOf(kind)}`,
    summary: `${summary} a host`,
    url: `/v1/hosts/:host/${name}`,
  });
}

/** `cxl_memdev` in a sentence: CXL memdev. */
function wordsOf(word: string): string {
  return word.replaceAll('_', ' ').replace('cxl', 'CXL');
}

function withArticle(words: string): string {
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;
}

/** `cxl_memdev` in the name of an operation: CxlMemdev. */
function nameOf(word: string): string {
  const parts = word.split('_');
  return parts.map((part) => part.slice(0, 1).toUpperCase() + part.slice(1)).join('');
}
