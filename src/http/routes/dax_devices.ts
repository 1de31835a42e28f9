import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Backend } from '../backend.ts';
import { etagOf } from '../etag.ts';
import { fleetListRoute, hostListRoute, listSchema } from '../list.ts';
import { slicePage } from '../memory_page.ts';
import { changed, created, deleted, mutationRoute, openedBy, type AnswerKind } from '../mutate.ts';
import { jsonResponse, RESPONSE_HEADERS } from '../operation.ts';
import { doneOrThrow } from '../problem.ts';
import { loadRecord, readRoute } from '../read.ts';
import {
  BindDaxDevice,
  BoundDaxDevice,
  CreateDaxDevice,
  DaxDevice,
  deviceFilters,
  PatchDaxDevice,
} from '../schemas/dax_device.ts';
import { Holder, surveyed } from '../schemas/holder.ts';
import { pageQuery } from '../schemas/page.ts';
import { DevicePath, HostPath } from '../schemas/path.ts';
import { Name } from '../schemas/scalar.ts';

const tag = 'dax-devices';
const url = '/v1/hosts/:host/dax-devices';
const target = ({ params }: { params: { device: string } }) =>
  ({ kind: 'dax_devices', id: params.device }) as const;

/** /v1/dax-devices, /v1/hosts/{host}/dax-devices and one device; its remove is in removals.ts. */
export function daxDeviceRoutes(app: FastifyInstance, backend: Backend): void {
  const list = { tag, kind: 'dax_devices', item: DaxDevice } as const;
  const filters = { dax_device: Name.exactOptional(), ...deviceFilters };
  fleetListRoute(app, backend, {
    ...list,
    id: 'listFleetDaxDevices',
    summary: 'List dax devices of the fleet',
    url: '/v1/dax-devices',
    filters,
  });
  hostListRoute(app, backend, {
    ...list,
    id: 'listDaxDevices',
    summary: 'List dax devices of a host',
    url,
    filters,
  });
  readRoute(app, {
    id: 'getDaxDevice',
    tag,
    summary: 'Get a dax device',
    url: `${url}/:device`,
    params: DevicePath,
    schema: DaxDevice,
    load: ({ host, device }) => loadRecord(backend, 'dax_devices', host, device, 'dax_device_not_found'),
  });
  holdersRoute(app, backend);
  changes(app, backend);
}

/** Asked of the engine as a dry run: the survey plays the removal through and stores nothing. */
function holdersRoute(app: FastifyInstance, backend: Backend): void {
  const querystring = z.strictObject(pageQuery);
  const operation = {
    id: 'listHolders',
    tag,
    summary: 'List who holds a dax device',
    description:
      'Each with what an unbind now would do to it; also of a device that is not bound, or was bound again: who still reaches it.',
    item: Holder,
    more: surveyed,
  } as const;
  app.get(
    `${url}/:device/holders`,
    { schema: listSchema(operation, querystring, DevicePath) },
    async (request) => {
      const { host, device } = request.params as z.output<typeof DevicePath>;
      const command = { type: 'survey_holders', dax_device: device } as const;
      const done = doneOrThrow(await backend.submit({ host, command, dry_run: true }));
      const { survey } = done.reply;
      if (survey === undefined) throw new Error('a survey without holders');
      const { items, ...beside } = survey;
      const list = `holders of ${host}/${device}`;
      const page = await slicePage(backend, list, items, request.query as z.output<typeof querystring>);
      return { ...page, ...beside };
    },
  );
}

function changes(app: FastifyInstance, backend: Backend): void {
  mutationRoute(app, backend, {
    id: 'createDaxDevice',
    tag,
    summary: 'Create a dax device',
    method: 'POST',
    url,
    params: HostPath,
    body: CreateDaxDevice,
    command: ({ body }) => ({ type: 'create_dax_device', ...body }),
    answer: created(DaxDevice),
  });
  mutationRoute(app, backend, {
    id: 'patchDaxDevice',
    tag,
    summary: 'Change what only the operator knows of a dax device',
    description: 'Members that are absent stay; `labels` is replaced whole.',
    method: 'PATCH',
    url: `${url}/:device`,
    params: DevicePath,
    body: PatchDaxDevice,
    command: ({ params, body }) => ({ type: 'patch_dax_device', dax_device: params.device, ...body }),
    target,
    answer: changed(DaxDevice),
  });
  mutationRoute(app, backend, {
    id: 'deleteDaxDevice',
    tag,
    summary: 'Delete the record of a dax device',
    description: 'Never a hot-remove: that is POST …/remove.',
    method: 'DELETE',
    url: `${url}/:device`,
    params: DevicePath,
    command: ({ params }) => ({ type: 'delete_dax_device', dax_device: params.device }),
    target,
    answer: deleted,
  });
  mutationRoute(app, backend, {
    id: 'bindDaxDevice',
    tag,
    summary: 'Bind a dax device again, or repurpose it',
    description: 'A conflict has the errno of the kernel. `blocked`: the write to `bind` does not return.',
    method: 'POST',
    url: `${url}/:device/bind`,
    params: DevicePath,
    body: BindDaxDevice,
    command: ({ params, body }) => ({ type: 'bind', dax_device: params.device, ...body }),
    target,
    answer: bound,
  });
}

/** 200 with the device and what became of the write to `bind`. */
const bound: AnswerKind = {
  responses: {
    200: jsonResponse('What became of the bind.', BoundDaxDevice, {
      ...RESPONSE_HEADERS.etag,
      ...RESPONSE_HEADERS.mutation,
    }),
  },
  send: (reply, done) => {
    const { record, bind } = done;
    if (record === undefined || bind === undefined) throw new Error('a bind without a device');
    return reply.header('etag', etagOf(record)).send({ ...record, ...bind, ...openedBy(done) });
  },
};
