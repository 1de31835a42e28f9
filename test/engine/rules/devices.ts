import type { RemoveVia } from '../../../src/engine/model/vocabulary.ts';
import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { answered, every, fate, shape, SIGBUS, table, told, touch, type Rule } from '../observe.ts';
import { cached, DAX, devdax, rigOn, type Chardev } from '../rig.ts';
import {
  access,
  addDevice,
  addMapper,
  addMount,
  addProcess,
  DEVICE,
  fileIo,
  found,
  machine,
  MIB,
  processOf,
  removeDevice,
} from '../support.ts';

const MODES = ['fsdax', 'raw', 'sector'] as const;

function unbind({ made }: Chardev, via?: RemoveVia): string {
  const removal = removeDevice(made, { dax_device: DAX, ...(via === undefined ? {} : { via }) });
  return `${removal.state}, ${String(removal.report.signals.length)} signals`;
}

/** What mmap of the device node answers now, through the old descriptor or a new one. */
function mmapNode({ made }: Chardev): string {
  return answered(made, {
    ...{ type: 'create_mapping', dax_device: DAX, offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' },
    pid: addProcess(made),
  });
}

function rebind(kernel: KernelName, via: RemoveVia, driver: 'device_dax' | 'dax_pmem'): string {
  const chardev = devdax(kernel);
  const one = chardev.mapper({ touched: 'write' });
  unbind(chardev, via);
  chardev.made.run({ type: 'bind', dax_device: DAX, driver });
  return `${touch(chardev.made, one, 'read')} / ${mmapNode(chardev)}`;
}

/** Each mode of device under ext4 without DAX: touch page 0, remove, act. */
function byPageCache(kernel: KernelName, act: (rig: ReturnType<typeof cached>) => string): string {
  return MODES.map((mode) => act(cached(kernel, mode))).join(', ');
}

function ioAfter(kernel: KernelName, kind: 'pread' | 'pwrite'): string {
  return byPageCache(kernel, ({ made, file }) => {
    const id = file();
    const pid = addProcess(made);
    fileIo(made, pid, id, 'pread');
    removeDevice(made);
    return told(fileIo(made, pid, id, kind));
  });
}

const three = (outcome: string) => [outcome, outcome, outcome].join(', ');

/** Not mounted, raw, sector, page cache. */
export const PAGE_CACHE_RULES: readonly Rule[] = [
  {
    rule: 'R94',
    about: 'block device mapped: read a cached page / an uncached one',
    act: (kernel) => {
      const made = machine(kernel);
      addDevice(made);
      const one = addMapper(made, { dax_device: DEVICE, touched: 'none' });
      touch(made, one, 'read');
      removeDevice(made);
      return `${touch(made, one, 'read')} / ${touch(made, one, 'read', { page: 1 })}`;
    },
    cells: every(`ok / ${SIGBUS}`),
  },
  {
    rule: 'R96',
    about: 'same, then bind and mount: read a file',
    act: (kernel) => {
      const made = machine(kernel);
      addDevice(made);
      const first = rigOn(made, addMount(made).id);
      const file = first.file();
      made.run({ type: 'umount', mount: first.mount, lazy: false });
      addMapper(made, { dax_device: DEVICE });
      removeDevice(made);
      made.run({ type: 'bind', dax_device: DEVICE });
      addMount(made, { mkfs: false });
      const { mapping } = addMapper(made, { file });
      const { data_of } = access(made, mapping, 'read');
      return data_of?.file === file && data_of.generation === 1 ? 'old data' : JSON.stringify(data_of);
    },
    cells: every('old data'),
  },
  {
    rule: 'R97',
    about: 'ext4 without DAX on fsdax, raw, sector: read / write a touched page',
    act: (kernel) =>
      byPageCache(kernel, ({ made, mapper }) => {
        const one = mapper({ touched: 'write' });
        removeDevice(made);
        return `${touch(made, one, 'read')} / ${touch(made, one, 'write')}`;
      }),
    cells: every(three('ok / ok')),
  },
  {
    rule: 'R98',
    about: 'same: read a page that is not cached',
    act: (kernel) =>
      byPageCache(kernel, ({ made, mapper }) => {
        const one = mapper({ touched: 'none' });
        removeDevice(made);
        return touch(made, one, 'read');
      }),
    cells: every(three(SIGBUS)),
  },
  {
    rule: 'R99',
    about: 'same: pread of a cached page',
    act: (kernel) => ioAfter(kernel, 'pread'),
    cells: every(three('ok'), { 'v6.12': three('EIO'), 'v7.3': three('EIO') }),
  },
  {
    rule: 'R100',
    about: 'same: pwrite',
    act: (kernel) => ioAfter(kernel, 'pwrite'),
    cells: every(three('ok'), { 'v6.12': three('EIO'), 'v7.3': three('EIO') }),
  },
  {
    rule: 'R101',
    about: 'same, opened for writing, on raw: fsync, first / later',
    act: (kernel) => {
      const { made, file } = cached(kernel);
      const id = file();
      const pid = addProcess(made);
      fileIo(made, pid, id, 'pread');
      removeDevice(made);
      return [1, 2]
        .map(() => {
          fileIo(made, pid, id, 'pwrite');
          return told(fileIo(made, pid, id, 'fsync'));
        })
        .join(' / ');
    },
    cells: every('EIO / EIO', { 'v6.1': 'EIO / EROFS' }),
  },
  {
    rule: 'R101',
    about: 'same, on sector: msync / the fsync after it',
    act: (kernel) => {
      const { made, file, mapper } = cached(kernel, 'sector');
      const one = mapper({ touched: 'write' });
      removeDevice(made);
      touch(made, one, 'write');
      return `${touch(made, one, 'msync')} / ${told(fileIo(made, one.pid, file(), 'fsync'))}`;
    },
    cells: table('EIO / ok', { 'v6.12': 'EIO / EIO', 'v7.3': 'EIO / EIO' }),
  },
  {
    rule: 'R101',
    about:
      'same, on sector: fsync of who read, then, after the journal is aborted, msync and fsync of who wrote',
    act: (kernel) => {
      const { made, mount, file, mapper } = cached(kernel, 'sector');
      const [reader, writer] = [mapper(), mapper({}, '/b')];
      removeDevice(made);
      const first = told(fileIo(made, reader.pid, file(), 'fsync'));
      made.run({ type: 'commit_journal', mount });
      touch(made, writer, 'write');
      const wrote = `${touch(made, writer, 'msync')} / ${told(fileIo(made, writer.pid, file('/b'), 'fsync'))}`;
      return `${first}; ${wrote}; ${told(fileIo(made, reader.pid, file(), 'fsync'))}`;
    },
    cells: table('ok; EROFS / EROFS; EROFS', {
      'v6.1': 'ok; EROFS / EROFS; ok',
      'v6.12': 'EIO; EIO / EIO; EIO',
      'v7.3': 'EIO; EIO / EIO; EIO',
    }),
  },
];

export const DEVDAX_RULES: readonly Rule[] = [
  {
    rule: 'R102',
    about: 'devdax mapped and touched: unbind device_dax; at rest',
    act: (kernel) => {
      const chardev = devdax(kernel);
      const one = chardev.mapper({ sigbus: 'default', touched: 'write' });
      const event = unbind(chardev, 'device_dax');
      return `${event}, ${processOf(chardev.made, one.pid).state}, ${shape(chardev.made, one)}`;
    },
    cells: every('completed, 0 signals, running, none'),
  },
  {
    rule: 'R103',
    about: 'touch a page touched before / not, by 2 MiB and by 4 KiB',
    act: (kernel) =>
      [2097152, 4096]
        .map((align) => {
          const chardev = devdax(kernel, { align });
          const one = chardev.mapper({ touched: 'none', length: 4 * MIB });
          touch(chardev.made, one, 'read');
          unbind(chardev);
          const { made } = chardev;
          return `${touch(made, one, 'read')} / ${touch(made, one, 'read', { page: 600 })}`;
        })
        .join(', '),
    cells: every(`${SIGBUS} / ${SIGBUS}, ${SIGBUS} / ${SIGBUS}`),
  },
  {
    rule: 'R104',
    about: 'same, default disposition: touch',
    act: (kernel) => {
      const chardev = devdax(kernel);
      const one = chardev.mapper({ sigbus: 'default' });
      unbind(chardev);
      return fate(chardev.made, one, 'read');
    },
    cells: every(`${SIGBUS}, dies; dead`),
  },
  {
    rule: 'R105',
    about: 'device_dax unbound: mmap through the old descriptor',
    act: (kernel) => {
      const chardev = devdax(kernel);
      unbind(chardev, 'device_dax');
      return mmapNode(chardev);
    },
    cells: every('ENXIO'),
  },
  {
    rule: 'R106',
    about: 'dax_pmem unbound: open of the node',
    act: (kernel) => {
      const chardev = devdax(kernel);
      unbind(chardev, 'dax_pmem');
      return mmapNode(chardev);
    },
    cells: every('ENOENT'),
  },
  {
    rule: 'R107',
    about: 'device_dax bound again: the old mapping works, and so does a new one',
    act: (kernel) => rebind(kernel, 'device_dax', 'device_dax'),
    cells: every('ok / ok'),
  },
  {
    rule: 'R108',
    about: 'dax_pmem bound again: old mapping / new open',
    act: (kernel) => rebind(kernel, 'dax_pmem', 'dax_pmem'),
    cells: every(`${SIGBUS} / ok`),
  },
  {
    rule: 'R109',
    about: 'ndctl disable-namespace of a mapped devdax: as the unbind of dax_pmem',
    act: (kernel) => toolRemoves(kernel, 'ndctl_disable_namespace'),
    cells: every(`completed, 0 signals, ${SIGBUS}, parent unbound`),
  },
  {
    rule: 'R110',
    about: 'daxctl disable-device of a mapped devdax: as the unbind of device_dax',
    act: (kernel) => toolRemoves(kernel, 'daxctl_disable_device'),
    cells: every(`completed, 0 signals, ${SIGBUS}, parent bound`),
  },
  {
    rule: 'R111',
    about: 'soft-reserved devdax: as any devdax',
    act: (kernel) => {
      const chardev = devdax(kernel, { provider: 'hmem' });
      const one = chardev.mapper();
      return `${unbind(chardev, 'device_dax')}, ${touch(chardev.made, one, 'read')}`;
    },
    cells: every(`completed, 0 signals, ${SIGBUS}`),
  },
];

function toolRemoves(kernel: KernelName, via: RemoveVia): string {
  const chardev = devdax(kernel);
  const one = chardev.mapper();
  const event = unbind(chardev, via);
  const { parent_bound } = found(chardev.made.host.tables.dax_devices.get(DAX));
  return `${event}, ${touch(chardev.made, one, 'read')}, parent ${parent_bound ? 'bound' : 'unbound'}`;
}
