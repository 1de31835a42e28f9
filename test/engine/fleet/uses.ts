import fc from 'fast-check';
import {
  ACCESS_KINDS,
  IO_KINDS,
  MCE_KILL_POLICIES,
  PIN_HOLDERS,
  PIN_KINDS,
  POPULATE_KINDS,
  SIGBUS_DISPOSITIONS,
} from '../../../src/engine/model/vocabulary.ts';
import { MIB, PAGE } from '../support.ts';
import { byte, deviceName, nth, onOne, pick, size, tenant, type Step } from './pick.ts';

const FLAGS = [['shared'], ['shared', 'sync'], ['private']] as const;

const mountStep = fc
  .record({
    dax_device: deviceName,
    fs_type: fc.constantFrom('ext4', 'xfs'),
    dax: fc.constantFrom('always', 'inode', 'never'),
    rmapbt: fc.boolean(),
    one: fc.boolean(),
    partition: fc.constantFrom(null, null, 1, 2),
  })
  .map(({ rmapbt, one, fs_type, partition, ...rest }): Step => {
    const features = fs_type === 'xfs' ? { rmapbt, agcount: one ? 1 : 4 } : {};
    return (made) => ({
      type: 'create_mount',
      // A path of its own, so that the old superblock's mount is not in the way.
      path: `/mnt/${String(made.host.tables.mounts.size)}/${rest.dax_device}`,
      ...(partition === null ? {} : { partition }),
      mkfs: true,
      fs_type: fs_type,
      ...features,
      ...rest,
      dax: rest.dax as 'always',
    });
  });

const fileStep = fc.tuple(nth, nth, size, fc.boolean(), fc.nat({ max: 3 })).map(
  ([mount, name, bytes, dax, holes]): Step =>
    (made) => {
      const id = pick(made.host.tables.mounts.keys(), mount);
      return id === undefined
        ? null
        : {
            type: 'create_file',
            mount: id,
            path: `/f${String(name % 5)}`,
            size: bytes,
            dax,
            sparse: holes === 0,
          };
    },
);

const processStep = fc
  .record({
    mce_kill: fc.constantFrom(...MCE_KILL_POLICIES),
    sigbus: fc.constantFrom(...SIGBUS_DISPOSITIONS),
    tenant,
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

const ended = fc.oneof(
  onOne(
    (made) => made.host.tables.files,
    (file) => ({ type: 'unlink', file }),
  ),
  onOne(
    (made) => made.host.tables.pins,
    (pin) => ({ type: 'unpin', pin }),
  ),
  onOne(
    (made) => made.host.tables.mappings,
    (mapping) => ({ type: 'munmap', mapping }),
  ),
  onOne(
    (made) => made.host.tables.processes,
    (pid) => ({ type: 'exit_process', pid: Number(pid) }),
  ),
  onOne(
    (made) => made.host.tables.mounts,
    (mount) => ({ type: 'shutdown_mount', mount }),
  ),
  onOne(
    (made) => made.host.tables.mounts,
    (mount) => ({ type: 'umount', mount, lazy: true }),
  ),
  onOne(
    (made) => made.host.tables.mounts,
    (mount) => ({ type: 'commit_journal', mount }),
  ),
);

/** What builds and uses: mounts, files, processes, mappings, pins, and their ends. */
export const useStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: mountStep },
  { weight: 5, arbitrary: fileStep },
  { weight: 5, arbitrary: processStep },
  { weight: 10, arbitrary: mappingStep },
  { weight: 12, arbitrary: accessStep },
  { weight: 3, arbitrary: pinStep },
  { weight: 3, arbitrary: ioStep },
  { weight: 6, arbitrary: ended },
);
