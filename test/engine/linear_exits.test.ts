import { describe, expect, test } from 'vitest';
import { countSteps } from './counted.ts';
import { crowd, FEW, growth, MANY } from './crowd.ts';
import { DEVICE, PAGE, processOf, removeDevice } from './support.ts';

describe('an exit that dies at the release of a pin', () => {
  test('does not look at what other processes hold', () => {
    const steps = [FEW, MANY].map((processes) => {
      const { made, pids } = crowd(processes, 'each', { sigbus: 'handled', pinned: true });
      removeDevice(made);
      const pid = pids[processes / 2]!;
      const spent = countSteps(made.host, () => made.run({ type: 'exit_process', pid }));
      expect(processOf(made, pid).state).toBe('oopsed');
      return spent;
    });
    expect(steps[1]).toBe(steps[0]);
  });

  test('is linear in what it keeps', () => {
    const factor = growth((mappings) => {
      const { made, pids } = crowd(mappings, 'one', { sigbus: 'handled', pinned: true });
      removeDevice(made);
      const spent = countSteps(made.host, () => made.run({ type: 'exit_process', pid: pids[0]! }));
      expect(made.host.tables.mappings.size).toBe(mappings);
      return spent;
    });
    expect(factor).toBeLessThan(5);
  });

  test('keeps what it maps through a descriptor that it has closed, and what its child shares goes', () => {
    const { made, pids } = crowd(1, 'one', { sigbus: 'handled', pinned: true });
    const [pid] = pids;
    const [file] = made.host.tables.files.keys();
    const open = (): string => {
      made.run({ type: 'open_file', pid: pid!, file: file!, flags: ['rdwr'] });
      return [...made.host.tables.open_files.keys()].at(-1)!;
    };
    const shared = open();
    made.run({ type: 'create_process', comm: 'child', pid: 9_000, parent_pid: pid! });
    const closed = open();
    const map = { offset: 0, length: PAGE, flags: ['shared'], prot: 'rw', open_file: closed } as const;
    made.run({ type: 'create_mapping', pid: pid!, ...map });
    const mapping = [...made.host.tables.mappings.keys()].at(-1)!;
    made.run({ type: 'close_file', open_file: closed });
    removeDevice(made);
    made.run({ type: 'exit_process', pid: pid! });
    expect(processOf(made, pid!).state).toBe('oopsed');
    expect(made.host.tables.mappings.has(mapping)).toBe(true);
    expect(made.host.tables.open_files.has(shared)).toBe(false);
  });
});

test('the holders of a device whose processes die at the release of their pins', () => {
  const of = (processes: number) => {
    const { made } = crowd(processes, 'each', { sigbus: 'handled', pinned: true });
    return countSteps(made.host, () => made.ask({ type: 'survey_holders', dax_device: DEVICE }));
  };
  expect(of(2 * MANY) / of(MANY)).toBeLessThan(2.2);
});
