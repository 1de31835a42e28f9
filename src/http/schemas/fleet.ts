import * as z from 'zod';
import {
  DEVICE_MODES,
  DEVICE_STATES,
  HOST_HEALTH,
  HOST_KERNELS,
  REMOVAL_STATES,
  VERDICTS,
} from '../../engine/model/vocabulary.ts';
import type { FleetCounts } from '../backend.ts';
import { HostKernel, KernelRelease } from './host.ts';
import { Count } from './scalar.ts';

/** A count a word, zeros among them. */
const byWord = <Word extends string>(words: readonly Word[]) => z.record(z.enum(words), Count);

const byKernel = byWord(HOST_KERNELS);

/** Counts of the fleet. */
export const Fleet = z
  .strictObject({
    hosts: z.strictObject({ total: Count, health: byWord(HOST_HEALTH), kernel: byKernel }),
    dax_devices: z.strictObject({
      total: Count,
      state: byWord(DEVICE_STATES),
      mode: byWord(DEVICE_MODES),
      kernel: byKernel.meta({ description: 'The kernel of their host.' }),
      verdict: byWord([...VERDICTS, 'waiting', 'refused', 'not_assessed']).meta({
        description:
          'What a surprise removal now would leave, as in GET /v1/assessment. Where more than 16 hosts have changed their devices are `not_assessed` until they are, between requests; as are those of hosts that a fault of this service keeps from it.',
      }),
    }),
    removals: z.strictObject({
      total: Count,
      state: byWord(REMOVAL_STATES).meta({ description: 'Of removals that began, by RemovalState.' }),
      verdict: byWord([...VERDICTS, 'none']).meta({ description: '`none`: it has none yet.' }),
      kernel: byKernel.meta({ description: 'The kernel under which each began.' }),
    }),
    exposures: z.strictObject({ total: Count, state: byWord(['open', 'closed']) }),
    by_host: z
      .array(z.strictObject({ host: z.string(), dax_devices: Count, removals: Count, open_exposures: Count }))
      .meta({ description: 'In order of their names, the first 100.' }),
    by_tenant: z
      .array(z.strictObject({ tenant: z.string().nullable(), dax_devices: Count, open_exposures: Count }))
      .meta({
        description:
          'In order of their names, the first 100; null for what is of no tenant. Exposures are those of who reaches.',
      }),
    by_kernel_release: z
      .array(
        z.strictObject({
          kernel: HostKernel,
          kernel_release: KernelRelease,
          hosts: Count,
          dax_devices: Count,
        }),
      )
      .meta({ description: 'Of hosts that have told one, the first 100.' }),
    cut: z
      .partialRecord(z.enum(['by_host', 'by_tenant', 'by_kernel_release']), Count)
      .exactOptional()
      .meta({ description: 'How many rows there are of each list that has more than 100.' }),
    as_of: z.int().min(0).meta({ description: 'The last event of the state that was counted.' }),
  })
  .meta({
    id: 'Fleet',
    description: 'How many there are, all of one state; each count is that of the list.',
  }) satisfies z.ZodType<FleetCounts>;
