import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Backend } from '../backend.ts';
import { describe, JSON_TYPE, jsonResponse } from '../operation.ts';
import { Fleet } from '../schemas/fleet.ts';

/** GET /v1/fleet: how many there are. */
export function fleetRoutes(app: FastifyInstance, backend: Backend): void {
  const schema = describe(
    {
      id: 'countFleet',
      tag: 'what-if',
      summary: 'Count the fleet',
      description:
        'Hosts, devices, removals and exposures by state, mode, verdict, kernel, host and tenant, in one call.',
    },
    {
      querystring: z.strictObject({}),
      response: { 200: jsonResponse('The counts of the whole fleet.', Fleet) },
    },
  );
  app.get('/v1/fleet', { schema }, async (_request, reply) => {
    reply.type(JSON_TYPE);
    return backend.countFleetText();
  });
}
