import { describe, expect, test } from 'vitest';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { told } from './observe.ts';
import { DAX, devdax, ext4 } from './rig.ts';
import {
  addPin,
  DEVICE,
  FIXED_BUFFER,
  found,
  outcomeOf,
  PIPE,
  processOf,
  removeDevice,
  UMEM,
  type Machine,
  type Mapper,
  type PinOptions,
} from './support.ts';

interface Held {
  readonly made: Machine;
  readonly one: Mapper;
  readonly pin: string;
  readonly unbind: () => void;
  readonly bind: () => void;
}

/** A pin over the removal of its device, and over a bind. */
function held(kernel: KernelName, how: PinOptions): Held {
  const onFile = how === PIPE;
  const rig = onFile ? ext4(kernel) : null;
  const { made, mapper } = rig ?? devdax(kernel);
  const dax_device = onFile ? 'pmem0' : DAX;
  const one = mapper({ touched: 'write' });
  const pin = addPin(made, one, how);
  const unbind = () => removeDevice(made, { dax_device });
  const bind = () => made.run({ type: 'bind', dax_device });
  // What is mapped would be met too; an inode that nobody has open would be evicted under the pin.
  if (rig !== null) made.run({ type: 'open_file', pid: one.pid, file: rig.file(), flags: ['rdwr'] });
  made.run({ type: 'munmap', mapping: one.mapping });
  unbind();
  bind();
  return { made, one, pin, unbind, bind };
}

const CASES = [
  ['v6.1', PIPE],
  ['v6.1', UMEM],
  ['v6.12', PIPE],
  ['v6.12', UMEM],
  ['v6.12', FIXED_BUFFER],
  ['v7.3', PIPE],
  ['v7.3', UMEM],
  ['v7.3', FIXED_BUFFER],
] as const;

describe('[S53] a pin from before the removal, the device bound again', () => {
  test.each(CASES)('%s: its release is as of a living one: %j', (kernel, how) => {
    const { made, pin, one, unbind } = held(kernel, how);
    expect(told(outcomeOf(made.run({ type: 'unpin', pin })))).toBe('ok');
    unbind();
    expect(told(outcomeOf(made.run({ type: 'exit_process', pid: one.pid })))).toBe('ok');
  });

  test.each(CASES)('%s: so is the end of its process: %j', (kernel, how) => {
    const { made, one } = held(kernel, how);
    expect(told(outcomeOf(made.run({ type: 'exit_process', pid: one.pid })))).toBe('ok');
    expect(processOf(made, one.pid).state).toBe('dead');
    expect(made.host.tables.pins.size).toBe(0);
  });

  test.each(['v6.1', 'v6.12', 'v7.3'] as const)(
    '%s: unbound once more it is as after the first time',
    (kernel) => {
      const { made, pin, unbind } = held(kernel, PIPE);
      unbind();
      expect(told(outcomeOf(made.run({ type: 'unpin', pin })))).toBe('oops page_cache_pipe_buf_release');
    },
  );

  test('v6.12: and bound once more, harmless again', () => {
    const { made, pin, unbind, bind } = held('v6.12', PIPE);
    unbind();
    bind();
    expect(told(outcomeOf(made.run({ type: 'unpin', pin })))).toBe('ok');
  });
});

test('the pin of a task that is stuck in the kernel is never released', () => {
  const rig = ext4('v6.12');
  const mapper = rig.mapper();
  addPin(rig.made, mapper, PIPE);
  const task = processOf(rig.made, mapper.pid);
  rig.made.host.tables.processes.set(String(mapper.pid), { ...task, state: 'oopsed' });
  const { items } = rig.made.ask({ type: 'survey_holders', dax_device: DEVICE });
  const { detail } = found(items.find(({ kind }) => kind === 'pin'));
  expect(detail).toMatch(/its release: not known \(process \d+ is oopsed in the kernel/);
});
