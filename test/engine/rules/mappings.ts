import { NO_ENTRIES, runs } from '../../../src/engine/model/mapping_table.ts';
import { answered, every, shape, touch, type Rule } from '../observe.ts';
import { cached, DAX, devdax, ext4, mounted } from '../rig.ts';
import {
  addDevice,
  addProcess,
  fork,
  machine,
  MIB,
  pinCommand,
  removeDevice,
  DEVICE,
  UMEM,
} from '../support.ts';
import type { CreateMapping } from '../../../src/engine/model/use_command.ts';
import type { KernelName } from '../../../src/engine/model/vocabulary.ts';

function mapAnswer(kernel: KernelName, rig: 'dax' | 'virtio' | 'cached'): string {
  const { made, file } =
    rig === 'cached'
      ? cached(kernel, 'fsdax')
      : mounted(kernel, rig === 'dax' ? {} : { device: { provider: 'virtio-pmem' } });
  return answered(made, {
    ...{ type: 'create_mapping', offset: 0, length: 2 * MIB, prot: 'rw' },
    pid: addProcess(made),
    file: file(),
    flags: ['shared', 'sync'],
  });
}

function chardevAnswer(kernel: KernelName, more: Partial<CreateMapping>): string {
  const { made } = devdax(kernel);
  return answered(made, {
    ...{ type: 'create_mapping', offset: 0, length: 2 * MIB, prot: 'rw', dax_device: DAX, flags: ['shared'] },
    pid: addProcess(made),
    ...more,
  });
}

function reflinkMount(kernel: KernelName, partition?: number): string {
  const made = machine(kernel);
  addDevice(made);
  const features = { fs_type: 'xfs', reflink: true, dax: 'always', mkfs: true } as const;
  const command = { type: 'create_mount', dax_device: DEVICE, path: '/mnt/a', ...features } as const;
  return answered(made, partition === undefined ? command : { ...command, partition });
}

/** Before the removal: mappings and entries. */
export const MAPPING_RULES: readonly Rule[] = [
  {
    rule: 'R1',
    about: 'equal 2 MiB colour, extent of 2 MiB: the first touch makes one PMD entry',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const mappers = (['read', 'write'] as const).map((kind) => {
        const one = mapper({ touched: 'none' });
        touch(made, one, kind);
        return one;
      });
      return mappers.map((one) => shape(made, one)).join(' / ');
    },
    cells: every('1 pmd / 1 pmd'),
  },
  {
    rule: 'R2',
    about: 'address moved by 4 KiB: 512 touches make 512 PTE entries',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const one = mapper({ small: true, touched: 'none' });
      for (let page = 0; page < 512; page += 1) touch(made, one, 'read', { page });
      return shape(made, one);
    },
    cells: every('512 pte'),
  },
  {
    rule: 'R3',
    about: 'an extent shorter than 2 MiB is mapped by PTE',
    act: (kernel) => {
      const { made, mapper, file } = ext4(kernel);
      file('/short', MIB);
      return shape(made, mapper({ length: MIB }, '/short'));
    },
    cells: every('256 pte'),
  },
  {
    rule: 'R4',
    about: 'a private VMA read first: a PMD entry, read-only',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const { mapping, pid } = mapper({ flags: ['private'], touched: 'none' });
      touch(made, { mapping, pid }, 'read');
      const entries = made.host.entries.get(mapping);
      return [...runs(entries ?? NO_ENTRIES)]
        .map(({ level, writable }) => `${level} ${writable ? 'rw' : 'r'}`)
        .join();
    },
    cells: every('pmd r'),
  },
  {
    rule: 'R5',
    about: 'a private VMA, one page written and 511 read: 1 anonymous page, 511 device PTEs',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      return shape(made, mapper({ flags: ['private'], touched: 'cow' }));
    },
    cells: every('511 pte 1 anon'),
  },
  {
    rule: 'R6',
    about: 'fork of a shared VMA: the child starts empty and faults by itself',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const child = fork(made, mapper().pid);
      const before = shape(made, child);
      touch(made, child, 'read');
      return `${before}, then ${shape(made, child)}`;
    },
    cells: every('none, then 1 pmd'),
  },
  {
    rule: 'R7',
    about: 'fork of a private VMA with a copied page: PTEs are copied, device PTEs too',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      return shape(made, fork(made, mapper({ flags: ['private'], touched: 'cow' }).pid));
    },
    cells: every('511 pte 1 anon'),
  },
  {
    rule: 'R7',
    about: 'fork of a private VMA with a copied page: no PMD is copied, after the removal its read is SIGBUS',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const parent = mapper({ flags: ['private'], length: 4 * MIB, touched: 'none' });
      touch(made, parent, 'read', { page: 512 });
      touch(made, parent, 'write');
      const child = fork(made, parent.pid);
      const before = `${shape(made, parent)} / ${shape(made, child)}`;
      removeDevice(made);
      const reads = [parent, child].map((one) => touch(made, one, 'read', { page: 512 }));
      return `${before}, then ${reads.join(' / ')}, ${touch(made, child, 'read')}`;
    },
    cells: every('1 pmd 1 anon / 1 anon, then old data / SIGBUS BUS_ADRERR, ok', {
      'force-unmap': '1 pmd 1 anon / 1 anon, then SIGBUS BUS_ADRERR / SIGBUS BUS_ADRERR, ok',
    }),
  },
  {
    rule: 'R8',
    about: 'MAP_SYNC on a synchronous region with dax=always',
    act: (kernel) => mapAnswer(kernel, 'dax'),
    cells: every('ok'),
  },
  {
    rule: 'R9',
    about: 'MAP_SYNC on virtio-pmem, and on a file through the page cache',
    act: (kernel) => `${mapAnswer(kernel, 'virtio')} / ${mapAnswer(kernel, 'cached')}`,
    cells: every('EOPNOTSUPP / EOPNOTSUPP'),
  },
  {
    rule: 'R10',
    about: 'devdax refuses a private mapping',
    act: (kernel) => chardevAnswer(kernel, { flags: ['private'] }),
    cells: every('EINVAL'),
  },
  {
    rule: 'R11',
    about: 'devdax of 2 MiB refuses an address or length that is not aligned',
    act: (kernel) =>
      [{ length: MIB }, { offset: MIB }, { page_size: 4096 as const }]
        .map((more) => chardevAnswer(kernel, more))
        .join(' / '),
    cells: every('EINVAL / EINVAL / EINVAL'),
  },
  {
    rule: 'R12',
    about: 'devdax of 4 KiB is mapped by PTE',
    act: (kernel) => {
      const { made, mapper } = devdax(kernel, { align: 4096 });
      return shape(made, mapper());
    },
    cells: every('512 pte'),
  },
  {
    rule: 'R13',
    about: 'xfs with reflink and dax=always: mount of a whole device',
    act: (kernel) => reflinkMount(kernel),
    cells: every('EINVAL', { 'v6.1': 'ok', 'v6.12': 'ok', 'v7.3': 'ok' }),
  },
  {
    rule: 'R13',
    about: 'xfs with reflink and dax=always: mount of a partition',
    act: (kernel) => reflinkMount(kernel, 1),
    cells: every('EINVAL', { 'v6.1': undefined, 'v6.12': undefined, 'v7.3': undefined }),
  },
  {
    rule: 'R112',
    about: 'fsdax refuses longterm pins: io_uring, AF_XDP, RDMA, VFIO',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const one = mapper();
      return (['io_uring', 'xdp', 'rdma', 'vfio'] as const)
        .map((holder) => answered(made, pinCommand(one, { kind: 'longterm', holder })))
        .join(' ');
    },
    cells: every('EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP'),
  },
  {
    rule: 'R113',
    about: 'devdax: io_uring fixed buffer',
    act: (kernel) => {
      const { made, mapper } = devdax(kernel);
      return answered(made, pinCommand(mapper(), { kind: 'longterm', holder: 'io_uring' }));
    },
    cells: every('EOPNOTSUPP', { 'v6.12': 'ok', 'v7.3': 'ok' }),
  },
  {
    rule: 'R114',
    about: 'devdax: AF_XDP UMEM is pinned',
    act: (kernel) => {
      const { made, mapper } = devdax(kernel);
      return answered(made, pinCommand(mapper(), UMEM));
    },
    cells: every('ok'),
  },
];
