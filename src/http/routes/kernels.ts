import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { PROFILES } from '../../engine/removal/profiles.ts';
import type { Backend } from '../backend.ts';
import { noneMatchNames } from '../etag.ts';
import { listSchema } from '../list.ts';
import { slicePage } from '../memory_page.ts';
import { describe, jsonResponse, READ_PROBLEMS, REQUEST_HEADERS, RESPONSE_HEADERS } from '../operation.ts';
import { HttpProblem } from '../problem.ts';
import { NoQuery } from '../read.ts';
import { Kernel } from '../schemas/kernel.ts';
import { pageQuery } from '../schemas/page.ts';
import { KernelPath } from '../schemas/path.ts';

const tag = 'kernels';
const url = '/v1/kernels';

/** /v1/kernels: the engine's own rows, served as they are. */
export function kernelRoutes(app: FastifyInstance, backend: Backend): void {
  const profiles = Object.values(PROFILES);
  const tags = new Map(profiles.map((profile) => [profile.name as string, hashOf(profile)]));
  const querystring = z.strictObject(pageQuery);
  const list = { id: 'listKernels', tag, summary: 'List kernel profiles', item: Kernel } as const;
  app.get(url, { schema: listSchema(list, querystring) }, async (request) =>
    slicePage(backend, profiles, request.query as z.output<typeof querystring>),
  );
  const schema = describe(
    { id: 'getKernel', tag, summary: 'Get a kernel profile' },
    {
      params: KernelPath,
      querystring: NoQuery,
      headers: z.looseObject(REQUEST_HEADERS.ifNoneMatch),
      response: {
        200: jsonResponse('The profile.', Kernel, RESPONSE_HEADERS.etag),
        304: { description: 'It is still the one of If-None-Match.' },
        ...READ_PROBLEMS,
      },
    },
  );
  app.get(`${url}/:kernel`, { schema }, async (request, reply) => {
    const { kernel } = request.params as z.output<typeof KernelPath>;
    const profile = profiles.find((each) => each.name === kernel);
    const etag = tags.get(kernel);
    if (profile === undefined || etag === undefined) {
      throw new HttpProblem('kernel_not_found', `there is no kernel profile ${kernel}`);
    }
    reply.header('etag', etag);
    return noneMatchNames(request.headers['if-none-match'], etag) ? reply.code(304).send() : profile;
  });
}

/** A profile has no revision: its tag is its content. */
function hashOf(profile: object): string {
  return `"${createHash('sha256').update(JSON.stringify(profile)).digest('hex').slice(0, 32)}"`;
}
