import * as z from 'zod';
import type * as engine from '../../engine/model/host.ts';
import { MCE_KILL_POLICIES, PROCESS_STATES, SIGBUS_DISPOSITIONS } from '../../engine/model/vocabulary.ts';
import type { BodyOf } from './host.ts';
import { Bytes, Id, identity, Pid, queryInteger, Text, withExample } from './scalar.ts';

const MceKill = z.enum(MCE_KILL_POLICIES).meta({ description: 'PR_MCE_KILL.' });
const Sigbus = z.enum(SIGBUS_DISPOSITIONS).meta({ description: 'What the process does with SIGBUS.' });
const ProcessState = z.enum(PROCESS_STATES);

/** How a process ended: by a signal or by exit. */
export const ProcessEnd = z.union([
  z.strictObject({ killed_by: z.string() }),
  z.strictObject({ exit: z.int() }),
]);

export const Process = z
  .strictObject({
    ...identity,
    pid: Pid,
    comm: z.string(),
    tenant: z.string().nullable(),
    mce_kill: MceKill,
    sigbus: Sigbus,
    parent_pid: Pid.nullable(),
    state: ProcessState,
    mm_locked: z.boolean().meta({
      description:
        'A task that looked into its memory died with the locks of it: until a reboot nobody knows what it meets there, but at what is mapped already.',
    }),
    waits_for_thaw: z
      .strictObject({
        file_system: Id,
        file: Id,
        mapping: Id.nullable(),
        offset: Bytes,
        length: Bytes,
      })
      .nullable()
      .meta({
        description:
          'The store through a mapping, or (mapping null) the pwrite, in which it is `blocked` and with which it goes on once the frozen file system thaws.',
      }),
    end: ProcessEnd.nullable(),
  })
  .meta({
    id: 'Process',
    description: 'A process that can map DAX devices.',
  }) satisfies z.ZodType<engine.Process>;

export const CreateProcess = z
  .strictObject({
    pid: Pid.exactOptional(),
    comm: Text,
    tenant: Text.nullable().exactOptional(),
    mce_kill: MceKill.exactOptional(),
    sigbus: Sigbus.exactOptional(),
    parent_pid: Pid.exactOptional(),
  })
  .meta({
    id: 'CreateProcess',
    override: withExample({ comm: 'redis', tenant: 'orders', sigbus: 'handled' }),
  }) satisfies z.ZodType<BodyOf<'create_process'>>;

export const processFilters = {
  pid: queryInteger(1, 4194304).exactOptional(),
  state: ProcessState.exactOptional(),
  tenant: Text.exactOptional(),
};
