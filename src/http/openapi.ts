import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import * as z from 'zod';
import { fastifyZodOpenApiPlugin, fastifyZodOpenApiTransformers } from 'fastify-zod-openapi';
import { packageVersion } from '../app/package_version.ts';
import type { Backend } from './backend.ts';
import { finish } from './document/finish.ts';
import type { OpenApiDocument } from './document/schema.ts';
import { liveExamples } from './live_examples.ts';
import { isOptional, JSON_TYPE, TAGS } from './operation.ts';

const DESCRIPTION = `What a remove request does to every process, mapping and pin of a DAX device, by kernel.

Sizes, offsets and counts are integers; requests also take sizes such as "2MiB". Every error is an RFC 9457 problem
document; its code is listed at /errors, and its type leads there. Every resource has an ETag;
every mutation takes Idempotency-Key and ?dry_run=true, and If-Match where it changes a record that is there.`;

const BEARER = {
  type: 'http',
  scheme: 'bearer',
  description: 'One of the tokens of DAXPLANE_TOKEN_FILE; where that is not set, none is needed.',
} as const;

/**
 * Collects the routes registered after it into the document, and serves it at /openapi.json, as
 * OpenAPI 3.0.3 at /openapi-3.0.json, and at /docs, there with ids
 * of `backend` as examples if there is one.
 */
export async function serveOpenApi(app: FastifyInstance, backend: Backend | null): Promise<void> {
  await app.register(fastifyZodOpenApiPlugin);
  /** Ids of the operations whose body may be absent. */
  const bodyOptional = new Set<string>();
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'daxplane',
        version: packageVersion(),
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        contact: { name: 'daxplane' },
      },
      servers: [
        {
          url: '/',
          description: 'Where this document comes from: production or local.',
          'x-internal': true,
        } as { url: string },
      ],
      tags: Object.entries(TAGS)
        .map(([name, description]) => ({ name, description }))
        .sort((a, b) => a.name.localeCompare(b.name)),
      // Where the operator configures tokens.
      security: [{}, { bearer: [] }],
      components: { securitySchemes: { bearer: BEARER } },
    },
    transform: (route) => {
      const { operationId, body } = route.schema;
      if (operationId !== undefined && body instanceof z.ZodType && isOptional(body))
        bodyOptional.add(operationId);
      return fastifyZodOpenApiTransformers.transform(route);
    },
    transformObject: (document) => {
      const object = fastifyZodOpenApiTransformers.transformObject(document);
      for (const { operationId = '', requestBody, responses = {} } of operationsOf(object)) {
        // @fastify/swagger requires every body, and generated clients go by it.
        if (requestBody !== undefined) requestBody['required'] = !bodyOptional.has(operationId);
        for (const response of Object.values(responses)) referToShared(response);
      }
      finish(object as unknown as OpenApiDocument);
      return orderSchemas(object);
    },
  });
  const live = backend === null ? null : liveExamples(backend);
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    ...(live === null
      ? {}
      : {
          uiHooks: {
            preHandler: (request, _reply, done) => void live.find(request).then(() => done(), done),
          },
          transformSpecification: live.show,
        }),
  });
  serveDocuments(app);
}

/** The document, and the same as OpenAPI 3.0.3. */
function serveDocuments(app: FastifyInstance): void {
  const text = kept(() => JSON.stringify(app.swagger()));
  const older = kept(() => readFileSync(new URL('../../openapi/daxplane-3.0.json', import.meta.url), 'utf8'));
  for (const [url, textOf] of [['/openapi.json', text] as const, ['/openapi-3.0.json', older] as const])
    app.get(url, { schema: { hide: true } }, async (_request, reply) => {
      reply.type(JSON_TYPE);
      return textOf();
    });
}

/** What is made when it is first asked for, and kept: the document is the same until the process ends. */
function kept(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}

/** The document's text as it is checked in. */
export function renderOpenApi(app: FastifyInstance): string {
  return `${JSON.stringify(app.swagger(), null, 2)}\n`;
}

type Loose = Record<string, unknown>;

/** The document with each schema after those it refers to: generated clients declare constants in this order. */
function orderSchemas<T extends object>(document: T): T {
  const { components = {} } = document as { components?: { schemas?: Record<string, object> } };
  const { schemas = {} } = components;
  const ordered: Record<string, object> = {};
  const seen = new Set<string>();
  const add = (name: string): void => {
    const schema = schemas[name];
    if (schema === undefined || seen.has(name)) return;
    seen.add(name);
    const text = JSON.stringify(schema);
    for (const [, used = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) add(used);
    ordered[name] = schema;
  };
  for (const name of Object.keys(schemas)) add(name);
  return { ...document, components: { ...components, schemas: ordered } };
}

interface Described {
  readonly operationId?: string;
  readonly requestBody?: Loose;
  readonly responses?: Record<string, Loose>;
}

function operationsOf(document: object): Described[] {
  const { paths = {} } = document as { paths?: Record<string, Record<string, Described>> };
  return Object.values(paths).flatMap((path) => Object.values(path));
}

/**
 * @fastify/swagger takes the reference to a shared response for the schema of a JSON answer, and fastify-zod-openapi
 * puts that right only where the response is used last.
 */
function referToShared(response: Loose): void {
  const content = response['content'] as Record<string, { schema?: { $ref?: string } }> | undefined;
  const $ref = content?.['application/json']?.schema?.$ref;
  if ($ref?.startsWith('#/components/responses/') !== true) return;
  for (const key of Object.keys(response)) Reflect.deleteProperty(response, key);
  response['$ref'] = $ref;
}
