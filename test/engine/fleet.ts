import fc from 'fast-check';
import type { Command } from '../../src/engine/model/command.ts';
import type { Decision } from '../../src/engine/handle.ts';
import type { Refusal } from '../../src/engine/model/refusal.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { ownerSteps } from './fleet/owners.ts';
import { forkSteps } from './fleet/forks.ts';
import { dropSteps } from './fleet/lost.ts';
import { nodeSteps } from './fleet/nodes.ts';
import type { Step } from './fleet/pick.ts';
import { inodeSteps, lifeStep } from './fleet/life.ts';
import { useStep } from './fleet/uses.ts';
import { emptyMachine, MIB, type Machine } from './support.ts';

function mapped(
  pid: number,
  what: { file: string } | { dax_device: string },
  populate: 'read' | 'write',
): Command {
  const rest = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw', populate } as const;
  return { type: 'create_mapping', pid, ...what, ...rest };
}

/** How a random host begins: two fsdax devices, a devdax, one on CXL and system RAM, all small. */
const FIRST: readonly Command[] = [
  { type: 'create_dax_device', name: 'pmem0', mode: 'fsdax', size: 32 * MIB, clears_poison: true },
  { type: 'create_dax_device', name: 'pmem1', mode: 'fsdax', size: 16 * MIB, provider: 'virtio-pmem' },
  { type: 'create_dax_device', name: 'dax0.0', mode: 'devdax', size: 256 * MIB, align: 4096, tenant: 'a' },
  { type: 'create_dax_device', name: 'dax1.0', mode: 'devdax', size: 256 * MIB, provider: 'CXL', cxl: {} },
  { type: 'create_dax_device', name: 'dax2.0', mode: 'system-ram', size: 256 * MIB },
  {
    type: 'create_mount',
    dax_device: 'pmem0',
    path: '/mnt/pmem0',
    fs_type: 'ext4',
    dax: 'always',
    mkfs: true,
  },
  { type: 'create_file', mount: 'm2', path: '/f0', size: 4 * MIB },
  { type: 'create_process', pid: 42, comm: 'probe', tenant: 'a', sigbus: 'handled' },
  { type: 'create_process', pid: 43, comm: 'writer', tenant: 'b', sigbus: 'handled' },
  mapped(42, { file: 'f3' }, 'read'),
  mapped(43, { file: 'f3' }, 'write'),
  mapped(42, { dax_device: 'dax0.0' }, 'read'),
  mapped(43, { dax_device: 'dax1.0' }, 'write'),
  mapped(42, { dax_device: 'dax2.0' }, 'write'),
];

export interface Story {
  readonly kernel: (typeof KERNEL_NAMES)[number];
  /** In its place, where the host tells one. */
  readonly kernel_release?: string;
  readonly early_kill: 0 | 1;
  readonly steps: readonly Step[];
}

const one = (arbitrary: fc.Arbitrary<Step>) => arbitrary.map((step) => [step]);

function stories(part: fc.Arbitrary<Step[]>): fc.Arbitrary<Story> {
  return fc.record({
    kernel: fc.constantFrom(...KERNEL_NAMES),
    early_kill: fc.constantFrom(0, 1),
    steps: fc.array(part, { minLength: 5, maxLength: 50, size: 'max' }).map((parts) => parts.flat()),
  });
}

export const anyStory: fc.Arbitrary<Story> = stories(
  fc.oneof(
    { weight: 12, arbitrary: one(useStep) },
    { weight: 3, arbitrary: one(lifeStep) },
    { weight: 1, arbitrary: inodeSteps },
    { weight: 2, arbitrary: nodeSteps },
    { weight: 7, arbitrary: ownerSteps },
  ),
);

/** Stories in which descriptors, inodes and superblocks come and go, too. */
export const anyLife: fc.Arbitrary<Story> = stories(
  fc.oneof(
    { weight: 3, arbitrary: one(useStep) },
    { weight: 3, arbitrary: one(lifeStep) },
    { weight: 3, arbitrary: inodeSteps },
    { weight: 1, arbitrary: ownerSteps },
  ),
);

/** Stories of the node of a device-dax. */
export const anyNode: fc.Arbitrary<Story> = stories(nodeSteps);

/** Stories of private mappings and their forks, half of them on the kernel that takes the pages which it copies. */
export const anyFork: fc.Arbitrary<Story> = fc
  .tuple(stories(forkSteps), fc.boolean())
  .map(([story, takes]) => (takes ? { ...story, kernel: 'v7.3' } : story));

/** Stories of the kernel that counts what refers to a DAX page, in which stale entries go. */
export const anyDrop: fc.Arbitrary<Story> = stories(
  fc.oneof({ weight: 2, arbitrary: dropSteps }, { weight: 1, arbitrary: one(useStep) }),
).map((story) => ({ ...story, kernel: 'v7.3' }));

/** The commands that make the host `h` of a story, before its steps. */
function beginning({ kernel, kernel_release, early_kill }: Story): Command[] {
  const told = kernel_release === undefined ? { kernel } : { kernel_release };
  const sysctl = { memory_failure_early_kill: early_kill };
  return [{ type: 'create_host', name: 'h', ...told, sysctl }, ...FIRST];
}

/** All commands of a story, those that are refused, too. */
export function commandsOf(story: Story): Command[] {
  const commands = beginning(story);
  play(
    story,
    () => undefined,
    (_made, command) => void commands.push(command),
  );
  return commands;
}

/**
 * Plays a story; `watch` sees the machine after each command that changed something, `foresee` before each, `answered`
 * after each, with what was decided.
 */
export function play(
  story: Story,
  watch: (made: Machine) => void,
  foresee: (made: Machine, command: Command) => void = () => undefined,
  answered: (made: Machine, command: Command, decision: Decision | Refusal) => void = () => undefined,
): Machine {
  const { kernel, steps } = story;
  const made = emptyMachine(kernel);
  for (const command of beginning(story)) made.try(command);
  const played: Command[] = [];
  for (const step of steps) {
    const command = step(made);
    if (command === null) continue;
    const before = made.events.length;
    try {
      foresee(made, command);
      answered(made, command, made.try(command));
      if (made.events.length > before) watch(made);
    } catch (error) {
      // Steps are functions and print as such: the commands tell what was played.
      throw new Error(`after ${JSON.stringify([...played, command], null, 1)} on ${kernel}`, {
        cause: error,
      });
    }
    if (made.events.length > before) played.push(command);
  }
  return made;
}
