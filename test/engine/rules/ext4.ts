import {
  answered,
  atRest,
  every,
  fate,
  OLD,
  shape,
  SIGBUS,
  table,
  told,
  touch,
  type Rule,
} from '../observe.ts';
import { ext4, mounted, rmapbt, xfs, type Rig } from '../rig.ts';
import {
  access,
  addProcess,
  DEVICE,
  fileIo,
  fork,
  found,
  mountOf,
  processOf,
  removeDevice,
  type Mapper,
  type MapperOptions,
} from '../support.ts';
import type { AccessKind, KernelName } from '../../../src/engine/model/vocabulary.ts';

const SMALL: MapperOptions = { small: true };

/** Maps, removes, then does one thing after another; tells each. */
function afterRemoval(rig: Rig, options: MapperOptions, ...kinds: readonly AccessKind[]): string {
  const one = rig.mapper(options);
  removeDevice(rig.made);
  return kinds.map((kind) => touch(rig.made, one, kind)).join(' / ');
}

function ended(rig: Rig, { pid }: Mapper): string {
  const process = processOf(rig.made, pid);
  return process.end === null ? process.state : `${process.state} ${Object.values(process.end).join()}`;
}

function umounts(rig: Rig): string {
  const one = rig.mapper();
  removeDevice(rig.made);
  const umount = { type: 'umount', mount: rig.mount, lazy: false } as const;
  const while_mapped = answered(rig.made, umount);
  rig.made.run({ type: 'exit_process', pid: one.pid });
  return `${while_mapped} / ${answered(rig.made, umount)}`;
}

function fsState(rig: Rig): string {
  const { fs_state, journal } = mountOf(rig.made, rig.mount);
  return fs_state === 'alive' ? `alive, journal ${journal}` : fs_state;
}

/** fsdax removed by unbind while ext4 is mounted, and ext4 afterwards. */
export const EXT4_RULES: readonly Rule[] = [
  {
    rule: 'R14',
    about: 'ext4 mapped, no pin: the unbind succeeds',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      mapper();
      return removeDevice(made).state;
    },
    cells: every('completed'),
  },
  {
    rule: 'R16',
    about: 'ext4 on a raw namespace with pages (legacy memmap=): as on a pfn device',
    act: (kernel) => {
      const rig = mounted(kernel, { device: { mode: 'raw', provider: 'e820' } });
      const { made, mapper } = rig;
      const one = mapper();
      const { state } = removeDevice(made);
      return `${state}: ${touch(made, one, 'read')}`;
    },
    cells: table(`completed: ${OLD}`, { 'force-unmap': `completed: ${SIGBUS}` }),
  },
  {
    rule: 'R17',
    about: 'mounted: ndctl disable-namespace and destroy-namespace answer EBUSY and change nothing',
    act: (kernel) => {
      const { made } = ext4(kernel);
      const answers = (['ndctl_disable_namespace', 'ndctl_destroy_namespace'] as const).map((via) =>
        answered(made, { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind', via }),
      );
      return `${answers.join(' ')}, ${found(made.host.tables.dax_devices.get(DEVICE)).state}`;
    },
    cells: every('EBUSY EBUSY, bound'),
  },
  {
    rule: 'R18',
    about: 'mounted: ndctl disable-region disables 0 regions and says so without an error',
    act: (kernel) => {
      const { made } = ext4(kernel);
      const remove = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;
      return answered(made, { ...remove, via: 'ndctl_disable_region' });
    },
    cells: every('tool_refused'),
  },
  {
    rule: 'R19',
    about: 'HardwareCorrupted across the removal',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel, 1);
      mapper();
      removeDevice(made);
      return String(found(made.host.tables.hosts.get('h')).counters.HardwareCorrupted_kB);
    },
    cells: every('0'),
  },
  {
    rule: 'R20',
    about: '/proc/iomem afterwards: the namespace line is gone',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      mapper();
      removeDevice(made);
      const { mem_region, driver } = found(made.host.tables.dax_devices.get(DEVICE));
      return `${mem_region}, ${String(driver)}`;
    },
    cells: every('released, null'),
  },
  {
    rule: 'R21',
    about: 'ext4, shared, touched before: read',
    act: (kernel) => afterRemoval(ext4(kernel), {}, 'read'),
    cells: table(OLD, { 'force-unmap': SIGBUS }),
  },
  {
    rule: 'R22',
    about: 'ext4, PMD entry, page dirty / only read before: write',
    act: (kernel) =>
      (['write', 'read'] as const)
        .map((touched) => afterRemoval(ext4(kernel), { touched }, 'write'))
        .join(' / '),
    cells: every(`${SIGBUS} / ${SIGBUS}`),
  },
  {
    rule: 'R23',
    about: 'ext4, PTE entry, page dirty / only read before: write',
    act: (kernel) =>
      (['write', 'read'] as const)
        .map((touched) => {
          const { made, mapper } = ext4(kernel);
          const one = mapper({ small: true, touched });
          removeDevice(made);
          return fate(made, one, 'write');
        })
        .join(' / '),
    cells: every(`${SIGBUS}; running / ${SIGBUS}; running`, {
      'v7.3': 'oops do_wp_page; oopsed / oops do_wp_page; oopsed',
    }),
  },
  {
    rule: 'R24',
    about: 'ext4, PMD entry, after that failed write: read, journal live / aborted',
    act: (kernel) =>
      [false, true]
        .map((aborted) => {
          const { made, mapper, mount } = ext4(kernel);
          const one = mapper({ touched: 'write' });
          removeDevice(made);
          if (aborted) made.run({ type: 'commit_journal', mount });
          touch(made, one, 'write');
          return touch(made, one, 'read');
        })
        .join(' / '),
    cells: every(`${SIGBUS} / ${OLD}`, {
      'v6.12': `${OLD} / ${OLD}`,
      'v7.3': `${OLD} / ${OLD}`,
      'force-unmap': `${SIGBUS} / ${SIGBUS}`,
    }),
  },
  {
    rule: 'R25',
    about: 'ext4, PTE entry, after that failed write: read',
    act: (kernel) => afterRemoval(ext4(kernel), { ...SMALL, touched: 'write' }, 'write', 'read'),
    cells: table(`${SIGBUS} / ${OLD}`, { 'v7.3': undefined, 'force-unmap': `${SIGBUS} / ${SIGBUS}` }),
  },
  {
    rule: 'R26',
    about: 'ext4, page not touched before: read / write',
    act: (kernel) => afterRemoval(ext4(kernel), { touched: 'none' }, 'read', 'write'),
    cells: every(`${SIGBUS} / ${SIGBUS}`),
  },
  {
    rule: 'R28',
    about: 'ext4, MAP_SYNC writer: read / write a touched page',
    act: (kernel) =>
      afterRemoval(ext4(kernel), { flags: ['shared', 'sync'], touched: 'write' }, 'read', 'write'),
    cells: table(`${OLD} / ${SIGBUS}`, { 'force-unmap': `${SIGBUS} / ${SIGBUS}` }),
  },
  {
    rule: 'R29',
    about: 'ext4, private clean PMD: read',
    act: (kernel) => afterRemoval(ext4(kernel), { flags: ['private'] }, 'read'),
    cells: table(OLD, { 'force-unmap': SIGBUS }),
  },
  {
    rule: 'R30',
    about: 'ext4 and xfs, private clean PMD: write a page, then read another of the 2 MiB',
    act: (kernel) =>
      [ext4(kernel), xfs(kernel)]
        .map(({ made, mapper }) => {
          const one = mapper({ flags: ['private'] });
          removeDevice(made);
          const write = fate(made, one, 'write');
          const { state } = processOf(made, one.pid);
          return state === 'running' ? `${write}, ${touch(made, one, 'read', { page: 7 })}` : write;
        })
        .join(' / '),
    cells: every(`${SIGBUS}; running, ${SIGBUS} / ${SIGBUS}; running, ${SIGBUS}`, {
      'v7.3': 'oops split_huge_pmd_locked; oopsed / oops split_huge_pmd_locked; oopsed',
    }),
  },
  {
    rule: 'R31',
    about: 'a private PTE to the device beside copied pages: write',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const one = mapper({ flags: ['private'], touched: 'cow' });
      removeDevice(made);
      return fate(made, one, 'write', { page: 1 });
    },
    cells: table('ok; running', { 'v7.3': 'oops do_wp_page; oopsed', 'force-unmap': `${SIGBUS}; running` }),
  },
  {
    rule: 'R32',
    about: 'a copied page: read, on ext4 / on xfs with rmapbt',
    act: (kernel) =>
      [ext4(kernel), rmapbt(kernel)]
        .map((rig) => afterRemoval(rig, { flags: ['private'], touched: 'cow' }, 'read'))
        .join(' / '),
    cells: every('ok / ok'),
  },
  {
    rule: 'R33',
    about: 'forked child that touched / did not touch: read',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const parent = mapper({ touched: 'write' });
      const [touched, not] = [fork(made, parent.pid), fork(made, parent.pid)];
      touch(made, touched, 'read', { pages: 512 });
      removeDevice(made);
      return `${touch(made, touched, 'read')} / ${touch(made, not, 'read')}`;
    },
    cells: table(`${OLD} / ${SIGBUS}`, { 'force-unmap': `${SIGBUS} / ${SIGBUS}` }),
  },
  {
    rule: 'R34',
    about: 'ext4: write(2) from a touched page',
    act: (kernel) => afterRemoval(ext4(kernel), {}, 'copy_out'),
    cells: table(OLD, { 'force-unmap': 'EFAULT' }),
  },
  ...(['pread', 'pwrite'] as const).map((kind, at) => ({
    rule: `R${String(35 + at)}`,
    about: `ext4: ${kind} through an old descriptor`,
    act: (kernel: KernelName) => {
      const { made, file } = ext4(kernel);
      const id = file();
      const pid = addProcess(made);
      removeDevice(made);
      return told(fileIo(made, pid, id, kind));
    },
    cells: every('ENXIO', { 'v6.12': 'EIO', 'v7.3': 'EIO' }),
  })),
  {
    rule: 'R37',
    about: 'ext4: fsync, msync of a writable shared VMA; again once the journal was found aborted',
    act: (kernel) => {
      const { made, mapper, mount, file } = ext4(kernel);
      const one = mapper({ touched: 'write' });
      removeDevice(made);
      const both = () => `${told(fileIo(made, one.pid, file(), 'fsync'))} ${touch(made, one, 'msync')}`;
      const first = both();
      made.run({ type: 'commit_journal', mount });
      return `${first} / ${both()}`;
    },
    cells: every('EIO EIO / EROFS EROFS', {
      'v6.1': 'EIO EIO / EIO EIO',
      'v6.12': 'EIO EIO / EIO EIO',
      'v7.3': 'EIO EIO / EIO EIO',
    }),
  },
  {
    rule: 'R38',
    about: 'msync of a private VMA / of one opened read-only, on ext4 and on xfs',
    act: (kernel) =>
      [ext4(kernel), xfs(kernel)]
        .map((rig) => {
          const both = [rig.mapper({ flags: ['private'] }), rig.mapper({ prot: 'r' })];
          removeDevice(rig.made);
          return both.map((one) => touch(rig.made, one, 'msync')).join(' ');
        })
        .join(' / '),
    cells: every('ok ok / ok ok'),
  },
  {
    rule: 'R39',
    about: 'ext4: open an existing file, read it',
    act: (kernel) => {
      const { made, file } = ext4(kernel);
      const id = file();
      removeDevice(made);
      const pid = addProcess(made);
      const opened = answered(made, { type: 'open_file', pid, file: id, flags: ['rdonly'] });
      return `${opened} / ${told(fileIo(made, pid, id, 'pread'))}`;
    },
    cells: every('ok / ENXIO', { 'v6.12': 'EIO / EIO', 'v7.3': 'EIO / EIO' }),
  },
  {
    rule: 'R40',
    about: 'ext4: create a file',
    act: (kernel) => {
      const { made, mount } = ext4(kernel);
      removeDevice(made);
      return answered(made, { type: 'create_file', mount, path: '/new', size: 4096 });
    },
    cells: every('EIO'),
  },
  {
    rule: 'R41',
    about: 'ext4: state right after the removal, and after the next commit',
    act: (kernel) => {
      const rig = ext4(kernel);
      removeDevice(rig.made);
      const after = fsState(rig);
      rig.made.run({ type: 'commit_journal', mount: rig.mount });
      return `${after} / ${fsState(rig)}`;
    },
    cells: every('alive, journal live / alive, journal aborted', {
      'v6.12': 'shutdown / shutdown',
      'v7.3': 'shutdown / shutdown',
    }),
  },
  {
    rule: 'R42',
    about: 'ext4, vm.memory_failure_early_kill=1: signal at rest; read',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel, 1);
      const one = mapper();
      return `${atRest(removeDevice(made), one.pid)}; ${touch(made, one, 'read')}`;
    },
    cells: table(`none; ${OLD}`, {
      'force-unmap-v5.12': `AO lsb 21 x1; ${SIGBUS}`,
      'force-unmap': `AO lsb 21 x1; ${SIGBUS}`,
    }),
  },
  {
    rule: 'R43',
    about: 'ext4, default disposition: write a touched page',
    act: (kernel) => {
      const rig = ext4(kernel);
      const one = rig.mapper({ sigbus: 'default' });
      removeDevice(rig.made);
      if (processOf(rig.made, one.pid).state === 'dead') return `${ended(rig, one)} at rest`;
      const { signal, kernel_oopses } = access(rig.made, one.mapping, 'write');
      return `${String(signal)}: ${ended(rig, one)} ${kernel_oopses.map(({ at }) => at).join()}`.trim();
    },
    cells: table('SIGBUS: dead SIGBUS', {
      'v7.3': 'SIGBUS: oopsed vm_normal_folio_pmd',
      'force-unmap': 'dead SIGBUS at rest',
    }),
  },
  {
    rule: 'R44',
    about: 'umount while files are mapped / after the processes ended: ext4; xfs with rmapbt, one AG',
    act: (kernel) => [ext4(kernel), rmapbt(kernel)].map(umounts).join('; '),
    cells: every('EBUSY / ok; EBUSY / ok', { 'v7.3': 'EBUSY / EBUSY; EBUSY / ok' }),
  },
  {
    rule: 'R45',
    about: 'umount -l with stale mappings, by PMD and by PTE',
    act: (kernel) => {
      const { made, mapper, mount } = ext4(kernel);
      const both = [mapper(), mapper(SMALL, '/b')];
      removeDevice(made);
      const lazy = answered(made, { type: 'umount', mount, lazy: true });
      return `${lazy}: ${both.map((one) => shape(made, one)).join(' / ')}`;
    },
    cells: table('ok: 1 pmd / 512 pte', { 'force-unmap': 'ok: none / none' }),
  },
];
