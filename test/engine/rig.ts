import type { CreateDaxDevice } from '../../src/engine/model/device_command.ts';
import type { CreateMount } from '../../src/engine/model/use_command.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  machine,
  MIB,
  type Machine,
  type Mapper,
  type MapperOptions,
} from './support.ts';

/** One machine, one device, one mounted file system. */
export interface Rig {
  readonly made: Machine;
  readonly mount: string;
  /** A file of 4 MiB by its path, made at the first use. */
  readonly file: (path?: string, size?: number) => string;
  /** A process that maps the first 2 MiB of a file (`/a` unless named). */
  readonly mapper: (options?: MapperOptions, path?: string) => Mapper;
}

export interface RigOptions {
  readonly early_kill?: 0 | 1;
  readonly device?: Partial<CreateDaxDevice>;
  readonly mount?: Partial<CreateMount>;
}

export function mounted(kernel: KernelName, { early_kill, device, mount }: RigOptions = {}): Rig {
  const made = machine(kernel, early_kill);
  addDevice(made, device);
  return rigOn(made, addMount(made, mount).id);
}

export function rigOn(made: Machine, mount: string): Rig {
  const ids = new Map<string, string>();
  const file = (path = '/a', size = 4 * MIB): string => {
    const id = ids.get(path) ?? addFile(made, mount, path, size);
    ids.set(path, id);
    return id;
  };
  const mapper = (options: MapperOptions = {}, path = '/a'): Mapper =>
    addMapper(made, { file: file(path), ...options });
  return { made, mount, file, mapper };
}

export function ext4(kernel: KernelName, early_kill: 0 | 1 = 0): Rig {
  return mounted(kernel, { early_kill });
}

/** xfs without rmapbt. */
export function xfs(kernel: KernelName, early_kill: 0 | 1 = 0): Rig {
  return mounted(kernel, { early_kill, mount: { fs_type: 'xfs' } });
}

/** xfs with rmapbt, of one allocation group unless said otherwise: more never end on v7.3 (R54). */
export function rmapbt(kernel: KernelName, early_kill: 0 | 1 = 0, agcount = 1): Rig {
  return mounted(kernel, { early_kill, mount: { fs_type: 'xfs', rmapbt: true, agcount } });
}

/** A file system through the page cache. */
export function cached(kernel: KernelName, mode: 'fsdax' | 'raw' | 'sector' = 'raw'): Rig {
  return mounted(kernel, { device: { mode }, mount: { dax: 'never' } });
}

/** A devdax, mapped from its start. */
export interface Chardev {
  readonly made: Machine;
  readonly mapper: (options?: MapperOptions) => Mapper;
}

export function devdax(
  kernel: KernelName,
  device: Partial<CreateDaxDevice> = {},
  early_kill: 0 | 1 = 0,
): Chardev {
  const made = machine(kernel, early_kill);
  addDevice(made, { name: DAX, mode: 'devdax', ...device });
  return { made, mapper: (options = {}) => addMapper(made, { dax_device: DAX, ...options }) };
}
export const DAX = 'dax0.0';

/** Every process of the recordings of fsdax, by its name there. */
export const LAYOUT: Readonly<Record<string, readonly [path: string, MapperOptions]>> = {
  'reader-pmd': ['/pmd', { prot: 'r' }],
  'writer-pmd': ['/pmd', { touched: 'write' }],
  'writer-mapsync': ['/sync', { flags: ['shared', 'sync'], touched: 'write' }],
  'reader-4k': ['/pte', { prot: 'r', small: true }],
  'writer-4k': ['/pte', { small: true, touched: 'write' }],
  'idle-default-disposition': ['/pmd', { sigbus: 'default' }],
  'early-kill-handler': ['/pmd', { mce_kill: 'early' }],
  'early-kill-default-disposition': ['/pmd', { mce_kill: 'early', sigbus: 'default' }],
  'late-kill-handler': ['/pmd', { mce_kill: 'late' }],
  'never-touched': ['/pmd', { touched: 'none' }],
  parent: ['/fork', { touched: 'write' }],
  'private-clean': ['/priv', { flags: ['private'] }],
  'private-cow': ['/priv', { flags: ['private'], touched: 'cow' }],
};
