import * as z from 'zod';
import { CLOCK_MODES, FAULT_CODES, FAULT_TIMES } from '../../service/fault_rule.ts';
import { Count, identity, Name, Timestamp, withExample } from './scalar.ts';

const { uid, revision } = identity;
const DELAY_MS_MAX = 3_600_000;

const FaultTime = z.enum(FAULT_TIMES).meta({
  id: 'FaultTime',
  description:
    'When it befalls. `before_effect`: nothing is done yet. `after_effect`: it is stored, and would be answered: what Idempotency-Key is for.',
});

const Selector = z
  .strictObject({
    operation: z
      .string()
      .min(1)
      .max(64)
      .exactOptional()
      .meta({ description: 'The operationId of this document.' }),
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).exactOptional(),
    path: z
      .string()
      .max(1024)
      .regex(/^(?:[/](?:\*|[^/*?#\s]+))*(?:[/]\*\*)?$/, {
        error: 'expected a path whose segments are texts or *, the last one perhaps **',
      })
      .exactOptional()
      .meta({
        description: 'As it is sent, without a query: `*` is one segment, `**` at the end all others.',
      }),
    host: Name.exactOptional().meta({ description: 'Named by the path, the query or the body.' }),
    dax_device: Name.exactOptional().meta({ description: 'Named by the path, the query or the body.' }),
  })
  .meta({
    id: 'FaultSelector',
    description:
      'Requests that are all of this; `{}` is every one under /v1 but those to /v1/fault-rules and to clocks of hosts.',
  });

const Action = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('problem'),
        code: z.enum(FAULT_CODES),
        retry_after_s: z.int().min(0).max(86_400).exactOptional().meta({
          description: 'What Retry-After says; absent: 1, and nothing of `internal_error`.',
        }),
      })
      .meta({ id: 'FaultProblem', description: 'It is answered with a problem, and nothing is done.' }),
    z
      .strictObject({
        kind: z.literal('delay'),
        delay_ms: z.int().min(0).max(DELAY_MS_MAX),
        at: FaultTime,
      })
      .meta({
        id: 'FaultDelay',
        description: 'It waits: by the clock of the host that the selector names, where that is manual.',
      }),
    z.strictObject({ kind: z.literal('close'), at: FaultTime }).meta({
      id: 'FaultClose',
      description:
        'The connection is closed without an answer; `after_effect` that of a stream behind its first frame.',
    }),
    z
      .strictObject({
        kind: z.literal('cut'),
        after_bytes: z
          .int()
          .min(1)
          .max(2 ** 31 - 1),
      })
      .meta({
        id: 'FaultCut',
        description: 'The connection is closed behind so many bytes of the answer, also of a stream.',
      }),
  ])
  .meta({ id: 'FaultAction', description: 'What happens to the request.' });

const fields = {
  description: z.string().max(255).nullable(),
  selector: Selector,
  action: Action,
  remaining: Count.nullable().meta({ description: 'How often it still applies; null: for ever.' }),
  probability: z.number().min(0).max(1),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .meta({
      description:
        'The n-th request that the rule meets, from 1, gets the fault where the first 48 bits of the SHA-256 of `SEED:N`, divided by 2^48, are below the probability.',
    }),
};

export const FaultRule = z
  .strictObject({
    id: z.string(),
    uid,
    revision,
    ...fields,
    matched: Count.meta({ description: 'Requests that it has met since its seed is this.' }),
    applied: Count,
    created_at: Timestamp,
  })
  .meta({ id: 'FaultRule', description: 'A fault that is done to requests on purpose.' });

export const CreateFaultRule = z
  .strictObject({
    selector: Selector,
    action: Action,
    description: fields.description.exactOptional(),
    remaining: fields.remaining.exactOptional(),
    probability: fields.probability.exactOptional(),
    seed: fields.seed.exactOptional(),
  })
  .meta({
    id: 'CreateFaultRule',
    override: withExample({
      selector: { operation: 'createPin', host: 'node-v6.12' },
      action: { kind: 'problem', code: 'unavailable', retry_after_s: 1 },
      remaining: 3,
    }),
  });

export const PatchFaultRule = CreateFaultRule.partial().meta({
  id: 'PatchFaultRule',
  override: withExample({ remaining: 1 }),
});

export const HostClock = z
  .strictObject({
    host: z.string(),
    uid,
    revision,
    mode: z.enum(CLOCK_MODES),
    advanced_ms: Count.meta({ description: 'By how much it was put forward since it is manual.' }),
    waiting: Count.meta({ description: 'Requests that wait for it now.' }),
  })
  .meta({
    id: 'HostClock',
    description:
      'The clock by which delays of fault rules go. The model has no durations: nothing else goes by it.',
  });

export const SetClock = z
  .strictObject({
    mode: z.enum(CLOCK_MODES).exactOptional().meta({
      description:
        '`manual` stops it, `real` lets it go on: those that wait then wait the rest in real time.',
    }),
    advance_ms: z.int().min(0).max(Number.MAX_SAFE_INTEGER).exactOptional(),
  })
  .refine((asked) => asked.mode !== undefined || asked.advance_ms !== undefined, {
    error: 'expected mode, advance_ms, or both',
  })
  .meta({ id: 'SetClock', override: withExample({ mode: 'manual', advance_ms: 1000 }) });
