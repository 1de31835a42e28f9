import * as z from 'zod';
import type * as engine from '../../engine/model/outcome.ts';
import { ACCESS_RESULTS } from '../../engine/model/vocabulary.ts';
import { Condition } from './condition.ts';
import { dependent } from './depends_on.ts';
import { ProcessEnd } from './process.ts';
import { Count, Hex, withExample } from './scalar.ts';
import { Errno } from './word.ts';

/** What a process gets when it touches memory, calls the kernel, exits, unmaps or unpins. */
export const Outcome = z
  .strictObject({
    result: z.enum(ACCESS_RESULTS),
    stale: z.boolean().meta({ description: 'Through an entry that outlived its pgmap.' }),
    data_of: z
      .strictObject({ generation: Count, tenant: z.string().nullable(), file: z.string().nullable() })
      .nullable()
      .meta({
        description:
          "Whose bytes were reached; null of none, and of zeros that are nobody's: a hole, or a range that nothing decodes.",
      }),
    signal: z.string().nullable(),
    si_code: z.string().nullable(),
    si_addr: Hex.nullable(),
    si_addr_lsb: z.int().nullable(),
    errno: Errno.nullable(),
    faults: z.strictObject({ pte: Count, pmd: Count, pud: Count }),
    process_alive: z.boolean().meta({ description: 'Of the process whose mapping, file call or pin it is.' }),
    end: ProcessEnd.nullable(),
    kernel_oopses: z.array(
      z.strictObject({
        at: z
          .string()
          .nullable()
          .meta({ description: 'Null: in one of several functions; `depends_on` names them.' }),
        task: z.enum(['process', 'caller', 'worker']),
      }),
    ),
    ...dependent,
    livelocked: z.enum(['process', 'caller']).nullable().meta({
      description:
        'Who spins in the kernel until SIGKILL: the process of the mapping, or the one that looked into it, which `process_alive` and `end` do not describe.',
    }),
    blocked_in: z.string().nullable(),
    kernel_log: z.array(z.string()),
    conditions: z.array(Condition).exactOptional().meta({
      description:
        'Of a close that takes the last reference of the node of a device-dax: what the device says from then on.',
    }),
  })
  .meta({
    id: 'Outcome',
    description: 'What the process and the kernel get.',
    override: withExample({
      result: 'ok',
      stale: false,
      data_of: null,
      signal: null,
      si_code: null,
      si_addr: null,
      si_addr_lsb: null,
      errno: null,
      faults: { pte: 0, pmd: 0, pud: 0 },
      process_alive: true,
      end: null,
      kernel_oopses: [],
      livelocked: null,
      blocked_in: null,
      kernel_log: [],
    }),
  }) satisfies z.ZodType<engine.Outcome>;
