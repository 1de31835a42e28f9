import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { Hazard } from '../../src/engine/model/removal.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { ACCESS_KINDS, KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { mounted } from './rig.ts';
import { accessCommand, outcomeOf, removeDevice, type Machine, type Mapper } from './support.ts';

interface Case {
  readonly fs_type: 'ext4' | 'xfs';
  readonly small: boolean;
  readonly flags: readonly ('shared' | 'private')[];
  readonly touched: 'read' | 'write';
  readonly prot: 'r' | 'rw';
}

const CASES: readonly Case[] = (['ext4', 'xfs'] as const).flatMap((fs_type) =>
  [true, false].flatMap((small) => [
    { fs_type, small, flags: ['shared'], touched: 'read', prot: 'rw' } as const,
    { fs_type, small, flags: ['shared'], touched: 'write', prot: 'rw' } as const,
    { fs_type, small, flags: ['shared'], touched: 'read', prot: 'r' } as const,
    { fs_type, small, flags: ['private'], touched: 'read', prot: 'rw' } as const,
  ]),
);

/** Everything that can be done with a mapping, by the names that hazards have for it. */
const VERBS: readonly (readonly [verb: string, command: (one: Mapper) => Command])[] = [
  ...ACCESS_KINDS.map(
    (kind) =>
      [kind === 'write' ? 'store' : kind, ({ mapping }: Mapper) => accessCommand(mapping, kind)] as const,
  ),
  ['munmap', ({ mapping }) => ({ type: 'munmap', mapping })],
  ['exit', ({ pid }) => ({ type: 'exit_process', pid })],
];

function removed(
  kernel: KernelName,
  { fs_type, ...options }: Case,
): { made: Machine; one: Mapper; hazards: readonly Hazard[] } {
  const { made, mapper } = mounted(kernel, { mount: { fs_type } });
  const one = mapper(options);
  return { made, one, hazards: removeDevice(made).hazards };
}

/** What each verb, tried on a host of its own, really does to the kernel. */
function does(kernel: KernelName, own: Case): Record<'kernel_oops' | 'livelock', string[]> {
  const met: Record<'kernel_oops' | 'livelock', string[]> = { kernel_oops: [], livelock: [] };
  for (const [verb, command] of VERBS) {
    const { made, one } = removed(kernel, own);
    const decision = made.try(command(one));
    if (isRefusal(decision)) continue;
    const { result } = outcomeOf(decision.answer);
    if (result === 'kernel_oops' || result === 'livelock') met[result].push(verb);
  }
  return met;
}

function triggers(hazards: readonly Hazard[], kind: Hazard['kind']): string[] {
  return hazards.filter((hazard) => hazard.kind === kind).flatMap(({ triggered_by }) => triggered_by);
}

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test.each(CASES)(
    '[HZ1] what a hazard says sets it off does, and nothing else: $fs_type $flags $touched $prot small $small',
    (own) => {
      const { hazards } = removed(kernel, own);
      const { kernel_oops, livelock } = does(kernel, own);
      expect(new Set(triggers(hazards, 'kernel_oops'))).toEqual(new Set(kernel_oops));
      expect(new Set(triggers(hazards, 'gup_livelock'))).toEqual(new Set(livelock));
    },
  );
});

test('[HZ1] madvise(MADV_DONTNEED) of a stale entry oopses on v7.3, and the hazard says so', () => {
  const { hazards } = removed('v7.3', CASES[0]!);
  expect(triggers(hazards, 'kernel_oops')).toContain('madvise_dontneed');
});
