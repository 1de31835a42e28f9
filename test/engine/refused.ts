import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { Command } from '../../src/engine/model/command.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { ext4 } from './rig.ts';
import { accessCommand, removeDevice, type Machine } from './support.ts';

/** A rule, or a part of one, that the model does not answer, and why. */
export interface Refused {
  readonly rule: string;
  readonly reason: string;
  /** Where the API can ask for it: the codes it is refused with, by kernel. */
  readonly proof?: {
    readonly act: (kernel: KernelName) => readonly string[];
    readonly codes: Readonly<Partial<Record<KernelName, readonly string[]>>>;
  };
}

export function codeOf(made: Machine, command: Command): string {
  const decision = made.try(command);
  return isRefusal(decision) ? decision.code : 'answered';
}

export function onAll(...codes: readonly string[]): Record<KernelName, readonly string[]> {
  return Object.fromEntries(KERNEL_NAMES.map((kernel) => [kernel, codes])) as Record<
    KernelName,
    readonly string[]
  >;
}

function loadFromAbsentMemory(kernel: KernelName): readonly string[] {
  const { made, mapper } = ext4(kernel);
  const { mapping } = mapper();
  removeDevice(made, { trigger: 'surprise_removal' });
  return [codeOf(made, accessCommand(mapping, 'read'))];
}

const STALE_LEFT = KERNEL_NAMES.filter((kernel) => kernel !== 'force-unmap');

/** What is listed here and not tested as a rule. A rule that stands in both is refused in part. */
export const REFUSED: readonly Refused[] = [
  {
    rule: 'R27',
    reason: 'every cell is unknown; no command makes the metadata of a file dirty before a fault',
  },
  { rule: 'R69', reason: 'processes have one thread: no command starts another' },
  { rule: 'R70', reason: 'processes have one thread: no group leader exits before its group' },
  { rule: 'R77', reason: 'no command shares an extent between two files' },
  { rule: 'R79', reason: 'no command gives xfs a realtime or an external log device' },
  { rule: 'R80', reason: 'times are not modelled' },
  { rule: 'R95', reason: 'no command reads a block device through a descriptor' },
  { rule: 'R156', reason: 'no command makes ext4 run into an error while its device is alive' },
  {
    rule: 'R165',
    reason: 'what a load from memory that is physically gone returns depends on the bus',
    proof: {
      act: loadFromAbsentMemory,
      codes: Object.fromEntries(STALE_LEFT.map((kernel) => [kernel, ['outcome_unknown']])),
    },
  },
];
