import type { FastifyInstance } from 'fastify';
import type { AnswerTo } from '../../engine/answer.ts';
import type { Backend } from '../backend.ts';
import { withCalls } from '../call.ts';
import { etagOf } from '../etag.ts';
import { madeListRoute, slicePage } from '../memory_page.ts';
import { changed, created, deleted, openedBy, type AnswerKind } from '../mutate.ts';
import { nounRoutes, type NounRoutes } from '../noun.ts';
import { jsonResponse, RESPONSE_HEADERS } from '../operation.ts';
import { doneOrThrow } from '../problem.ts';
import {
  BindDaxDevice,
  BoundDaxDevice,
  CreateDaxDevice,
  DaxDevice,
  deviceFilters,
  PatchDaxDevice,
} from '../schemas/dax_device.ts';
import { withoutHeads } from '../schemas/depends_on.ts';
import { Holder, surveyed } from '../schemas/holder.ts';
import { DevicePath } from '../schemas/path.ts';
import { Name } from '../schemas/scalar.ts';

/** /v1/dax-devices, /v1/hosts/{host}/dax-devices and one device; its remove is in removals.ts. */
export function daxDeviceRoutes(app: FastifyInstance, backend: Backend): void {
  const devices = nounRoutes(app, backend, {
    kind: 'dax_devices',
    singular: 'dax_device',
    record: DaxDevice,
    params: DevicePath,
    filters: { dax_device: Name.exactOptional(), ...deviceFilters },
    sorts: ['name', 'size', 'state'],
  });
  holdersRoute(app, backend);
  devices.create({
    summary: 'Create a dax device',
    body: CreateDaxDevice,
    command: 'create_dax_device',
    fields: ({ body }) => body,
    answer: created(DaxDevice),
  });
  devices.batch({ command: 'create_dax_device', body: CreateDaxDevice, fields: (body) => body });
  verbs(devices);
}

/** The survey plays the removal through, and stores nothing. */
function holdersRoute(app: FastifyInstance, backend: Backend): void {
  madeListRoute(app, backend, {
    id: 'listHolders',
    tag: 'dax-devices',
    summary: 'List who holds a dax device',
    description:
      'Each with what an unbind now would do to it; for a device that is not bound, or was bound again, also who still reaches it.',
    url: '/v1/hosts/:host/dax-devices/:device/holders',
    params: DevicePath,
    item: Holder,
    more: surveyed,
    load: async ({ host, device }, query) => {
      const question = { type: 'survey_holders', dax_device: device } as const;
      const { answer } = doneOrThrow(await backend.ask({ host, question }));
      const { items, ...beside } = withCalls(host, answer);
      const page = await slicePage(`holders of ${host}/${device}`, items, query);
      return { ...page, ...beside };
    },
  });
}

function verbs(devices: NounRoutes<typeof DevicePath>): void {
  devices.verb({
    id: 'patchDaxDevice',
    summary: 'Change what only the operator knows of a dax device',
    description: 'Members that are absent stay; `labels` is replaced whole.',
    method: 'PATCH',
    body: PatchDaxDevice,
    command: 'patch_dax_device',
    fields: ({ params, body }) => ({ dax_device: params.device, ...body }),
    answer: changed(DaxDevice),
  });
  devices.verb({
    id: 'deleteDaxDevice',
    summary: 'Delete the record of a dax device',
    description: 'Never a hot-remove: that is POST …/remove.',
    method: 'DELETE',
    command: 'delete_dax_device',
    fields: ({ params }) => ({ dax_device: params.device }),
    answer: deleted,
  });
  devices.verb({
    id: 'bindDaxDevice',
    summary: 'Bind a dax device again, or repurpose it',
    description: 'A conflict has the errno of the kernel. `blocked`: the write to `bind` does not return.',
    method: 'POST',
    at: 'bind',
    body: BindDaxDevice,
    command: 'bind',
    fields: ({ params, body }) => ({ dax_device: params.device, ...body }),
    answer: bound,
  });
}

/** 200 with the device and what became of the write to `bind`. */
const bound: AnswerKind<AnswerTo<'bind'>> = {
  responses: {
    200: jsonResponse('The result of the bind.', BoundDaxDevice, {
      ...RESPONSE_HEADERS.etag,
      ...RESPONSE_HEADERS.mutation,
    }),
  },
  send: (reply, done) => {
    const { record, bind } = done.answer;
    const dependent = withoutHeads(done.answer, '/record', '/bind');
    return reply.header('etag', etagOf(record)).send({ ...record, ...bind, ...openedBy(done), ...dependent });
  },
};
