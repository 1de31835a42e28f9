import * as z from 'zod';
import { ADVICE_ACTIONS } from '../../engine/questions/record.ts';
import type * as engine from '../../engine/questions/record.ts';
import { Call } from './call.ts';
import { Cut } from './removal.ts';
import { Count, withExample } from './scalar.ts';
import { Errno, RefusalCode, Verdict } from './word.ts';

/** How an imagined removal ends. */
export const ImaginedState = z.enum(['waiting', 'stuck', 'completed', 'undetermined']).meta({
  id: 'ImaginedState',
  description:
    'How a removal that is only imagined ends, in the words of RemovalState: it would wait for what somebody can let go, or be `stuck`, which is that it would never return. Where `refused` says that a removal has begun, the state of that one.',
});

/** Why there would be no removal. */
export const NoRemoval = z
  .strictObject({ code: RefusalCode, detail: z.string(), errno: Errno.nullable() })
  .meta({ id: 'NoRemoval', description: 'Why there would be no removal.' });

/** What a removal does to who is there. */
export const Impact = z
  .strictObject({
    file_systems_shut_down: Count,
    file_systems_frozen: Count,
    file_systems_cut_off: Count.meta({
      description: 'Not notified: they find out at their next call to the device.',
    }),
    processes_signalled: Count,
    processes_killed: Count,
    dirty_bytes: Count.meta({ description: 'Stored, and not yet written back when the removal begins.' }),
  })
  .meta({
    id: 'Impact',
    description: 'What the removal does to those who use the device, whatever it leaves behind.',
  }) satisfies z.ZodType<engine.Impact>;

/** What former removals have left. */
export const Residue = z
  .strictObject({
    mappings: Count,
    pins: Count,
    processes: Count,
    pages: Count,
    exposures: Count.meta({ description: "Mappings and pins of these that reach another owner's pfns." }),
    superblocks: Count.meta({
      description:
        'File systems that are still mounted, detached or half torn down while the device is not bound, or on a block device before the present one.',
    }),
  })
  .meta({
    id: 'Residue',
    description:
      'What earlier removals have left: what still reaches the device now although it is not bound, or was bound again since, and superblocks.',
  }) satisfies z.ZodType<engine.Residue>;

/** What chance makes of something done before a removal. */
export const PossibleThen = z
  .array(
    z.strictObject({
      outcome: z.string(),
      when: z.string(),
      state_then: ImaginedState.nullable(),
      verdict_then: Verdict.nullable(),
    }),
  )
  .meta({
    id: 'PossibleThen',
    description:
      'Where chance decides in the kernel: what may come of it, an errno or a word, when, and how the removal then ends; null where that is refused.',
  });

/** What to do before a removal, or behind it. */
export const Advice = z
  .strictObject({
    action: z.enum(ADVICE_ACTIONS),
    detail: z.string(),
    targets: z
      .array(z.string())
      .meta({ description: 'What it applies to, and of clean_up the calls in their order: the first 100.' }),
    calls: z.array(Call).nullable().meta({
      description:
        'The requests that do it in the model, in the order in which it was tried: the first 100 (of more, `cut` has the number, and POST /v1/plans all that a plan does). Null where no request does it: `detail` says why.',
    }),
    cut: Cut.exactOptional(),
    destructive: z.boolean().meta({ description: 'Doing it destroys what the device stores.' }),
    state_then: ImaginedState.nullable().meta({
      description:
        'How the removal then ends. Of clean_up and of a reboot, what the same question answers once the calls are done: null where the device then has no driver, and nothing is left.',
    }),
    verdict_then: Verdict.nullable().meta({
      description: 'Null where it would then wait, or state_then is.',
    }),
    impact_then: Impact.nullable().meta({
      description: 'Null where there would be no removal, or what it does is not known.',
    }),
    possible: PossibleThen.exactOptional(),
    source: z.string(),
  })
  .meta({
    id: 'Advice',
    description:
      'Something to do before the removal, tried by simulation: it then leaves less behind, or harms nobody any more. Of a device whose removal has ended, or waits: what leads to a clean state (clean_up), or why only a reboot does.',
    override: withExample({
      action: 'clean_up',
      detail:
        'in this order every call returns, and nothing of the removal is left (recorded on this kernel)',
      targets: ['bind pmem0', 'end process 101', 'umount /mnt/pmem0'],
      calls: [
        { method: 'POST', path: '/v1/hosts/node-v6.12/dax-devices/pmem0/bind', body: {} },
        { method: 'DELETE', path: '/v1/hosts/node-v6.12/processes/101', body: null },
        { method: 'DELETE', path: '/v1/hosts/node-v6.12/mounts/m2', body: null },
      ],
      destructive: false,
      state_then: 'completed',
      verdict_then: 'contained',
      impact_then: {
        file_systems_shut_down: 0,
        file_systems_frozen: 0,
        file_systems_cut_off: 0,
        processes_signalled: 0,
        processes_killed: 0,
        dirty_bytes: 0,
      },
      source: 'CLEAN2, S7, S11',
    }),
  });
