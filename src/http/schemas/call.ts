import * as z from 'zod';
import { withExample } from './scalar.ts';

/** A request that does something in the model. */
export const Call = z
  .strictObject({
    method: z.enum(['POST', 'PATCH', 'DELETE']),
    path: z.string(),
    body: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({
    id: 'Call',
    description: 'A request to this service; its body is JSON, null where it has none.',
    override: withExample({ method: 'POST', path: '/v1/hosts/node-v6.12/dax-devices/pmem0/bind', body: {} }),
  });
