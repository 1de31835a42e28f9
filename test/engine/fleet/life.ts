import fc from 'fast-check';
import { OPEN_FLAGS } from '../../../src/engine/model/open_file.ts';
import type { Command } from '../../../src/engine/model/command.ts';
import type { File } from '../../../src/engine/model/host.ts';
import { PAGE, type Machine } from '../support.ts';
import { deviceName, goOn, nth, onOne, pick, size, type Step } from './pick.ts';

const openStep = fc
  .record({
    who: nth,
    what: nth,
    node: fc.boolean(),
    dax_device: deviceName,
    flag: fc.constantFrom(...OPEN_FLAGS),
  })
  .map(
    ({ who, what, node, dax_device, flag }): Step =>
      ({ host }) => {
        const pid = pick(host.tables.processes.values(), who)?.pid;
        const file = pick(host.tables.files.keys(), what);
        if (pid === undefined || (!node && file === undefined)) return null;
        const target = node || file === undefined ? { dax_device } : { file };
        return { type: 'open_file', pid, ...target, flags: [flag] };
      },
  );

/** mmap(2) through a descriptor, which shares its description. */
const mapStep = fc.tuple(nth, size, fc.boolean(), fc.boolean()).map(
  ([at, length, shared, small]): Step =>
    ({ host }) => {
      const opened = pick(host.tables.open_files.values(), at);
      if (opened === undefined) return null;
      return {
        type: 'create_mapping',
        pid: opened.pid,
        open_file: opened.id,
        offset: 0,
        length: Math.max(PAGE, length),
        flags: [shared ? 'shared' : 'private'],
        prot: 'rw',
        populate: 'read',
        ...(small ? { page_size: 4096 as const } : {}),
      };
    },
);

const closeStep = onOne(
  (made) => made.host.tables.open_files,
  (open_file) => ({ type: 'close_file', open_file }),
);

const unlinkStep = onOne(
  (made) => made.host.tables.files,
  (file) => ({ type: 'unlink', file }),
);

/** umount(8) in both its ways, fsfreeze(8), mount -o remount, sync(2). */
const mountVerbStep = fc
  .constantFrom('umount', 'umount', 'umount', 'detach', 'freeze', 'thaw', 'ro', 'rw', 'sync')
  .chain((verb) =>
    onOne(
      (made) => made.host.tables.mounts,
      (mount) => {
        if (verb === 'umount' || verb === 'detach') return { type: 'umount', mount, lazy: verb === 'detach' };
        if (verb === 'ro' || verb === 'rw') return { type: 'remount', mount, options: verb };
        return { type: verb as 'sync', mount };
      },
    ),
  );

/** The newest file that is mounted, and a process that can open it. */
function newest({ host }: Machine): { file: File; mount: string; pid: number } | null {
  const { files, mounts, processes } = host.tables;
  const mounted = [...files.values()].filter(({ mount }) => mounts.get(mount)?.state === 'mounted');
  const file = mounted.at(-1);
  const actor = [...processes.values()].findLast(({ state }) => state === 'running');
  return file === undefined || actor === undefined ? null : { file, mount: file.mount, pid: actor.pid };
}

type Part = (now: NonNullable<ReturnType<typeof newest>>, made: Machine) => Command | null;

const PARTS = {
  map: ({ file, pid }) => ({
    type: 'create_mapping',
    pid,
    file: file.id,
    offset: 0,
    length: PAGE,
    flags: ['shared'],
    prot: 'rw',
    populate: 'write',
  }),
  open: ({ file, pid }) => ({ type: 'open_file', pid, file: file.id, flags: ['rdwr'] }),
  unmap: ({ file }, { host }) => {
    const mapping = [...host.tables.mappings.values()].findLast((one) => one.file === file.id);
    return mapping === undefined ? null : { type: 'munmap', mapping: mapping.id };
  },
  unbind: ({ file }) => ({ type: 'remove_dax_device', dax_device: file.dax_device, trigger: 'unbind' }),
  bind: ({ file }) => ({ type: 'bind', dax_device: file.dax_device }),
  close: ({ file }, { host }) => {
    const opened = [...host.tables.open_files.values()].findLast((one) => one.file === file.id);
    return opened === undefined ? null : { type: 'close_file', open_file: opened.id };
  },
  end: ({ pid }) => ({ type: 'exit_process', pid }),
  unlink: ({ file }) => ({ type: 'unlink', file: file.id }),
  freeze: ({ mount }) => ({ type: 'freeze', mount }),
  thaw: ({ mount }) => ({ type: 'thaw', mount }),
  umount: ({ mount }) => ({ type: 'umount', mount, lazy: false }),
  detach: ({ mount }) => ({ type: 'umount', mount, lazy: true }),
} satisfies Record<string, Part>;

/** A whole life of an inode in core: used, its device gone and perhaps back, its last user gone, its eviction. */
export const inodeSteps: fc.Arbitrary<Step[]> = fc
  .record({
    early: fc.constantFrom('open', 'unlink', 'detach', 'unmap', 'freeze'),
    back: fc.boolean(),
    between: fc.constantFrom('map', 'thaw'),
    last: fc.constantFrom('close', 'end', 'unmap'),
    late: fc.constantFrom('umount', 'unlink'),
  })
  .map(({ early, back, between, last, late }): Step[] => {
    // What it is about is chosen once: a detached mount is not among the mounted ones any more.
    let chosen: ReturnType<typeof newest> = null;
    const step =
      (name: keyof typeof PARTS): Step =>
      (made) => {
        return chosen === null ? null : PARTS[name](chosen, made);
      };
    const start: Step = (made) => {
      chosen = newest(made);
      return null;
    };
    return [
      start,
      step('open'),
      step('map'),
      step(early),
      step('unbind'),
      ...Array.from({ length: 16 }, () => goOn),
      ...(back ? [step('bind')] : []),
      step(between),
      step(last),
      step(late),
      step('umount'),
    ];
  });

/** The lives of descriptors, inodes and superblocks. */
export const lifeStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: openStep },
  { weight: 4, arbitrary: mapStep },
  { weight: 4, arbitrary: closeStep },
  { weight: 2, arbitrary: unlinkStep },
  { weight: 6, arbitrary: mountVerbStep },
);
