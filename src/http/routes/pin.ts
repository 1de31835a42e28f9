import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { createdOr, outcome } from '../mutate.ts';
import { nounRoutes } from '../noun.ts';
import { Outcome } from '../schemas/outcome.ts';
import { PinPath } from '../schemas/path.ts';
import { CreatePin, Pin, pinFilters } from '../schemas/pin.ts';

/** /v1/pins, /v1/hosts/{host}/pins and one pin; DELETE is its unpin. */
export function pinRoutes(app: FastifyInstance, backend: Backend): void {
  const pins = nounRoutes(app, backend, {
    kind: 'pins',
    singular: 'pin',
    record: Pin,
    params: PinPath,
    filters: pinFilters,
    sorts: ['pid', 'dax_device'],
  });
  pins.create({
    summary: 'Pin pages by gup',
    description:
      'Refused with EOPNOTSUPP where the kernel refuses FOLL_LONGTERM, EFAULT where gup finds no page; 200 with an outcome where it meets a stale entry and does not return from it.',
    body: CreatePin,
    command: 'create_pin',
    fields: ({ body }) => body,
    answer: createdOr(Pin, Outcome),
  });
  pins.batch({ command: 'create_pin', body: CreatePin, fields: (body) => body });
  pins.verb({
    id: 'unpin',
    summary: 'Unpin',
    description: 'Lets a waiting removal go on.',
    method: 'DELETE',
    command: 'unpin',
    fields: ({ params }) => ({ pin: params.pin }),
    answer: outcome(Outcome),
  });
}
