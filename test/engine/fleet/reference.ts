import { emptyHost } from '../../../src/engine/model/apply.ts';
import { extentsOf } from '../../../src/engine/model/extents.ts';
import type { DaxDevice, File, Host, Kind, Mount } from '../../../src/engine/model/host.ts';
import { NO_ENTRIES, rowsOf } from '../../../src/engine/model/mapping_table.ts';
import type { NeverEnding } from '../../../src/engine/model/never_ending.ts';
import type { Table } from '../../../src/engine/model/table.ts';
import { found } from '../support.ts';

/** How a task comes out of evictions, or in which function it waits for ever before it comes to one. */
export type End = 'ok' | 'oops' | 'hang' | 'unknown' | 'namespace_unlock' | 'deactivate_super';

/** Whether a task has died with `cdev_lock`: of all that is asked of the kernel from then on nothing is told (S20). */
export function isLost(host: Host): boolean {
  return hasLost(host, 'cdev_lock');
}

function hasLost({ tables }: Host, what: NeverEnding): boolean {
  return [...tables.hosts.values()].some(({ stuck }) => stuck.includes(what));
}

/** What a host was: its records are never changed in place. */
export function snapshot({ tables, ...rest }: Host): Host {
  const [entries, extents] = [new Map(rest.entries), new Map(rest.extents)];
  const copy: Host = { ...rest, entries, extents, tables: emptyHost().tables };
  for (const kind of Object.keys(tables) as Kind[]) {
    const records = copy.tables[kind] as Table<unknown>;
    for (const [id, record] of tables[kind]) records.set(id, record);
  }
  return copy;
}

/** Something that a process has, and perhaps a file behind it. */
interface Held {
  readonly id: string;
  readonly pid: number;
  readonly file: string | null;
}

/** Every descriptor and mapping of a task that was not reaped. */
function held({ tables }: Host): Held[] {
  return [...tables.open_files.values(), ...tables.mappings.values()].filter(
    ({ pid }) => found(tables.processes.get(String(pid))).state !== 'dead',
  );
}

/** Whether anybody uses a file, but those that let go of it. */
export function uses(host: Host, file: string, gone: ReadonlySet<string> = new Set()): boolean {
  return held(host).some((one) => one.file === file && !gone.has(one.id));
}

/** Whether anybody uses a mount: through a file that was reached by it, or one that is freed without end. */
export function busy(host: Host, { id, file_system }: Mount, gone: ReadonlySet<string> = new Set()): boolean {
  return [...host.tables.files.values()].some(
    (file) =>
      file.file_system === file_system &&
      file.mount === id &&
      (file.state === 'freeing' || uses(host, file.id, gone)),
  );
}

/** The page indexes of real DAX entries in i_pages of a file, and the pfn of each. */
export function entryPages(host: Host, file: File): Map<number, number> {
  const rows = rowsOf(host.entries.get(file.id) ?? NO_ENTRIES);
  const pages = new Map<number, number>();
  for (let at = 0; at < rows.length; at += 4) {
    const [index = 0, count = 0, , bits = 0] = rows.subarray(at, at + 4);
    if (Math.floor(bits / 4) % 4 !== 0 || bits >= 2 ** 48) continue;
    for (let page = index; page < index + count; page += 1) {
      const extent = extentsOf(host, file).find(
        (one) => page >= one.offset && page < one.offset + one.nr_pages,
      );
      if (extent !== undefined) pages.set(page, extent.pfn + page - extent.offset);
    }
  }
  return pages;
}

const inside = (ranges: readonly (readonly [number, number])[], pfn: number): boolean =>
  ranges.some(([first, count]) => pfn >= first && pfn < first + count);

/**
 * What one page of an evicted inode does (S1, S7-S11, S45-S47): its struct page as it is now decides. Which pages have
 * lost references the records say, which lost.ts derives from what went.
 */
function pageEnd(host: Host, device: DaxDevice, pfn: number, taken: ReadonlySet<number>): End {
  const counted = kernelCounts(host);
  const memory = [...host.tables.memory_ranges.values()].filter((one) => one.dax_device === device.name);
  const ram = memory.find(({ base_pfn, nr_pages }) => inside([[base_pfn, nr_pages]], pfn));
  if (ram !== undefined) return counted && inside(ram.miscounted ?? [], pfn) ? 'hang' : 'unknown';
  const bare = memory.length > 0 || device.mode === 'system-ram' || device.map === null;
  if (bare || device.pgmap_state === 'none') return 'oops';
  if (!counted) return 'ok';
  if (!taken.has(pfn) && inside(device.lost_refs, pfn)) return 'hang';
  if (!taken.has(pfn) && inside(device.lost_ptes, pfn)) return 'unknown';
  if (taken.has(pfn) && !inside(device.lost_refs, pfn)) return 'unknown';
  const pinned = [...host.tables.pins.values()].some(
    (pin) => pin.dax_device === device.name && pin.pgmap === device.pgmap && inside(pin.pfn_ranges, pfn),
  );
  return pinned || device.mode === 'devdax' ? 'unknown' : 'ok';
}

/** Only v7.3 counts what refers to a DAX page. */
function kernelCounts(host: Host): boolean {
  return [...host.tables.hosts.values()].some(({ kernel }) => kernel === 'v7.3');
}

/** Every end that evicting these inodes may have; none where all of it is harmless. */
function evictions(host: Host, files: readonly File[]): Set<End> {
  const ends = new Set<End>();
  for (const file of files) {
    const device = found(host.tables.dax_devices.get(file.dax_device));
    const pages = entryPages(host, file);
    if (pages.size === 0) continue;
    const taken = takenSince(host, file);
    for (const pfn of pages.values()) ends.add(pageEnd(host, device, pfn, taken));
  }
  ends.delete('ok');
  return ends;
}

/** Pfns behind entries of files of a newer file system on the same device. */
function takenSince(host: Host, { dax_device, file_system }: File): Set<number> {
  const made = (id: string) => found(host.tables.file_systems.get(id)).generation;
  const newer = [...host.tables.files.values()].filter(
    (other) => other.dax_device === dax_device && made(other.file_system) > made(file_system),
  );
  return new Set(newer.flatMap((file) => [...entryPages(host, file).values()]));
}

/** Files of a superblock. */
function filesIn(host: Host, file_system: string): File[] {
  return [...host.tables.files.values()].filter((file) => file.file_system === file_system);
}

/** Whether something keeps a detached superblock that nobody uses: a freeze, or an umount that never returned. */
export function keptWithoutUser(host: Host, mount: Mount): boolean {
  return mount.fs_state === 'frozen' || mount.frozen_by_user || mount.umount_blocked;
}

/**
 * Whether a removal that evicts the idle inodes of a superblock for ever has its s_umount (S47). The model's own record
 * says so: it is not checked here.
 */
function heldForEver({ tables }: Host, { file_system, dax_device }: Mount): boolean {
  const { removal } = found(tables.dax_devices.get(dax_device));
  return removal !== null && found(tables.removals.get(removal)).holds_s_umount_of === file_system;
}

/** Every end that tearing down a superblock may have; none where all of it is harmless. */
function tornDown(host: Host, mount: Mount): Set<End> {
  return heldForEver(host, mount)
    ? new Set(['deactivate_super'])
    : evictions(host, filesIn(host, mount.file_system));
}

/** The same of an umount that is not busy: of the last mount of a superblock, where grace periods end (S1, S10, S32). */
export function umountEnds(host: Host, mount: Mount): Set<End> {
  if (hasLost(host, 'rcu')) return new Set(['namespace_unlock']);
  const others = [...host.tables.mounts.values()].filter(
    ({ file_system, id }) => file_system === mount.file_system && id !== mount.id,
  );
  return others.length > 0 ? new Set() : tornDown(host, mount);
}

/** Whether the blocks of a file are freed by nobody until a thaw, and nothing says whom that keeps (FRZ4). */
function isFrozenXfs({ tables }: Host, { file_system, mount }: File): boolean {
  const { fs_state, frozen_by_user } = found(tables.mounts.get(mount));
  const isXfs = found(tables.file_systems.get(file_system)).fs_type === 'xfs';
  return isXfs && (frozen_by_user || fs_state === 'frozen');
}

/** The same of the last puts of these descriptors and mappings (S4, S5). */
export function putEnds(host: Host, ids: readonly string[]): Set<End> {
  const gone = new Set(ids);
  const touched = new Set(
    held(host).flatMap(({ id, file }) => (gone.has(id) && file !== null ? [file] : [])),
  );
  const files = [...touched].map((id) => found(host.tables.files.get(id)));
  const unlinked = files.filter(({ id, state }) => state === 'unlinked' && !uses(host, id, gone));
  const waits = unlinked.some((file) => isFrozenXfs(host, file));
  const systems = new Set(files.map(({ file_system }) => file_system));
  const mounts = [...host.tables.mounts.values()];
  const stays = (mount: Mount): boolean =>
    mount.state !== 'lazy' || keptWithoutUser(host, mount) || busy(host, mount, gone);
  const torn = [...systems].flatMap((id) => {
    const own = mounts.filter((mount) => mount.file_system === id);
    return own.some(stays) ? [] : own.slice(0, 1);
  });
  const ends = [
    evictions(host, unlinked),
    ...torn.map((mount) => tornDown(host, mount)),
    new Set<End>(waits ? ['unknown'] : []),
  ].flatMap((some) => [...some]);
  const isLocked = held(host).some(({ id, pid }) => gone.has(id) && hasLockedMemory(host, pid));
  return new Set(isLocked ? ends.map((end) => (end === 'oops' ? 'unknown' : end)) : ends);
}

/** Whether somebody died with the locks of a process's memory: nothing says how it ends then, of an oops, too (LK5). */
export function hasLockedMemory({ tables }: Host, pid: number): boolean {
  return found(tables.processes.get(String(pid))).mm_locked;
}
