import type { FastifyInstance } from 'fastify';
import { PROFILES } from '../../engine/kernels/profiles.ts';
import type { Backend } from '../backend.ts';
import { contentTag } from '../etag.ts';
import { madeListRoute, slicePage } from '../memory_page.ts';
import { HttpProblem } from '../problem.ts';
import { readTagged } from '../read.ts';
import { Kernel } from '../schemas/kernel.ts';
import { KernelPath } from '../schemas/path.ts';

const tag = 'kernels';
const url = '/v1/kernels';

/** /v1/kernels: the engine's own rows, served as they are. */
export function kernelRoutes(app: FastifyInstance, backend: Backend): void {
  const profiles = Object.values(PROFILES);
  madeListRoute(app, {
    id: 'listKernels',
    tag,
    summary: 'List kernel profiles',
    url,
    item: Kernel,
    load: async (_all, query) => slicePage(backend, 'kernels', profiles, query),
  });
  readTagged(app, {
    id: 'getKernel',
    tag,
    summary: 'Get a kernel profile',
    url: `${url}/:kernel`,
    params: KernelPath,
    schema: Kernel,
    load: async ({ kernel }) => {
      const profile = profiles.find((each) => each.name === kernel);
      if (profile === undefined)
        throw new HttpProblem('kernel_not_found', `there is no kernel profile ${kernel}`);
      return { body: profile, etag: contentTag(profile) };
    },
  });
}
