import fc from 'fast-check';
import type { Command } from '../../../src/engine/model/command.ts';
import type { CreateMapping } from '../../../src/engine/model/use_command.ts';
import type { DaxDevice, Host, Mapping, MemoryRange } from '../../../src/engine/model/host.ts';
import { NO_ENTRIES, rowsOf } from '../../../src/engine/model/mapping_table.ts';
import { found, MIB, PAGE, type Machine } from '../support.ts';
import { goOn, type Step } from './pick.ts';
import { entryPages } from './reference.ts';
import { walk } from './walk.ts';

/** Pages whose counts are wrong: by a reference alone, or by a reference and a mapcount. */
export interface Lost {
  readonly refs: Set<number>;
  readonly ptes: Set<number>;
}

/** What was lost so far, of devices by their uid and of memory ranges by theirs. */
export interface Ledger {
  readonly devices: Map<string, Lost>;
  readonly ranges: Map<string, Set<number>>;
}

export function emptyLedger(): Ledger {
  return { devices: new Map(), ranges: new Map() };
}

/** One page behind an entry of a mapping. */
interface Entry {
  readonly pfn: number;
  readonly huge: boolean;
  readonly pgmap: number;
}

/** The device entries of a mapping, by page index; reads the rows itself. */
function daxPages(host: Host, id: string): Map<number, Entry> {
  const rows = rowsOf(host.entries.get(id) ?? NO_ENTRIES);
  const pages = new Map<number, Entry>();
  for (let at = 0; at < rows.length; at += 4) {
    const [index = 0, count = 0, first = 0, bits = 0] = rows.subarray(at, at + 4);
    if (Math.floor(bits / 4) % 4 !== 0 || bits >= 2 ** 48) continue;
    const [huge, pgmap] = [bits % 4 !== 0, Math.floor(bits / 32)];
    for (let page = 0; page < count; page += 1) pages.set(index + page, { pfn: first + page, huge, pgmap });
  }
  return pages;
}

/** Entries of a mapping that outlived their pgmap before a command, and are not there behind it. */
function gone(before: Host, after: Host, id: string, pgmap: number): Entry[] {
  const old = [...daxPages(before, id)].filter(([, entry]) => entry.pgmap !== pgmap);
  if (old.length === 0) return [];
  const left = daxPages(after, id);
  const isLeft = (page: number, { pfn, pgmap: made }: Entry): boolean => {
    const now = left.get(page);
    return now !== undefined && now.pfn === pfn && now.pgmap === made;
  };
  return old.filter(([page, entry]) => !isLeft(page, entry)).map(([, entry]) => entry);
}

/** The generation of the file system of a mapping, or of the device when its node was mapped. */
function bornIn({ tables }: Host, { file, generation }: Mapping): number {
  if (file === null) return generation;
  return found(tables.file_systems.get(found(tables.files.get(file)).file_system)).generation;
}

/** Pages that a file of a newer file system of the device has in i_pages (S47). */
function takenSince(host: Host, dax_device: string, generation: number): Set<number> {
  const { files, file_systems } = host.tables;
  const newer = [...files.values()].filter(
    (file) =>
      file.dax_device === dax_device && found(file_systems.get(file.file_system)).generation > generation,
  );
  return new Set(newer.flatMap((file) => [...entryPages(host, file).values()]));
}

/** Whether a file system finds struct pages of its own on a device: these it counts. */
function hasFolios({ mode, map, pgmap_state }: DaxDevice): boolean {
  return mode === 'fsdax' && map !== null && pgmap_state !== 'none';
}

/**
 * Enters what a command made wrong, page by page, on a kernel that counts what refers to a DAX page: an entry, or a pin,
 * of an earlier pgmap that went gave back what the present struct page never had. A huge entry and a pin give back a
 * reference, a PTE a mapcount besides, of a page that a newer file system has taken all the same (S10, S11, S47, S53);
 * what is System RAM by now is wrong where nobody uses it (S46). New struct pages start anew.
 */
export function enter(ledger: Ledger, before: Host, after: Host): void {
  const counts = [...before.tables.hosts.values()].some(({ kernel }) => kernel === 'v7.3');
  for (const device of before.tables.dax_devices.values()) {
    const now = [...after.tables.dax_devices.values()].find(({ uid }) => uid === device.uid);
    if (now === undefined || now.pgmap !== device.pgmap) ledger.devices.delete(device.uid);
    if (!counts || now?.pgmap !== device.pgmap) continue;
    const range = before.tables.memory_ranges.get(device.name);
    if (range !== undefined) enterRam(ledger, before, after, device, range);
    else if (hasFolios(device)) enterFolios(ledger, before, after, device);
  }
}

function enterFolios(ledger: Ledger, before: Host, after: Host, device: DaxDevice): void {
  const lost = ledger.devices.get(device.uid) ?? { refs: new Set(), ptes: new Set() };
  ledger.devices.set(device.uid, lost);
  for (const mapping of before.tables.mappings.values()) {
    if (mapping.dax_device !== device.name) continue;
    const entries = gone(before, after, mapping.id, device.pgmap);
    if (entries.length === 0) continue;
    const taken = takenSince(before, device.name, bornIn(before, mapping));
    for (const { pfn, huge } of entries) (huge || taken.has(pfn) ? lost.refs : lost.ptes).add(pfn);
  }
  for (const { id, dax_device, pgmap, pfn_ranges } of before.tables.pins.values()) {
    if (dax_device !== device.name || pgmap === device.pgmap || after.tables.pins.has(id)) continue;
    for (const pfn of pagesOf(pfn_ranges)) lost.refs.add(pfn);
  }
}

function enterRam(ledger: Ledger, before: Host, after: Host, device: DaxDevice, range: MemoryRange): void {
  const lost = ledger.ranges.get(range.uid) ?? new Set();
  ledger.ranges.set(range.uid, lost);
  const used = new Set([...walk(before, device)].filter(({ ram }) => ram).map(({ pfn }) => pfn));
  for (const { id, dax_device } of before.tables.mappings.values()) {
    if (dax_device !== device.name) continue;
    for (const { pfn } of gone(before, after, id, device.pgmap)) {
      const isRam = pfn >= range.base_pfn && pfn < range.base_pfn + range.nr_pages;
      if (isRam && !used.has(pfn)) lost.add(pfn);
    }
  }
}

/** The pages of ranges, one by one. */
export function pagesOf(ranges: readonly (readonly [number, number])[]): number[] {
  return ranges.flatMap(([first, count]) => Array.from({ length: count }, (_, at) => first + at));
}

/** A device as large as some memory blocks, who maps what gets stale, and who comes behind. */
interface Round {
  readonly dax_device: string;
  readonly old: number;
  readonly next: number;
}

type Part = (round: Round, made: Machine) => Command | null;

function newRound({ tables }: Host): Round {
  const old = 2000 + tables.processes.size;
  return { dax_device: `pmem${String(10 + tables.dax_devices.size)}`, old, next: old + 1 };
}

/** A file system of a device, and a file of it. */
function owner(fs_type: 'ext4' | 'xfs', size: number): Part[] {
  const path = ({ dax_device }: Round) => `/mnt/${dax_device}/${fs_type}`;
  const mounted = (round: Round, { host }: Machine) =>
    [...host.tables.mounts.values()].find((mount) => mount.path === path(round));
  return [
    (round) => ({
      type: 'create_mount',
      dax_device: round.dax_device,
      path: path(round),
      fs_type,
      dax: 'always',
      mkfs: true,
    }),
    (round, made) => {
      const mount = mounted(round, made);
      return mount === undefined ? null : { type: 'create_file', mount: mount.id, path: '/f', size };
    },
  ];
}

/** The newest file of the device is mapped and touched. */
function map(who: 'old' | 'next', more: Pick<CreateMapping, 'offset' | 'length' | 'flags'>): Part {
  return ({ dax_device, [who]: pid }, { host }) => {
    const file = [...host.tables.files.values()].findLast((one) => one.dax_device === dax_device);
    if (file === undefined) return null;
    const base = { pid, file: file.id, prot: 'rw', page_size: 4096, populate: 'read' } as const;
    return { type: 'create_mapping', ...base, ...more };
  };
}

const pin: Part = ({ old }, { host }) => {
  const mapping = [...host.tables.mappings.values()].findLast(({ pid }) => pid === old);
  if (mapping === undefined) return null;
  const taken = { offset: 0, length: PAGE, kind: 'transient', holder: 'vmsplice' } as const;
  return { type: 'create_pin', pid: old, mapping: mapping.id, ...taken };
};

/** What is stale goes: a mapping or pin of the first process, or a page of it. */
const drop = fc
  .record({
    how: fc.constantFrom('munmap', 'exit', 'unpin', 'madvise_dontneed', 'write'),
    page: fc.nat({ max: 511 }),
  })
  .map(
    ({ how, page }): Part =>
      ({ old }, { host }) => {
        if (how === 'exit') return { type: 'exit_process', pid: old };
        const [pinned] = [...host.tables.pins.values()].filter(({ pid }) => pid === old);
        if (how === 'unpin') return pinned === undefined ? null : { type: 'unpin', pin: pinned.id };
        const [mapping] = [...host.tables.mappings.values()].filter(({ pid }) => pid === old);
        if (mapping === undefined) return null;
        if (how === 'munmap') return { type: 'munmap', mapping: mapping.id };
        return { type: 'access', mapping: mapping.id, kind: how, offset: page * PAGE, length: PAGE };
      },
  );

/**
 * Something outlives a removal, the device is bound again, perhaps formatted, and what is stale is let go: the next owner
 * takes half of the pages that the first mapped at offset 0, for an ext4 lays out files 122 MiB further in than an xfs.
 */
export const dropSteps: fc.Arbitrary<Step[]> = fc
  .record({
    flags: fc.constantFrom(['shared'] as const, ['private'] as const),
    offset: fc.constantFrom(0, 150 * MIB),
    pinned: fc.boolean(),
    mode: fc.constantFrom('fsdax', 'fsdax', 'fsdax', 'system-ram'),
    formatted: fc.boolean(),
    drops: fc.array(drop, { minLength: 1, maxLength: 6 }),
  })
  .map(({ flags, offset, pinned, mode, formatted, drops }): Step[] => {
    let round: Round | null = null;
    const start: Step = ({ host }) => {
      round = newRound(host);
      return { type: 'patch_host', auto_online_blocks: 'online_movable' };
    };
    const during =
      (part: Part): Step =>
      (made) =>
        part(round!, made);
    const before: readonly Part[] = [
      ({ dax_device }) => ({ type: 'create_dax_device', name: dax_device, mode: 'fsdax', size: 512 * MIB }),
      ({ old }) => ({ type: 'create_process', pid: old, comm: 'old', sigbus: 'handled' }),
      ({ next }) => ({ type: 'create_process', pid: next, comm: 'next' }),
      ...owner('ext4', 200 * MIB),
      map('old', { offset, length: 2 * MIB, flags }),
      ...(pinned ? [pin] : []),
      ({ dax_device }) => ({ type: 'remove_dax_device', dax_device, trigger: 'unbind' }),
    ];
    const behind: readonly Part[] = [
      ({ dax_device }) => ({ type: 'bind', dax_device, mode: mode as 'fsdax' }),
      ...(formatted
        ? [...owner('xfs', 160 * MIB), map('next', { offset: 121 * MIB, length: 2 * MIB, flags: ['shared'] })]
        : []),
      ...drops,
    ];
    return [start, ...before.map(during), ...Array.from({ length: 16 }, () => goOn), ...behind.map(during)];
  });
