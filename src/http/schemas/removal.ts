import * as z from 'zod';
import type * as engine from '../../engine/removal/record.ts';
import {
  HAZARD_KINDS,
  REMOVAL_STATES,
  REMOVE_TRIGGERS,
  REMOVE_VIAS,
  STEP_NAMES,
  VERDICTS,
} from '../../engine/vocabulary.ts';
import { KernelName } from './host.ts';
import { PinHolder } from './pin.ts';
import { Bytes, Count, Hex, Id, identity, Name, PfnRanges, Pid, Timestamp } from './scalar.ts';

const RemovalState = z.enum(REMOVAL_STATES).meta({ id: 'RemovalState' });
const Verdict = z
  .enum(VERDICTS)
  .meta({ id: 'Verdict', description: 'The worst of what is left: contained < leaked < unsafe < exposed.' });

const WaitingOn = z.strictObject({
  kind: z.enum(['pin', 'page_reference', 'mapping']),
  pin: z.string(),
  pid: Pid,
  holder: PinHolder,
  released_by: z.enum(['unpin', 'munmap', 'exit']),
});

const Hazard = z
  .strictObject({
    kind: z.enum(HAZARD_KINDS),
    detail: z.string(),
    pid: Pid.nullable(),
    mapping: z.string().nullable(),
    pin: z.string().nullable(),
    pfn_ranges: PfnRanges,
    writable: z.boolean(),
    triggered_by: z.array(z.string()),
    source: z.string(),
  })
  .meta({
    id: 'Hazard',
    description: 'Something that is dangerous after the removal, and what sets it off.',
  });

const Step = z
  .strictObject({
    name: z.enum(STEP_NAMES),
    state: z.enum(['pending', 'running', 'waiting', 'done']),
    source: z.string(),
    result: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'RemovalStep' });

export const Signal = z
  .strictObject({
    pid: Pid,
    comm: z.string(),
    signal: z.literal('SIGBUS'),
    si_code: z.enum(['BUS_MCEERR_AO', 'BUS_MCEERR_AR', 'BUS_ADRERR']),
    si_addr: z.string(),
    si_addr_lsb: z.int().nullable(),
    count: Count,
    delivery: z.enum(['asynchronous', 'on-access']),
    killed: z.boolean(),
  })
  .meta({ id: 'Signal' }) satisfies z.ZodType<engine.SignalRow>;

const Report = z
  .strictObject({
    pages: z.strictObject({
      total: Count,
      mapped: Count,
      unmapped: Count,
      still_mapped: Count,
      hwpoisoned: Count,
      never_mapped: Count,
    }),
    signals: z.array(Signal).meta({ description: 'All of them: GET /v1/removals/{removal}/signals.' }),
    file_systems: z.array(
      z.strictObject({
        mount: z.string(),
        fs_type: z.string(),
        result: z.enum(['shutdown', 'untouched', 'frozen']),
        reason: z.string().nullable(),
      }),
    ),
    pins_waited_for: z.array(z.string()),
    leaked_ranges: z.array(z.strictObject({ phys_addr: Hex, size: Bytes, until: z.literal('reboot') })),
    exposures: z.array(z.string()),
    kernel_log: z.array(z.string()),
  })
  .meta({ id: 'RemovalReport' });

export const Removal = z
  .strictObject({
    ...identity,
    id: Id,
    dax_device: z.string(),
    kernel: KernelName,
    trigger: z.enum(REMOVE_TRIGGERS),
    via: z.enum(REMOVE_VIAS).nullable(),
    by_pid: Pid.nullable(),
    state: RemovalState,
    waiting_on: z.array(WaitingOn),
    verdict: Verdict.nullable(),
    hazards: z.array(Hazard),
    steps: z.array(Step),
    report: Report,
    mapped_before: PfnRanges,
    created_at: Timestamp,
    completed_at: Timestamp.nullable(),
  })
  .meta({
    id: 'Removal',
    description: 'One ->remove() and its report.',
  }) satisfies z.ZodType<engine.RemovalRecord>;

export const removalFilters = {
  dax_device: Name.exactOptional(),
  state: RemovalState.exactOptional(),
  verdict: Verdict.exactOptional(),
};
