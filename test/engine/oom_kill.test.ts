import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { answered } from './observe.ts';
import { fill, FIRST, offlineAll, ram, writeState, type Ram } from './ram.ts';
import { DAX } from './rig.ts';
import {
  access,
  accessCommand,
  addDevice,
  addMapper,
  addMount,
  addFile,
  addPin,
  MIB,
  processOf,
  removeDevice,
  type Mapper,
} from './support.ts';

/** One block of 128 MiB is online. */
function oneBlock(kernel: KernelName): Ram {
  return ram(kernel, { online: [[FIRST, 'online_movable']] });
}

function filler({ made }: Ram, mib: number): Mapper {
  return addMapper(made, { dax_device: DAX, flags: ['private'], length: mib * MIB, touched: 'none' });
}

/** Fills all of a mapping; what comes of it, and what of each of these processes. */
function fills(own: Ram, one: Mapper, mib: number, others: readonly Mapper[]): string {
  const outcome = access(own.made, one.mapping, 'write', { pages: (mib * MIB) / 4096 });
  const words =
    outcome.result === 'signal' ? `${String(outcome.signal)} ${String(outcome.si_code)}` : outcome.result;
  const states = [...others, one].map(({ pid }) => processOf(own.made, pid).state);
  return [words, ...states].join(', ');
}

/** A store all over a mapping of 64 MiB: more than is left. */
function stores(own: Ram): string {
  const { mapping } = filler(own, 64);
  return answered(own.made, accessCommand(mapping, 'write', { pages: 64 * 256 }));
}

describe('[S54] memory that is full', () => {
  test.each(KERNEL_NAMES)(
    '%s: the fullest process bound to the node is killed, and its pages serve',
    (kernel) => {
      const own = oneBlock(kernel);
      const small = fill(own, { length: 16 * MIB });
      const large = fill(own, { length: 96 * MIB });
      expect(fills(own, filler(own, 64), 64, [small, large])).toBe('ok, running, dead, running');
      expect(processOf(own.made, large.pid).end).toEqual({ killed_by: 'SIGKILL' });
    },
  );

  test.each(['v6.1', 'v6.12', 'v7.3'] as const)(
    '%s: one whose pages have moved to another node is killed for nothing, then the filler',
    (kernel) => {
      const own = ram(kernel);
      const moved = fill(own, { length: 128 * MIB });
      expect(offlineAll(own.made)).toBe('ok');
      writeState(own.made, FIRST, 'online_movable');
      const small = fill(own, { length: 32 * MIB });
      expect(fills(own, filler(own, 128), 128, [moved, small])).toBe(
        'SIGKILL SI_KERNEL, dead, running, dead',
      );
    },
  );

  test('the log says who was killed', () => {
    const own = oneBlock('v6.12');
    const one = filler(own, 256);
    const { kernel_log, end } = access(own.made, one.mapping, 'write', { pages: 65536 });
    expect(kernel_log).toEqual([`Out of memory: Killed process ${String(one.pid)} (probe)`]);
    expect(end).toEqual({ killed_by: 'SIGKILL' });
  });

  test('pages of files in ordinary memory count, those of a device and the zero page do not', () => {
    const own = oneBlock('v6.12');
    addDevice(own.made);
    const mount = addMount(own.made, { dax: 'never' });
    const cached = fill(own, { length: 16 * MIB });
    const file = addFile(own.made, mount.id, '/f', 48 * MIB);
    const shared = { offset: 0, length: 48 * MIB, flags: ['shared'], prot: 'r', populate: 'read' } as const;
    own.made.run({ type: 'create_mapping', pid: cached.pid, file, ...shared });
    const zero = fill(own, { length: 96 * MIB, touched: 'read' });
    const other = fill(own, { length: 56 * MIB });
    expect(fills(own, filler(own, 60), 60, [cached, zero, other])).toBe(
      'ok, dead, running, running, running',
    );
  });

  test('is refused where two have the most, or the fullest does not let go', () => {
    const equal = oneBlock('v6.12');
    for (const length of [48 * MIB, 48 * MIB]) fill(equal, { length });
    expect(stores(equal)).toBe('outcome_unknown');
    const stuck = oneBlock('v6.12');
    const { pid } = fill(stuck, { length: 96 * MIB });
    stuck.made.host.tables.processes.set(String(pid), { ...processOf(stuck.made, pid), state: 'livelocked' });
    expect(stores(stuck)).toBe('outcome_unknown');
  });

  test.each([
    ['v6.1', { kind: 'transient', holder: 'other' }],
    ['v7.3', null],
  ] as const)(
    '%s: and where the release of what the fullest holds is not known, or its exit oopses',
    (kernel, pin) => {
      const own = oneBlock(kernel);
      addDevice(own.made);
      const file = addFile(own.made, addMount(own.made).id, '/f');
      const { pid } = fill(own, { length: 96 * MIB });
      const shared = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'r', populate: 'read' } as const;
      own.made.run({ type: 'create_mapping', pid, file, ...shared });
      const [mapping] = [...own.made.host.tables.mappings.keys()].slice(-1);
      if (pin !== null) addPin(own.made, { pid, mapping: mapping! }, pin);
      removeDevice(own.made);
      expect(stores(own)).toBe('outcome_unknown');
    },
  );
});
