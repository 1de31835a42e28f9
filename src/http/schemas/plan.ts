import * as z from 'zod';
import { PLANNED_MAX } from '../../engine/model/question.ts';
import { PLAN_ACTIONS } from '../../engine/questions/plan_record.ts';
import type * as engine from '../../engine/questions/plan_record.ts';
import { Call } from './call.ts';
import { dependent } from './depends_on.ts';
import { ImaginedState, Impact, NoRemoval, PossibleThen } from './imagined.ts';
import { SimulatedKernelCost } from './removal.ts';
import { Count, Name, withExample } from './scalar.ts';
import { toldOfHolders } from './told.ts';
import { withUnknown } from './unknown.ts';
import { HazardKind, RemoveTriggerInput, Verdict } from './word.ts';

/** Hosts that are planned at once. */
export const HOSTS_MAX = 32;

const PlannedName = z.strictObject({ host: Name, dax_device: Name });

export const PlanRemovalsBody = z
  .strictObject({
    hosts: z.array(Name).min(1).max(HOSTS_MAX).exactOptional().meta({
      description: `Every device of these; beside \`dax_devices\` the one host of the plain names in it.`,
    }),
    dax_devices: z
      .array(z.union([Name, PlannedName], { error: 'expected a name, or {"host": …, "dax_device": …}' }))
      .min(1)
      .max(HOSTS_MAX * PLANNED_MAX)
      .exactOptional()
      .meta({
        description: `Of at most ${String(HOSTS_MAX)} hosts, and ${String(PLANNED_MAX)} of each; a plain name where \`hosts\` has one host.`,
      }),
    trigger: RemoveTriggerInput.default('unbind'),
    by: z.literal('remove').exactOptional().meta({ description: 'What is planned: nothing else yet.' }),
  })
  .meta({ id: 'PlanRemovals', override: withExample({ hosts: ['node-v6.12'], trigger: 'unbind' }) });

const Step = z
  .strictObject({
    step: z.int().min(1).meta({ description: 'Its place in the order.' }),
    host: z.string(),
    action: z.enum(PLAN_ACTIONS),
    command: z.string().nullable().meta({
      description:
        'For a shell of the host; null where nothing that is typed does it: whoever holds a pin lets it go, a card is pulled, a device is known by its namespace alone.',
    }),
    calls: z.array(Call).meta({ description: 'The same in the model, in order.' }),
    why: z.string(),
    before: z.array(z.string()).meta({
      description:
        'The devices of the host whose removals this has to come before; none of a removal itself.',
    }),
    cost: z.strictObject({
      ...Impact.shape,
      simulated_kernel_cost: SimulatedKernelCost.nullable().meta({
        description: 'Of a removal: of the device that is named.',
      }),
    }),
    possible: PossibleThen.exactOptional(),
  })
  .meta({ id: 'PlanStep' });

const Left = z
  .strictObject({
    host: z.string(),
    dax_device: z.string(),
    ...toldOfHolders,
    asked: z.boolean().meta({ description: 'False where it goes along with another, over CXL.' }),
    state: ImaginedState.nullable().meta({
      description: 'Null where it has no removal, and nothing is left of an earlier one.',
    }),
    verdict: Verdict.nullable().meta({ description: 'Null where it waits, or has no removal.' }),
    hazards: z.array(z.strictObject({ kind: HazardKind, count: Count })),
    refused: NoRemoval.nullable().meta({ description: 'Why the plan does not remove it.' }),
    not_cleaned_up: z.string().exactOptional().meta({
      description:
        'What an earlier removal has left and the plan does not clean up: the calls that do, in their order, as the advice of its holders has them, for the plan binds nothing; else why no order does, and a reboot alone.',
    }),
    possible: PossibleThen.exactOptional(),
    ...dependent,
    ...withUnknown,
  })
  .meta({ id: 'PlannedDevice' }) satisfies z.ZodType<engine.PlannedDevice & { readonly host: string }>;

const Planned = z
  .strictObject({
    host: z.string(),
    as_of: z
      .int()
      .min(0)
      .meta({ description: 'The last event of the state that its part of the plan is of.' }),
  })
  .meta({
    id: 'PlannedHost',
    description:
      'Hosts are looked at one after the other: each part is of one state, the parts need not be of the same.',
  });

/** What to do, in order, and what is left then. */
export const Plan = z
  .strictObject({ order: z.array(Step), left: z.array(Left), hosts: z.array(Planned) })
  .meta({
    id: 'Plan',
    description:
      'Tried in the model, one host after the other: who does the calls in order, each removal at rest before the next, is left with this.',
  });
