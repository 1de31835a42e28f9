import fc from 'fast-check';
import type { Command } from '../../src/engine/command.ts';
import {
  ACCESS_KINDS,
  IO_KINDS,
  KERNEL_NAMES,
  MCE_KILL_POLICIES,
  PIN_HOLDERS,
  PIN_KINDS,
  POPULATE_KINDS,
  REMOVE_TRIGGERS,
  SIGBUS_DISPOSITIONS,
} from '../../src/engine/vocabulary.ts';
import { emptyMachine, MIB, PAGE, type Machine } from './support.ts';

/** A step of a random fleet: it picks what it acts on among what there is. */
export type Step = (made: Machine) => Command | null;

const DEVICES = ['pmem0', 'pmem1', 'dax0.0'] as const;
const FLAGS = [['shared'], ['shared', 'sync'], ['private']] as const;

function pick<T>(list: Iterable<T>, at: number): T | undefined {
  const all = [...list];
  return all[at % Math.max(1, all.length)];
}

const nth = fc.nat({ max: 50 });
const byte = fc.nat({ max: 1100 }).map((page) => page * PAGE);
const size = fc.constantFrom(PAGE, 16 * PAGE, 2 * MIB, 4 * MIB);
const deviceName = fc.constantFrom(...DEVICES);

/** A step on one of the records of a table; none where the table is empty. */
function onOne<T>(
  table: (made: Machine) => Map<string, T>,
  command: (id: string, made: Machine) => Command | null,
): fc.Arbitrary<Step> {
  return nth.map((at) => (made) => {
    const id = pick(table(made).keys(), at);
    return id === undefined ? null : command(id, made);
  });
}

const mountStep = fc
  .record({
    dax_device: deviceName,
    fs_type: fc.constantFrom('ext4', 'xfs'),
    dax: fc.constantFrom('always', 'inode', 'never'),
    rmapbt: fc.boolean(),
    one: fc.boolean(),
  })
  .map(({ rmapbt, one, fs_type, ...rest }): Step => {
    const features = fs_type === 'xfs' ? { rmapbt, agcount: one ? 1 : 4 } : {};
    return () => ({
      type: 'create_mount',
      path: `/mnt/${rest.dax_device}`,
      mkfs: true,
      fs_type: fs_type,
      ...features,
      ...rest,
      dax: rest.dax as 'always',
    });
  });

const fileStep = fc.tuple(nth, nth, size, fc.boolean()).map(
  ([mount, name, bytes, dax]): Step =>
    (made) => {
      const id = pick(made.host.tables.mounts.keys(), mount);
      return id === undefined
        ? null
        : { type: 'create_file', mount: id, path: `/f${String(name % 5)}`, size: bytes, dax };
    },
);

const processStep = fc
  .record({
    mce_kill: fc.constantFrom(...MCE_KILL_POLICIES),
    sigbus: fc.constantFrom(...SIGBUS_DISPOSITIONS),
    parent: fc.option(nth),
  })
  .map(
    ({ parent, ...rest }): Step =>
      (made) => {
        const parent_pid =
          parent === null ? undefined : pick(made.host.tables.processes.values(), parent)?.pid;
        return {
          type: 'create_process',
          comm: 'probe',
          ...rest,
          ...(parent_pid === undefined ? {} : { parent_pid }),
        };
      },
  );

const mappingStep = fc
  .record({
    who: nth,
    what: nth,
    node: fc.boolean(),
    dax_device: deviceName,
    offset: fc.constantFrom(0, PAGE, 2 * MIB),
    length: size,
    flags: fc.constantFrom(...FLAGS),
    prot: fc.constantFrom('r', 'rw'),
    small: fc.boolean(),
    populate: fc.constantFrom(...POPULATE_KINDS),
    storing: fc.boolean(),
  })
  .map(
    ({ who, what, node, dax_device, small, storing, prot, ...rest }): Step =>
      (made) => {
        const pid = pick(made.host.tables.processes.values(), who)?.pid;
        const file = pick(made.host.tables.files.keys(), what);
        if (pid === undefined || (!node && file === undefined)) return null;
        const target = node || file === undefined ? { dax_device } : { file };
        return {
          type: 'create_mapping',
          pid,
          ...target,
          ...rest,
          prot: prot,
          activity: storing ? 'storing' : 'idle',
          ...(small ? { page_size: 4096 as const } : {}),
        };
      },
  );

const accessStep = fc.tuple(nth, byte, size, fc.constantFrom(...ACCESS_KINDS)).map(
  ([at, offset, length, kind]): Step =>
    (made) => {
      const mapping = pick(made.host.tables.mappings.values(), at);
      if (mapping === undefined) return null;
      return {
        type: 'access',
        mapping: mapping.id,
        offset: offset % mapping.length,
        length: Math.min(length, mapping.length - (offset % mapping.length)),
        kind,
      };
    },
);

const pinStep = fc.tuple(nth, fc.constantFrom(...PIN_KINDS), fc.constantFrom(...PIN_HOLDERS)).map(
  ([at, kind, holder]): Step =>
    (made) => {
      const mapping = pick(made.host.tables.mappings.values(), at);
      return mapping === undefined
        ? null
        : {
            type: 'create_pin',
            pid: mapping.pid,
            mapping: mapping.id,
            offset: 0,
            length: PAGE,
            kind,
            holder,
          };
    },
);

const ioStep = fc.tuple(nth, nth, fc.constantFrom(...IO_KINDS), byte).map(
  ([what, who, kind, offset]): Step =>
    (made) => {
      const file = pick(made.host.tables.files.keys(), what);
      const pid = pick(made.host.tables.processes.values(), who)?.pid;
      return file === undefined || pid === undefined
        ? null
        : { type: 'file_io', file, pid, kind, offset, length: PAGE };
    },
);

const removeStep = fc.tuple(deviceName, fc.constantFrom(...REMOVE_TRIGGERS)).map(
  ([dax_device, trigger]): Step =>
    () => ({ type: 'remove_dax_device', dax_device, trigger }),
);
const bindStep = fc.tuple(deviceName, fc.constantFrom(null, 'fsdax', 'devdax', 'raw'), fc.boolean()).map(
  ([dax_device, mode, other]): Step =>
    () => ({
      type: 'bind',
      dax_device,
      ...(mode === null ? {} : { mode: mode as 'fsdax' }),
      ...(other ? { tenant: 'b' } : {}),
    }),
);

/** Most steps build and touch; some remove, release and shut down. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: mountStep },
  { weight: 5, arbitrary: fileStep },
  { weight: 5, arbitrary: processStep },
  { weight: 10, arbitrary: mappingStep },
  { weight: 12, arbitrary: accessStep },
  { weight: 3, arbitrary: pinStep },
  { weight: 3, arbitrary: ioStep },
  { weight: 5, arbitrary: removeStep },
  {
    weight: 12,
    arbitrary: onOne(
      (made) => made.host.tables.removals,
      (removal) => ({ type: 'advance_removal', removal }),
    ),
  },
  { weight: 2, arbitrary: bindStep },
  {
    weight: 1,
    arbitrary: onOne(
      (made) => made.host.tables.pins,
      (pin) => ({ type: 'unpin', pin }),
    ),
  },
  {
    weight: 1,
    arbitrary: onOne(
      (made) => made.host.tables.mappings,
      (mapping) => ({ type: 'munmap', mapping }),
    ),
  },
  {
    weight: 1,
    arbitrary: onOne(
      (made) => made.host.tables.processes,
      (pid) => ({ type: 'exit_process', pid: Number(pid) }),
    ),
  },
  {
    weight: 1,
    arbitrary: onOne(
      (made) => made.host.tables.mounts,
      (mount) => ({ type: 'shutdown_mount', mount }),
    ),
  },
  {
    weight: 1,
    arbitrary: onOne(
      (made) => made.host.tables.mounts,
      (mount) => ({ type: 'umount', mount, lazy: true }),
    ),
  },
  {
    weight: 1,
    arbitrary: onOne(
      (made) => made.host.tables.mounts,
      (mount) => ({ type: 'commit_journal', mount }),
    ),
  },
);

/** How a random host begins: two fsdax devices and a devdax, all small. */
const FIRST: readonly Command[] = [
  { type: 'create_dax_device', name: 'pmem0', mode: 'fsdax', size: 32 * MIB },
  { type: 'create_dax_device', name: 'pmem1', mode: 'fsdax', size: 16 * MIB, provider: 'virtio-pmem' },
  { type: 'create_dax_device', name: 'dax0.0', mode: 'devdax', size: 8 * MIB, align: 4096 },
  {
    type: 'create_mount',
    dax_device: 'pmem0',
    path: '/mnt/pmem0',
    fs_type: 'ext4',
    dax: 'always',
    mkfs: true,
  },
  { type: 'create_file', mount: 'm2', path: '/f0', size: 4 * MIB },
  { type: 'create_process', comm: 'probe', sigbus: 'handled' },
];

export interface Story {
  readonly kernel: (typeof KERNEL_NAMES)[number];
  readonly early_kill: 0 | 1;
  readonly steps: readonly Step[];
}

export const anyStory: fc.Arbitrary<Story> = fc.record({
  kernel: fc.constantFrom(...KERNEL_NAMES),
  early_kill: fc.constantFrom(0, 1),
  steps: fc.array(anyStep, { minLength: 10, maxLength: 60 }),
});

/** Plays a story; `watch` sees the machine after each command that was not refused. */
export function play({ kernel, early_kill, steps }: Story, watch: (made: Machine) => void): Machine {
  const made = emptyMachine(kernel);
  made.run({ type: 'create_host', name: 'h', kernel, sysctl: { memory_failure_early_kill: early_kill } });
  for (const command of FIRST) made.try(command);
  for (const step of steps) {
    const command = step(made);
    if (command === null) continue;
    const before = made.events.length;
    made.try(command);
    if (made.events.length > before) watch(made);
  }
  return made;
}
