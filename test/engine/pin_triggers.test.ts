import { describe, expect, test } from 'vitest';
import { decide } from '../../src/engine/decide.ts';
import type { Decision } from '../../src/engine/handle.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { deviceOf } from '../../src/engine/model/lookup.ts';
import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import {
  KERNEL_NAMES,
  PIN_HOLDERS,
  PIN_KINDS,
  PIN_VERBS,
  type KernelName,
  type PinVerb,
} from '../../src/engine/model/vocabulary.ts';
import { dangersOf } from '../../src/engine/removal/hazards.ts';
import { devdax, ext4 } from './rig.ts';
import {
  addProcess,
  DEVICE,
  outcomeOf,
  pinCommand,
  removeDevice,
  steadyContext,
  type Machine,
  type PinOptions,
} from './support.ts';

type Target = 'ext4' | 'devdax';

/** The ways a pin ends. */
const RELEASES: Readonly<Record<PinVerb, (pid: number, pin: string) => Command>> = {
  unpin: (_, pin) => ({ type: 'unpin', pin }),
  exit: (pid) => ({ type: 'exit_process', pid }),
};

const HOLDS: readonly PinOptions[] = PIN_KINDS.flatMap((kind) =>
  PIN_HOLDERS.map((holder) => ({ kind, holder })),
);

/** A pin whose process maps nothing any more, over a removal; null where the kernel gives no such pin. */
function outlived(kernel: KernelName, target: Target, hold: PinOptions, again: boolean): Machine | null {
  const rig = target === 'ext4' ? ext4(kernel) : null;
  const { made, mapper } = rig ?? devdax(kernel, { name: DEVICE });
  const pinner = mapper({ ...(target === 'devdax' ? { dax_device: DEVICE } : {}) });
  if (isRefusal(made.try(pinCommand(pinner, hold)))) return null;
  // An inode that nobody has open would be evicted under the pin.
  if (rig !== null)
    made.run({ type: 'open_file', pid: addProcess(made), file: rig.file(), flags: ['rdonly'] });
  made.run({ type: 'munmap', mapping: pinner.mapping });
  const { state } = removeDevice(made);
  if (again && state === 'completed') made.run({ type: 'bind', dax_device: DEVICE });
  return made;
}

/** Whether a release harms the kernel, or may: nothing describes it. */
function harms(released: Decision | Refusal): boolean {
  if (isRefusal(released)) return released.code === 'outcome_unknown';
  return outcomeOf(released.answer).result === 'kernel_oops';
}

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test.each(
    (['ext4', 'devdax'] as const).flatMap((target) => [
      { target, again: false },
      { target, again: true },
    ]),
  )('[HZ3] a pin that outlives its struct pages: $target, bound again: $again', ({ target, again }) => {
    const seen = HOLDS.flatMap((hold) => {
      const made = outlived(kernel, target, hold, again);
      if (made === null) return [];
      const { host } = made;
      const hazards = dangersOf(host, { steps: [] }, deviceOf(host, DEVICE));
      const [pin] = [...host.tables.pins.values()];
      const met = PIN_VERBS.filter((verb) =>
        harms(decide(host, RELEASES[verb](pin!.pid, pin!.id), steadyContext())),
      );
      expect(hazards.flatMap(({ triggered_by }) => triggered_by)).toEqual(met);
      return [met.length];
    });
    const waits = !kernel.startsWith('v') || kernel === 'v5.10';
    expect(new Set(seen)).toEqual(new Set([waits || again ? 0 : 2]));
  });
});
