import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { mountsOfDevice } from '../../src/engine/model/lookup.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { copyHost } from './copy_host.ts';
import { anyLife, anyStory, play, type Story } from './fleet.ts';
import { goOn, nth, one, onOne, type Step } from './fleet/pick.ts';
import { lifeStep } from './fleet/life.ts';
import { useStep } from './fleet/uses.ts';
import { detail } from './imagine.ts';
import { ext4, rmapbt } from './rig.ts';
import { DEVICE, removeDevice, settle, type Machine } from './support.ts';
import { cases } from '../support/property.ts';

const KERNELS = ['v6.12', 'v7.3'] as const;

describe('[HOLD5] a file system that the removal tears down', () => {
  test.each(KERNELS)('as the last of it is unfrozen by the walk of its xfs: %s', (kernel) => {
    const { made, mount } = rmapbt(kernel);
    made.run({ type: 'freeze', mount });
    made.run({ type: 'umount', mount, lazy: false });
    expect(detail(made, 'mount')).toEqual(['forced: torn down by the removal, for nothing uses it any more']);
  });

  test.each(KERNELS)('as its last user dies of the removal: %s', (kernel) => {
    const { made, mount, mapper } = rmapbt(kernel);
    mapper({ sigbus: 'default' });
    made.run({ type: 'umount', mount, lazy: true });
    expect(detail(made, 'mount')).toEqual(['forced: torn down by the removal, for nothing uses it any more']);
    expect(detail(made, 'file')).toEqual(['forced: out of reach: no superblock has it after the removal']);
  });

  test.each(KERNELS)('[RM12] [IMPACT1] is in the report of the removal, and counts: %s', (kernel) => {
    const { made, mount, file } = rmapbt(kernel);
    file();
    made.run({ type: 'freeze', mount });
    made.run({ type: 'umount', mount, lazy: false });
    const { impact } = made.ask({ type: 'survey_holders', dax_device: DEVICE });
    expect(impact).toMatchObject({ file_systems_shut_down: 1, file_systems_cut_off: 0 });
    const { report } = removeDevice(made);
    const row = { mount, fs_type: 'xfs', dax_holder: true, result: 'shutdown', reason: 'force umount (0x4)' };
    expect([report.file_systems, made.host.tables.mounts.size]).toEqual([[row], 0]);
  });

  test('a file without a name, as its last user dies of the removal', () => {
    const { made, file, mapper } = rmapbt('v6.12');
    mapper({ sigbus: 'default' });
    made.run({ type: 'unlink', file: file() });
    expect(detail(made, 'file')).toEqual(['forced: freed: its last user ends in the removal']);
    expect(detail(made, 'mount')).toEqual(['forced: shut down: force umount (0x4)']);
  });
});

describe('[HOLD5] [MNT3] a file to which no path leads', () => {
  test.each([
    ['v6.1', 'pread: ENXIO; pwrite: ENXIO; fsync: EIO'],
    ['v6.12', 'pread: EIO; pwrite: EIO; fsync: EIO'],
  ] as const)('answers who has it: %s', (kernel, words) => {
    const { made, mount, mapper } = ext4(kernel);
    const { pid } = mapper();
    made.run({ type: 'umount', mount, lazy: true });
    removeDevice(made);
    expect(detail(made, 'file')).toEqual([`forced: no path leads there; who has it: ${words}`]);
    const [file] = [...made.host.tables.files.keys()];
    const told = (['pread', 'pwrite', 'fsync'] as const).map((kind) => {
      const { errno } = made.run({ type: 'file_io', pid, file: file!, kind, offset: 0, length: 4096 });
      return `${kind}: ${String(errno)}`;
    });
    expect(told.join('; ')).toBe(words);
  });

  test('and nobody else, for what is unmounted while frozen is found by nobody', () => {
    const { made, mount, file } = ext4('v6.12');
    file();
    made.run({ type: 'freeze', mount });
    made.run({ type: 'umount', mount, lazy: false });
    removeDevice(made);
    expect(detail(made, 'file')).toEqual(['forced: no path leads there']);
  });
});

/** xfs with rmapbt on either device, frozen, detached, used and removed, in any order. */
const frozenXfs: fc.Arbitrary<Step[]> = fc
  .record({
    dax_device: fc.constantFrom('pmem0', 'pmem1'),
    agcount: fc.constantFrom(1, 4),
    user: fc.constantFrom('default', 'handled', null),
    verbs: fc.subarray(['freeze', 'umount', 'detach', 'thaw', 'unlink'] as const, { minLength: 1 }),
    at: nth,
  })
  .map(({ dax_device, agcount, user, verbs, at }): Step[] => {
    const path = `/mnt/${dax_device}/${String(at)}`;
    const mounting: Command = {
      ...({ type: 'create_mount', dax_device, path, dax: 'always', mkfs: true } as const),
      ...({ fs_type: 'xfs', rmapbt: true, agcount } as const),
    };
    const newest = ({ host }: Machine): string =>
      [...host.tables.mounts.values()].findLast((mount) => mount.dax_device === dax_device)?.id ?? 'm0';
    const inside = ({ host }: Machine) => [...host.tables.files.values()].at(-1);
    return [
      () => mounting,
      (made) => ({ type: 'create_file', mount: newest(made), path: '/f', size: 4096 }),
      () => (user === null ? null : { type: 'create_process', comm: 'user', sigbus: user }),
      (made) => {
        const pid = [...made.host.tables.processes.values()].at(-1)?.pid;
        const file = inside(made)?.id;
        if (user === null || pid === undefined || file === undefined) return null;
        const rest = { offset: 0, length: 4096, flags: ['shared'], prot: 'rw', populate: 'write' } as const;
        return { type: 'create_mapping', pid, file, ...rest };
      },
      ...verbs.map(
        (verb): Step =>
          (made) => {
            const mount = newest(made);
            if (verb === 'freeze' || verb === 'thaw') return { type: verb, mount };
            const file = inside(made)?.id;
            if (verb === 'unlink') return file === undefined ? null : { type: 'unlink', file };
            return { type: 'umount', mount, lazy: verb === 'detach' };
          },
      ),
    ];
  });

const removed = onOne(
  ({ host }) => host.tables.dax_devices,
  (dax_device) => ({ type: 'remove_dax_device', dax_device, trigger: 'unbind' }),
).map((step): Step[] => [step, ...Array.from({ length: 8 }, () => goOn)]);
const bound = onOne(
  ({ host }) => host.tables.dax_devices,
  (dax_device) => ({ type: 'bind', dax_device }),
);

const anyFrozen: fc.Arbitrary<Story> = fc.record({
  kernel: fc.constantFrom('v6.1', 'v6.12', 'v7.3', 'force-unmap'),
  early_kill: fc.constantFrom(0, 1),
  steps: fc
    .array(fc.oneof(frozenXfs, frozenXfs, removed, one(bound), one(lifeStep), one(useStep)), { maxLength: 8 })
    .map((parts) => parts.flat()),
});

test('[HOLD1] [WI1] holders of every device are told after any story', () => {
  let torn = 0;
  fc.assert(
    fc.property(fc.oneof(anyFrozen, anyFrozen, anyFrozen, anyStory, anyLife), (story) => {
      const made = play(story, () => undefined);
      const before = copyHost(made.host);
      for (const name of made.host.tables.dax_devices.keys()) {
        const told = made.ask({ type: 'survey_holders', dax_device: name });
        torn += told.items.filter((item) => item.detail.startsWith('torn down')).length;
      }
      expect(made.host).toEqual(before);
    }),
    cases(60),
  );
  expect(torn).toBeGreaterThan(0);
});

test('[RM12] every mount that a removal finds is in its report, whatever becomes of it', () => {
  let torn = 0;
  fc.assert(
    fc.property(anyFrozen, (story) => {
      const made = play(story, () => undefined);
      for (const name of made.host.tables.dax_devices.keys()) {
        const before = new Set(mountsOfDevice(made.host, name).map(({ id }) => id));
        const begun = made.try({ type: 'remove_dax_device', dax_device: name, trigger: 'unbind' });
        if (isRefusal(begun)) continue;
        const { state, report } = settle(made);
        if (state === 'waiting' || state === 'undetermined') continue;
        expect(new Set(report.file_systems.map(({ mount }) => mount))).toEqual(before);
        expect(report.file_systems).toHaveLength(before.size);
        torn += before.size - mountsOfDevice(made.host, name).length;
      }
    }),
    cases(40),
  );
  expect(torn).toBeGreaterThan(0);
});
