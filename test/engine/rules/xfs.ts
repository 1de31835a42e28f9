import type { AccessKind } from '../../../src/engine/model/vocabulary.ts';
import { answered, every, fate, OLD, SIGBUS, table, told, touch, type Rule } from '../observe.ts';
import { mounted, xfs, type Rig } from '../rig.ts';
import {
  addDevice,
  addProcess,
  DEVICE,
  fileIo,
  machine,
  mountOf,
  removeDevice,
  type MapperOptions,
} from '../support.ts';

const SMALL: MapperOptions = { small: true };

function afterRemoval(rig: Rig, options: MapperOptions, ...kinds: readonly AccessKind[]): string {
  const one = rig.mapper(options);
  removeDevice(rig.made);
  return kinds.map((kind) => touch(rig.made, one, kind)).join(' / ');
}

function fsState({ made, mount }: Rig): string {
  const { fs_state, shutdown_reason } = mountOf(made, mount);
  return [fs_state, /0x\d+/.exec(shutdown_reason ?? '')?.[0] ?? ''].join(' ').trim();
}

/** xfs without rmapbt: nobody is told. */
export const XFS_RULES: readonly Rule[] = [
  {
    rule: 'R15',
    about: 'xfs without rmapbt: the unbind succeeds',
    act: (kernel) => {
      const { made, mapper } = xfs(kernel);
      mapper();
      return removeDevice(made).state;
    },
    cells: every('completed'),
  },
  {
    rule: 'R46',
    about: 'xfs, touched before: read',
    act: (kernel) => afterRemoval(xfs(kernel), {}, 'read'),
    cells: table(OLD, { 'force-unmap': SIGBUS }),
  },
  {
    rule: 'R47',
    about: 'xfs with reflink, without rmapbt: read a touched page',
    act: (kernel) => {
      const made = machine(kernel);
      addDevice(made);
      const features = { fs_type: 'xfs', reflink: true, dax: 'always', mkfs: true } as const;
      const command = { type: 'create_mount', dax_device: DEVICE, path: '/mnt/a', ...features } as const;
      const mount = answered(made, command);
      return mount === 'ok' ? afterRemoval(mounted(kernel, { mount: features }), {}, 'read') : mount;
    },
    cells: every('EINVAL', { 'v6.1': OLD, 'v6.12': OLD, 'v7.3': OLD }),
  },
  {
    rule: 'R48',
    about: 'xfs, page dirty or only read before: write, by PMD / by PTE',
    act: (kernel) =>
      (['read', 'write'] as const)
        .flatMap((touched) => [{ touched }, { touched, ...SMALL }])
        .map((options) => {
          const { made, mapper } = xfs(kernel);
          const one = mapper(options);
          removeDevice(made);
          return fate(made, one, 'write');
        })
        .join(' / '),
    cells: every(Array(4).fill(`${SIGBUS}; running`).join(' / '), {
      'v7.3': Array(2).fill('oops split_huge_pmd_locked; oopsed / oops do_wp_page; oopsed').join(' / '),
    }),
  },
  {
    rule: 'R49',
    about: 'xfs, PMD entry, after that failed write: read a page of the 2 MiB, write(2) from it',
    act: (kernel) => afterRemoval(xfs(kernel), {}, 'write', 'read', 'copy_out'),
    cells: every(`${SIGBUS} / ${SIGBUS} / EFAULT`, { 'v7.3': undefined }),
  },
  {
    rule: 'R50',
    about: 'xfs, PTE entry, after that failed write: read',
    act: (kernel) => afterRemoval(xfs(kernel), SMALL, 'write', 'read'),
    cells: table(`${SIGBUS} / ${OLD}`, { 'v7.3': undefined, 'force-unmap': `${SIGBUS} / ${SIGBUS}` }),
  },
  {
    rule: 'R51',
    about: 'xfs: pread before / after its log I/O failed',
    act: (kernel) => {
      const { made, file } = xfs(kernel);
      const pid = addProcess(made);
      const id = file();
      removeDevice(made);
      const before = told(fileIo(made, pid, id, 'pread'));
      fileIo(made, pid, id, 'pwrite');
      fileIo(made, pid, id, 'fsync');
      return `${before} / ${told(fileIo(made, pid, id, 'pread'))}`;
    },
    cells: every('ENXIO / EIO', { 'v6.12': 'EIO / EIO', 'v7.3': 'EIO / EIO' }),
  },
  {
    rule: 'R52',
    about: 'xfs: what shuts it down: state after the removal / after an fsync',
    act: (kernel) => {
      const rig = xfs(kernel);
      const pid = addProcess(rig.made);
      const id = rig.file();
      removeDevice(rig.made);
      const before = fsState(rig);
      fileIo(rig.made, pid, id, 'pwrite');
      fileIo(rig.made, pid, id, 'fsync');
      return `${before} / ${fsState(rig)}`;
    },
    cells: every('alive / shutdown 0x2', {
      'v6.12': 'shutdown 0x20 / shutdown 0x20',
      'v7.3': 'shutdown 0x20 / shutdown 0x20',
    }),
  },
];
