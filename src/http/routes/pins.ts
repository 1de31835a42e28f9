import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { fleetListRoute, hostListRoute } from '../list.ts';
import { created, mutationRoute, outcome } from '../mutate.ts';
import { loadRecord, readRoute } from '../read.ts';
import { Outcome } from '../schemas/outcome.ts';
import { HostPath, PinPath } from '../schemas/path.ts';
import { CreatePin, Pin, pinFilters as filters } from '../schemas/pin.ts';

const tag = 'pins';
const url = '/v1/hosts/:host/pins';

/** /v1/pins, /v1/hosts/{host}/pins and one pin; DELETE is its unpin. */
export function pinRoutes(app: FastifyInstance, backend: Backend): void {
  const list = { tag, kind: 'pins', item: Pin, filters } as const;
  fleetListRoute(app, backend, {
    ...list,
    id: 'listFleetPins',
    summary: 'List pins of the fleet',
    url: '/v1/pins',
  });
  hostListRoute(app, backend, { ...list, id: 'listPins', summary: 'List pins of a host', url });
  readRoute(app, {
    id: 'getPin',
    tag,
    summary: 'Get a pin',
    url: `${url}/:pin`,
    params: PinPath,
    schema: Pin,
    load: ({ host, pin }) => loadRecord(backend, 'pins', host, pin, 'pin_not_found'),
  });
  mutationRoute(app, backend, {
    id: 'createPin',
    tag,
    summary: 'Pin pages by gup',
    description: '409 EOPNOTSUPP where the kernel refuses FOLL_LONGTERM.',
    method: 'POST',
    url,
    params: HostPath,
    body: CreatePin,
    command: ({ body }) => ({ type: 'create_pin', ...body }),
    answer: created(Pin),
  });
  mutationRoute(app, backend, {
    id: 'unpin',
    tag,
    summary: 'Unpin',
    description: 'Lets a waiting removal go on.',
    method: 'DELETE',
    url: `${url}/:pin`,
    params: PinPath,
    command: ({ params }) => ({ type: 'unpin', pin: params.pin }),
    target: ({ params }) => ({ kind: 'pins', id: params.pin }),
    answer: outcome(Outcome),
  });
}
