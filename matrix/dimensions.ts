import type { CreateDaxDevice } from '../src/engine/model/device_command.ts';
import type { CreateMount } from '../src/engine/model/use_command.ts';
import {
  KERNEL_NAMES,
  type DeviceMode,
  type KernelName,
  type MceKillPolicy,
  type PinHolder,
  type PinKind,
  type RemoveVia,
} from '../src/engine/model/vocabulary.ts';

/** What is removed: a device in a mode, and the file system on it. */
export interface Place {
  readonly id: string;
  readonly about: string;
  readonly mode: DeviceMode;
  readonly device: Partial<CreateDaxDevice>;
  /** Null: nothing is mounted, the device itself is mapped. */
  readonly mount: Partial<CreateMount> | null;
  readonly via: RemoveVia | null;
  /** The administrator shut the file system down before (FS_IOC_SHUTDOWN). */
  readonly shutdown: boolean;
}

const NONE = { device: {}, via: null, shutdown: false } as const;

function onFsdax(id: string, about: string, mount: Partial<CreateMount>): Place {
  return { ...NONE, id, about, mode: 'fsdax', mount };
}

const CXL = { provider: 'CXL', phys_addr: '0x990000000' } as const;

function onCxl(mode: 'fsdax' | 'devdax', via: 'cxl_region' | 'cxl_mem' | 'cxl_pci'): Place {
  const what = mode === 'devdax' ? 'the character device' : 'ext4, dax=always,';
  return {
    id: `CXL ${mode === 'devdax' ? 'devdax' : 'ext4'}, ${via}`,
    about: `${what} on a persistent CXL region; ${via} is unbound`,
    mode,
    device: CXL,
    mount: mode === 'devdax' ? null : { fs_type: 'ext4' },
    via,
    shutdown: false,
  };
}

/** Every place is one row of `docs/matrix.md`, or several where how it is mapped makes a difference. */
export const PLACES: readonly Place[] = [
  onFsdax('ext4', 'ext4, dax=always', { fs_type: 'ext4' }),
  onFsdax('xfs', 'xfs, dax=always, neither reflink nor rmapbt', { fs_type: 'xfs' }),
  onFsdax('xfs reflink', 'xfs, dax=always, reflink=1, no rmapbt', { fs_type: 'xfs', reflink: true }),
  onFsdax('xfs rmapbt, 1 AG', 'xfs, dax=always, rmapbt=1, one allocation group', {
    fs_type: 'xfs',
    rmapbt: true,
    agcount: 1,
  }),
  onFsdax('xfs rmapbt, 4 AGs', "xfs, dax=always, rmapbt=1, mkfs's four allocation groups", {
    fs_type: 'xfs',
    rmapbt: true,
    agcount: 4,
  }),
  onFsdax('xfs reflink rmapbt, 4 AGs', 'xfs, dax=always, reflink=1, rmapbt=1, four allocation groups', {
    fs_type: 'xfs',
    rmapbt: true,
    reflink: true,
    agcount: 4,
  }),
  {
    ...onFsdax('ext4, shut down', 'ext4, dax=always, shut down (FS_IOC_SHUTDOWN) before', {
      fs_type: 'ext4',
    }),
    shutdown: true,
  },
  {
    ...onFsdax('xfs rmapbt, shut down', 'xfs, dax=always, rmapbt=1, shut down (FS_IOC_SHUTDOWN) before', {
      fs_type: 'xfs',
      rmapbt: true,
    }),
    shutdown: true,
  },
  onFsdax('ext4, dax=never', 'ext4 through the page cache', { fs_type: 'ext4', dax: 'never' }),
  {
    ...NONE,
    id: 'not mounted',
    about: 'the block device itself, mapped through its page cache',
    mode: 'fsdax',
    mount: null,
  },
  {
    ...NONE,
    id: 'devdax, device_dax',
    about: 'the character device; its driver device_dax is unbound',
    mode: 'devdax',
    mount: null,
    via: 'device_dax',
  },
  {
    ...NONE,
    id: 'devdax, dax_pmem',
    about: 'the character device; the parent driver dax_pmem is unbound',
    mode: 'devdax',
    mount: null,
    via: 'dax_pmem',
  },
  {
    ...NONE,
    id: 'raw, ext4',
    about: 'a raw namespace without struct pages, ext4 through the page cache',
    mode: 'raw',
    mount: { fs_type: 'ext4', dax: 'never' },
  },
  {
    ...NONE,
    id: 'sector, ext4',
    about: 'a sector (btt) namespace, ext4 through the page cache',
    mode: 'sector',
    mount: { fs_type: 'ext4', dax: 'never' },
  },
  ...(['cxl_region', 'cxl_mem', 'cxl_pci'] as const).map((via) => onCxl('devdax', via)),
  ...(['cxl_region', 'cxl_mem', 'cxl_pci'] as const).map((via) => onCxl('fsdax', via)),
];

/** How the process maps the first 2 MiB, and what it did with them before the removal. */
export const MAPPINGS = {
  'shared, PMD': 'shared and written, by one 2 MiB entry',
  'shared, PTE': 'shared and written, by 4 KiB entries',
  MAP_SYNC: 'MAP_SYNC and written, by one 2 MiB entry',
  'private, clean': 'private and only read, by one 2 MiB entry',
  'private, copied': 'private, page 0 written (a copy), the rest read, by 4 KiB entries',
  'never touched': 'mapped, never touched',
  storing: 'shared, stored into without pause, also while the removal runs',
} as const;
export type MappingKind = keyof typeof MAPPINGS;

/** Who memory_failure() may collect: the sysctl, the policy of the process, and who else maps the pages. */
export interface Kill {
  readonly id: string;
  readonly early_kill: 0 | 1;
  readonly mce_kill: MceKillPolicy;
  /** Another process with PR_MCE_KILL_EARLY maps the same pages. */
  readonly neighbour: boolean;
}

function kill(early_kill: 0 | 1, mce_kill: MceKillPolicy, neighbour = false): Kill {
  const id = `${String(early_kill)} ${mce_kill}${neighbour ? ' +early' : ''}`;
  return { id, early_kill, mce_kill, neighbour };
}

/** A process that is collected by its own policy needs no neighbour to be. */
export const KILLS: readonly Kill[] = [
  kill(0, 'default'),
  kill(0, 'default', true),
  kill(0, 'early'),
  kill(0, 'late'),
  kill(0, 'late', true),
  kill(1, 'default'),
  kill(1, 'early'),
  kill(1, 'late'),
  kill(1, 'late', true),
];

/** Who else holds a page of the mapping. */
export const PINS: Readonly<Record<string, { readonly kind: PinKind; readonly holder: PinHolder } | null>> = {
  none: null,
  vmsplice: { kind: 'transient', holder: 'vmsplice' },
  io_uring: { kind: 'longterm', holder: 'io_uring' },
  AF_XDP: { kind: 'longterm', holder: 'xdp' },
  RDMA: { kind: 'longterm', holder: 'rdma' },
};
export type PinName = keyof typeof PINS;

/** One question of the matrix. */
export interface Cell {
  readonly kernel: KernelName;
  readonly place: Place;
  readonly mapping: MappingKind;
  readonly kill: Kill;
  readonly pin: PinName;
}

/** Whether entries of the place lead to the device's pages, so that pins hold them and stale entries reach them. */
export function isDax({ mode, mount }: Place): boolean {
  return mode === 'devdax' || (mode === 'fsdax' && mount !== null && mount.dax !== 'never');
}

/**
 * Every question: pins only where they hold pages of a device in use, a neighbour only where the process has entries
 * beside its own and no pin is held, one policy on CXL, where none of the file systems asks for it.
 */
export function cells(): Cell[] {
  const all: Cell[] = [];
  for (const place of PLACES)
    for (const kernel of KERNEL_NAMES)
      for (const mapping of Object.keys(MAPPINGS) as MappingKind[])
        for (const pin of pinsFor(place))
          for (const own of isCxl(place) ? KILLS.slice(0, 1) : killsFor(mapping, pin))
            all.push({ kernel, place, mapping, kill: own, pin });
  return all;
}

export function isCxl({ device }: Place): boolean {
  return device.provider === 'CXL';
}

function pinsFor(place: Place): PinName[] {
  return isDax(place) && !place.shutdown && !isCxl(place) ? Object.keys(PINS) : ['none'];
}

/** Three policies stand for all where a pin is held: one of each case without a neighbour, and the sysctl. */
export function killsFor(mapping: MappingKind, pin: PinName): readonly Kill[] {
  if (pin !== 'none') return [KILLS[0]!, KILLS[2]!, KILLS[5]!];
  const alone = mapping === 'never touched' || mapping === 'storing';
  return KILLS.filter(({ neighbour }) => !neighbour || !alone);
}
