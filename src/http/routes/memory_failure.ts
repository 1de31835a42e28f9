import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { poisonedRanges } from '../../engine/questions/poisoned.ts';
import type { Backend } from '../backend.ts';
import { madeListRoute, slicePage } from '../memory_page.ts';
import { answered, changed, mutationRoute } from '../mutate.ts';
import { loadRecord } from '../read.ts';
import { DaxDevice } from '../schemas/dax_device.ts';
import { ClearErrors, MemoryFailure, MemoryFailureReport, PoisonedRange } from '../schemas/memory_failure.ts';
import { Outcome } from '../schemas/outcome.ts';
import { DevicePath } from '../schemas/path.ts';

const tag = 'memory-failure';
const url = '/v1/hosts/:host/dax-devices/:device';
/** What both verbs on poison have in common. */
const onDevice = {
  tag,
  method: 'POST',
  params: DevicePath,
  target: ({ params }: { params: { device: string } }) =>
    ({ kind: 'dax_devices', id: params.device }) as const,
} as const;

/** …/memory-failure of a dax device: poison pages, list what is poisoned; …/clear-errors. */
export function memoryFailureRoutes(app: FastifyInstance, backend: Backend): void {
  mutationRoute(app, backend, {
    ...onDevice,
    id: 'injectMemoryFailure',
    summary: 'memory_failure() of a page or range',
    description:
      'An errno of the kernel is an outcome: 200. The range is a loop of single pages, ascending. What a process gets is the answer where its madvise meets a stale entry and does not come back.',
    url: `${url}/memory-failure`,
    body: MemoryFailure,
    command: 'memory_failure',
    fields: ({ params, body }) => ({ dax_device: params.device, ...body }),
    answer: answered('What the kernel did about it.', z.union([MemoryFailureReport, Outcome])),
  });
  poisonedRoute(app, backend);
  mutationRoute(app, backend, {
    ...onDevice,
    id: 'clearErrors',
    summary: 'Clear badblocks of a range (ndctl clear-errors)',
    description:
      'The whole sectors in the range are bad no more. Needs a device that clears poison: `clears_poison`.',
    url: `${url}/clear-errors`,
    body: ClearErrors,
    command: 'clear_errors',
    fields: ({ params, body }) => ({ dax_device: params.device, ...body }),
    answer: changed(DaxDevice),
  });
}

function poisonedRoute(app: FastifyInstance, backend: Backend): void {
  madeListRoute(app, backend, {
    id: 'listPoisonedRanges',
    tag,
    summary: 'List poisoned ranges of a dax device',
    description: 'Pages flagged PG_hwpoison and badblocks of the medium, merged, ascending.',
    url: `${url}/memory-failure`,
    params: DevicePath,
    item: PoisonedRange,
    load: async ({ host, device }, query) => {
      const record = await loadRecord(backend, 'dax_devices', host, device, 'dax_device_not_found');
      const list = `poisoned ranges of ${record.uid}`;
      return slicePage(list, poisonedRanges(record), query, ({ offset }) => offset);
    },
  });
}
