import type { FastifyInstance } from 'fastify';
import type * as z from 'zod';
import type { AnswerTo, AnswerToQuestion } from '../../engine/answer.ts';
import type { QuestionOf, QuestionType } from '../../engine/model/question.ts';
import type { Backend } from '../backend.ts';
import { contentTag, viewTag } from '../etag.ts';
import { madeListRoute, pageFrom } from '../memory_page.ts';
import { mutationRoute, type AnswerKind } from '../mutate.ts';
import { jsonResponse, RESPONSE_HEADERS } from '../operation.ts';
import { doneOrThrow } from '../problem.ts';
import { readTagged } from '../read.ts';
import { withoutHeads } from '../schemas/depends_on.ts';
import { Empty } from '../schemas/empty.ts';
import {
  Capacity,
  DaxctlMemory,
  MemoryBlock,
  OnlineMemory,
  PatchMemoryBlock,
  WrittenMemoryBlock,
} from '../schemas/memory.ts';
import { HostPath, MemoryBlockPath, MemoryBlocksPath } from '../schemas/path.ts';

const tag = 'memory';
const url = '/v1/hosts/:host/dax-devices/:device/memory-blocks';
type BlockPath = z.output<typeof MemoryBlockPath>;

/** Memory blocks of system-ram, and what of a host's capacity is leaked. */
export function memoryRoutes(app: FastifyInstance, backend: Backend): void {
  listRoute(app, backend);
  readTagged(app, {
    id: 'getMemoryBlock',
    tag,
    summary: 'Get a memory block',
    url: `${url}/:block`,
    params: MemoryBlockPath,
    schema: MemoryBlock,
    load: async ({ host, device, block }) => {
      const question = { type: 'survey_memory_block', dax_device: device, block: numberOf(block) } as const;
      const { record, memory_block } = await ask(backend, host, question);
      return { body: memory_block, etag: viewTag(record, memory_block) };
    },
  });
  mutationRoute(app, backend, {
    id: 'patchMemoryBlock',
    tag,
    summary: 'Bring a memory block online or offline',
    description:
      'A conflict has the errno of the kernel. `blocked`: the write to `memoryN/state` does not return, because a page is pinned (it goes on when the pin goes) or because another offline holds the hotplug lock.',
    method: 'PATCH',
    url: `${url}/:block`,
    params: MemoryBlockPath,
    body: PatchMemoryBlock,
    command: 'patch_memory_block',
    fields: ({ params, body }) => ({ dax_device: params.device, block: numberOf(params.block), ...body }),
    target: ({ params }) => ({ kind: 'memory_ranges', id: params.device }),
    answer: written,
  });
  daxctlRoutes(app, backend);
  capacityRoute(app, backend);
}

/** `daxctl online-memory` and `offline-memory`: every memory block of a device. */
function daxctlRoutes(app: FastifyInstance, backend: Backend): void {
  const device = '/v1/hosts/:host/dax-devices/:device';
  const description =
    'A block at a time, as the tool does it: it stops at the first whose write is refused (`result: errno`). A conflict is a no before any block was written: the errno that the tool reports, or null where there was nothing to do.';
  const shared = { tag, description, method: 'POST', params: MemoryBlocksPath } as const;
  mutationRoute(app, backend, {
    ...shared,
    id: 'onlineMemory',
    answer: byDaxctl(),
    summary: 'Bring the memory of a dax device online (daxctl online-memory)',
    url: `${device}/online-memory`,
    body: OnlineMemory,
    command: 'online_memory',
    fields: ({ params, body }) => ({ dax_device: params.device, ...body }),
    target: ({ params }) => ({ kind: 'dax_devices', id: params.device }),
  });
  mutationRoute(app, backend, {
    ...shared,
    id: 'offlineMemory',
    answer: byDaxctl(),
    summary: 'Take the memory of a dax device offline (daxctl offline-memory)',
    url: `${device}/offline-memory`,
    body: Empty,
    command: 'offline_memory',
    fields: ({ params }) => ({ dax_device: params.device }),
    target: ({ params }) => ({ kind: 'dax_devices', id: params.device }),
  });
}

function listRoute(app: FastifyInstance, backend: Backend): void {
  madeListRoute(app, backend, {
    id: 'listMemoryBlocks',
    tag,
    summary: 'List memory blocks of a dax device',
    url,
    params: MemoryBlocksPath,
    item: MemoryBlock,
    load: ({ host, device }, query) =>
      pageFrom(`memory blocks of ${host}/${device}`, query, async (after, limit) => {
        const start = after + 1;
        const question = { type: 'survey_memory_blocks', dax_device: device, start, limit } as const;
        const { items, total } = await ask(backend, host, question);
        return { items, last: start + limit < total ? after + limit : null };
      }),
  });
}

function capacityRoute(app: FastifyInstance, backend: Backend): void {
  readTagged(app, {
    id: 'getCapacity',
    tag,
    summary: 'Get the capacity of a host',
    description:
      'In bytes: total = free + used + leaked, of each device and of all; what is leaked comes back with a reboot.',
    url: '/v1/hosts/:host/capacity',
    params: HostPath,
    schema: Capacity,
    load: async ({ host }) => {
      const capacity = await ask(backend, host, { type: 'survey_capacity' });
      return { body: capacity, etag: contentTag(capacity) };
    },
  });
}

async function ask<Type extends QuestionType>(
  backend: Backend,
  host: string,
  question: QuestionOf<Type>,
): Promise<AnswerToQuestion<Type>> {
  return doneOrThrow(await backend.ask({ host, question })).answer;
}

type Written = AnswerTo<'patch_memory_block'>;

/** The block alone, without what became of a write. */
function shownOf({
  result: _result,
  blocked_in: _in,
  kernel_oopses: _oopses,
  ...block
}: Written['memory_block']) {
  return block;
}

function numberOf(block: BlockPath['block']): number {
  return Number(block.replace('memory', ''));
}

/** 200 with the block and what became of the write to its state. */
const written: AnswerKind<Written> = {
  responses: {
    200: jsonResponse('The result of the write.', WrittenMemoryBlock, {
      ...RESPONSE_HEADERS.etag,
      ...RESPONSE_HEADERS.mutation,
    }),
  },
  send: (reply, { answer }) => {
    const { record, memory_block } = answer;
    const dependent = withoutHeads(answer, '/memory_block');
    return reply
      .header('etag', viewTag(record, shownOf(memory_block)))
      .send({ ...memory_block, ...dependent });
  },
};

/** 200 with what the tool did; one an operation, for the library that makes the document reads a response once. */
const byDaxctl = (): AnswerKind<AnswerTo<'online_memory'>> => ({
  responses: { 200: jsonResponse('What the tool did and printed.', DaxctlMemory, RESPONSE_HEADERS.mutation) },
  send: (reply, { answer }) => {
    const { record, memory } = answer;
    const dependent = withoutHeads(answer, '/memory');
    return reply.send({ host: record.host, dax_device: record.name, ...memory, ...dependent });
  },
});
