import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Backend } from '../backend.ts';
import { describe, jsonResponse } from '../operation.ts';
import { HttpProblem } from '../problem.ts';
import { Problem } from '../schemas/problem.ts';

const tag = 'service';
const Live = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Live' });
const Ready = z
  .strictObject({
    status: z.literal('ready'),
    store: z.strictObject({ journal_mode: z.string(), synchronous: z.int(), schema_version: z.int() }),
  })
  .meta({ id: 'Ready' });

/** /livez: the process answers. /readyz: the store serves durably. */
export function serviceRoutes(app: FastifyInstance, backend: Backend): void {
  const config = { rateLimit: false } as const;
  // A fresh one each: the document is made by changing them.
  const failure = () => ({
    description: 'It does not.',
    content: { 'application/problem+json': { schema: Problem } },
  });
  const live = describe(
    { id: 'getLiveness', tag, summary: 'Whether the process answers' },
    { response: { 200: jsonResponse('It does.', Live), default: failure() } },
  );
  app.get('/livez', { config, schema: live }, async () => ({ status: 'ok' }));
  const ready = describe(
    { id: 'getReadiness', tag, summary: 'Whether the store serves durably' },
    { response: { 200: jsonResponse('It does.', Ready), 503: failure(), default: failure() } },
  );
  app.get('/readyz', { config, schema: ready }, async (request) => {
    try {
      return { status: 'ready', store: await backend.check() };
    } catch (error) {
      request.log.error({ err: error }, 'store check failed');
      throw new HttpProblem('unavailable', 'the store cannot serve durably; the log has the reason');
    }
  });
}
