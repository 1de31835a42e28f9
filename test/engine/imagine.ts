import type { CreateDaxDevice, RemoveDaxDevice } from '../../src/engine/model/device_command.ts';
import type {
  AnsweredRemoval,
  Holder,
  Advice,
  Assessment,
  Comparison,
} from '../../src/engine/questions/record.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { DAX } from './rig.ts';
import { addDevice, DEVICE, found, machine, MIB, type Machine } from './support.ts';

export function holders(made: Machine, name = DEVICE): readonly Holder[] {
  return made.ask({ type: 'survey_holders', dax_device: name }).items;
}

export function detail(made: Machine, kind: Holder['kind'], name = DEVICE): string[] {
  const own = holders(made, name).filter((holder) => holder.kind === kind);
  return own.map(({ consequence, detail: words }) => `${consequence}: ${words}`);
}

export function compare(
  made: Machine,
  more: Partial<RemoveDaxDevice & { kernels: readonly KernelName[] }> = {},
): Comparison {
  const { type: _type, ...asked } = {
    dax_device: DEVICE,
    trigger: 'unbind',
    kernels: KERNEL_NAMES,
    ...more,
  } as const;
  return made.ask({ type: 'compare_removals', ...asked });
}

/** What an unbind comes to on the kernel of a release, as far as that is the same whatever is not known of it (CMP3). */
export function inAnyCase(made: Machine, kernel_release: string): AnsweredRemoval {
  const question = { dax_device: DEVICE, trigger: 'unbind', kernels: [] } as const;
  const { items } = made.ask({ type: 'compare_removals', ...question, kernel_releases: [kernel_release] });
  const item = found(items[0]);
  if (item.refused !== null) throw new Error(item.refused.detail);
  return item;
}

export function assess(made: Machine): readonly Assessment[] {
  return made.ask({ type: 'assess_removals' });
}

export function advice(made: Machine): readonly Advice[] {
  return found(assess(made)[0]).advice;
}

export function actions(made: Machine): string[] {
  return advice(made).map(
    ({ action, state_then, verdict_then }) => `${action}: ${verdict_then ?? state_then}`,
  );
}

export function systemRam(kernel: KernelName, online: boolean): Machine {
  const made = machine(kernel, 0, { auto_online_blocks: online ? 'online_movable' : 'offline' });
  const device: Partial<CreateDaxDevice> = { name: DAX, mode: 'system-ram', size: 1024 * MIB };
  addDevice(made, { ...device, phys_addr: '0x108000000', target_node: 1, align: 2 * MIB });
  return made;
}
