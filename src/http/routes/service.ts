import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Backend } from '../backend.ts';
import { describe, jsonResponse } from '../operation.ts';
import { HttpProblem, storeProblem } from '../problem.ts';

const tag = 'service';
const Live = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Live' });
const Ready = z
  .strictObject({
    status: z.enum(['ready', 'degraded']),
    degraded: z
      .string()
      .nullable()
      .meta({ description: 'What is wrong, and what helps; the store serves nevertheless.' }),
    store: z.strictObject({
      journal_mode: z.string(),
      synchronous: z.int(),
      schema_version: z.int(),
      wal_bytes: z.int().meta({ description: 'Bytes of the write-ahead log beside the database.' }),
      last_checkpoint_at: z.string().nullable(),
      checkpoint_failures: z.int().meta({ description: 'Since the start.' }),
    }),
  })
  .meta({ id: 'Ready' });

/** /livez: the process answers. /readyz: the store has just taken a commit. */
export function serviceRoutes(app: FastifyInstance, backend: Backend): void {
  const config = { rateLimit: false } as const;
  const live = describe(
    {
      id: 'getLiveness',
      tag,
      summary: 'Whether the process answers',
      open: true,
      unbounded: true,
      infallible: true,
    },
    { response: { 200: jsonResponse('It does, and says how it stands.', Live) } },
  );
  app.get('/livez', { config, schema: live }, async () => ({ status: 'ok' }));
  const ready = describe(
    {
      id: 'getReadiness',
      tag,
      summary: 'Whether the store takes changes, tried by a commit',
      refuses: [503],
      open: true,
      unbounded: true,
      infallible: true,
    },
    { response: { 200: jsonResponse('It does, and says how it stands.', Ready) } },
  );
  app.get('/readyz', { config, schema: ready }, async (request) => {
    const health = await backend.check().catch((error: unknown) => {
      request.log.error({ err: error }, 'store check failed');
      const why = error instanceof Error ? error.message : 'the log has the reason';
      throw new HttpProblem('unavailable', `the store cannot serve durably: ${why}`);
    });
    if ('unavailable' in health) throw storeProblem(health);
    const { degraded, ...store } = health;
    return { status: degraded === null ? 'ready' : 'degraded', degraded, store };
  });
}
