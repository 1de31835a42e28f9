import type { FastifyInstance } from 'fastify';
import { PROFILES } from '../../engine/kernels/profiles.ts';
import { kernelFound } from '../../engine/kernels/shown.ts';
import type { Backend } from '../backend.ts';
import { contentTag } from '../etag.ts';
import { madeListRoute, slicePage } from '../memory_page.ts';
import { HttpProblem } from '../problem.ts';
import { loadRecord, readTagged } from '../read.ts';
import { Kernel, ResolvedKernel } from '../schemas/kernel.ts';
import { HostPath, KernelPath } from '../schemas/path.ts';

const tag = 'kernels';
const url = '/v1/kernels';

/** /v1/kernels: the engine's own rows, served as they are; and which of them a host has. */
export function kernelRoutes(app: FastifyInstance, backend: Backend): void {
  const profiles = Object.values(PROFILES);
  madeListRoute(app, backend, {
    id: 'listKernels',
    tag,
    summary: 'List kernel profiles',
    url,
    item: Kernel,
    load: async (_all, query) => slicePage('kernels', profiles, query),
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
  readTagged(app, {
    id: 'getHostKernel',
    tag,
    summary: "Get what is known of a host's kernel",
    url: '/v1/hosts/:host/kernel',
    params: HostPath,
    schema: ResolvedKernel,
    load: async ({ host }) => {
      const record = await loadRecord(backend, 'hosts', host, host, 'host_not_found');
      const { kernel, kernel_release, kernel_probes } = record;
      const told = { kernel, kernel_release, kernel_probes };
      const body = { host, ...told, ...kernelFound(told) };
      return { body, etag: contentTag(body) };
    },
  });
}
