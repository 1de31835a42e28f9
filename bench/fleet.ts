import type { Command } from '../src/engine/model/command.ts';
import type { Host } from '../src/engine/model/host.ts';
import { chunksOf, countPresent, encodeRun, findRun } from '../src/engine/model/mapping_table.ts';
import type { CreateMapping } from '../src/engine/model/use_command.ts';
import type { FsType, SigbusDisposition } from '../src/engine/model/vocabulary.ts';
import { build } from './engine.ts';

export const GIB = 2 ** 30;
export const TIB = 2 ** 40;
const MIB = 2 ** 20;
const MAPPINGS = 10;
const FORKS = 200;
const PAGES = 1024;

/** A host whose one device, of any size, has ten mappings of 4 MiB by ten processes; always the same ten. */
export function tenMappings(host: string, size: number): Command[] {
  const commands = xfsWithFile(host, size, MAPPINGS * 4 * MIB);
  for (let at = 0; at < MAPPINGS; at += 1) {
    const pid = at + 1;
    commands.push({ type: 'create_process', pid, comm: 'bench', sigbus: 'handled' });
    commands.push({ ...shared, pid, offset: at * 4 * MIB, length: 4 * MIB, populate: 'write' });
  }
  return commands;
}

/**
 * A host with 10^5 mapped extents on its device: a private mapping whose every other page was copied on write has
 * 512 of them, and each of its forks inherits them (A8).
 */
export function manyExtents(host: string): Command[] {
  const length = PAGES * 4096;
  const commands = xfsWithFile(host, GIB, length);
  commands.push({ type: 'create_process', pid: 1, comm: 'bench', sigbus: 'handled' });
  commands.push({
    ...shared,
    pid: 1,
    flags: ['private'],
    offset: 0,
    length,
    page_size: 4096,
    populate: 'read',
  });
  for (let page = 0; page < PAGES; page += 2) {
    commands.push({ type: 'access', mapping: 'v4', kind: 'write', offset: page * 4096, length: 1 });
  }
  for (let pid = 2; pid < 2 + FORKS; pid += 1) {
    commands.push({ type: 'create_process', pid, comm: 'bench', parent_pid: 1, sigbus: 'handled' });
  }
  return commands;
}

/** A host with so many devices of system RAM side by side. */
export function memories(host: string, devices: number): Command[] {
  const commands: Command[] = [{ type: 'create_host', name: host, kernel: 'v6.12' }];
  for (let at = 0; at < devices; at += 1) {
    commands.push({
      type: 'create_dax_device',
      name: `dax${String(at)}.0`,
      mode: 'system-ram',
      provider: 'hmem',
      size: GIB / 4,
      phys_addr: `0x${(TIB + (at * GIB) / 4).toString(16)}`,
      target_node: 1,
    });
  }
  return commands;
}

/** Ids are given in order of creation: file system s1, mount m2, file f3, then the first mapping v4. */
const shared: Omit<CreateMapping, 'pid' | 'offset' | 'length'> = {
  type: 'create_mapping',
  file: 'f3',
  flags: ['shared'],
  prot: 'rw',
};

function xfsWithFile(host: string, size: number, fileSize: number): Command[] {
  return withFile(host, size, fileSize, 'xfs');
}

function withFile(host: string, size: number, fileSize: number, fs_type: FsType): Command[] {
  return [
    { type: 'create_host', name: host, kernel: 'v6.12' },
    { type: 'create_dax_device', name: 'pmem0', mode: 'fsdax', size },
    {
      type: 'create_mount',
      dax_device: 'pmem0',
      path: '/mnt',
      fs_type,
      dax: 'always',
      mkfs: true,
      ...(fs_type === 'xfs' ? { rmapbt: true } : {}),
    },
    { type: 'create_file', mount: 'm2', path: '/file', size: fileSize },
  ];
}

/** A host on which one page of a file is mapped and written this many times: by one process, or by one each. */
export function crowd(host: string, mappings: number, by: 'one' | 'each'): Command[] {
  const commands = xfsWithFile(host, GIB, MIB);
  for (let pid = 1; pid <= mappings; pid += 1) {
    if (pid === 1 || by === 'each') commands.push({ type: 'create_process', pid, comm: 'bench' });
    const owner = by === 'each' ? pid : 1;
    commands.push({ ...shared, pid: owner, offset: 0, length: 4096, page_size: 4096, populate: 'write' });
  }
  return commands;
}

/** The same by one process each, with a pin each: ids in turn, from v4 and p5 on. */
export function pinnedCrowd(
  host: string,
  mappings: number,
  sigbus: SigbusDisposition = 'default',
): Command[] {
  const commands = xfsWithFile(host, GIB, MIB);
  for (let pid = 1; pid <= mappings; pid += 1) {
    const mapping = `v${String(2 + 2 * pid)}`;
    commands.push({ type: 'create_process', pid, comm: 'bench', sigbus });
    commands.push({ ...shared, pid, offset: 0, length: 4096, page_size: 4096, populate: 'write' });
    const pin = { offset: 0, length: 4096, kind: 'transient', holder: 'vmsplice' } as const;
    commands.push({ type: 'create_pin', pid, mapping, ...pin });
  }
  return commands;
}

/** A host with one file of 4 MiB, f3, on its one device, and one process, pid 1, that maps nothing yet. */
export function oneFile(host: string): Command[] {
  return [...xfsWithFile(host, GIB, 4 * MIB), { type: 'create_process', pid: 1, comm: 'bench' }];
}

/** mmap(2) of a page of that file. */
export function sharedPage(pid: number): CreateMapping {
  return { ...shared, pid, offset: 0, length: 4096, page_size: 4096 };
}

/**
 * A host whose one mapping, v4 of process 1, has so many entries, each of one page with a hole behind it: as many reads
 * of every other page leave it. Private, it has as many copies as pages of the device, in turn, as writes leave it.
 */
export function extents(
  host: string,
  count: number,
  flag: 'shared' | 'private' = 'shared',
  fs_type: FsType = 'xfs',
): Host {
  const length = 2 * count * 4096;
  const built = build([
    ...withFile(host, 2 * Math.max(length, GIB), length, fs_type),
    { type: 'create_process', pid: 1, comm: 'bench', sigbus: 'handled' },
    { ...shared, flags: [flag], pid: 1, offset: 0, length, page_size: 4096 },
    { type: 'access', mapping: 'v4', kind: 'read', offset: 0, length: 1 },
  ]);
  const first = findRun(built.entries.get('v4')!, 0)!;
  const rows = new Float64Array(4 * count);
  for (let at = 0; at < count; at += 1) {
    const index = 2 * at;
    const own = { ...first, index, pfn: first.pfn + index };
    const copy = { ...first, index, pfn: -1, kind: 'anon', writable: true } as const;
    rows.set(encodeRun(flag === 'private' && at % 2 === 1 ? copy : own), 4 * at);
  }
  const entries = chunksOf(rows);
  built.entries.set('v4', entries);
  const mapping = built.tables.mappings.get('v4')!;
  built.tables.mappings.set('v4', { ...mapping, present: countPresent(entries) });
  return built;
}
