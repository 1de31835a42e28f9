import { added } from './append.ts';
import type { OpenFile } from './open_file.ts';
import type { RemovalRecord } from './removal.ts';
import type { DaxDevice, File, FileSystem, Host, Mapping, Mount, Pin, Process, RecordOf } from './host.ts';
import { extentChunks } from './extents.ts';
import { nextExtent, type Extent } from './inode.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from './refusal.ts';
import { type RefusalCode } from './refusal_codes.ts';
import { PAGE_BYTES, type KnownMode } from './vocabulary.ts';
import { usesBy } from './rest.ts';
import type { Table } from './table.ts';
import { idsBy, type UseField, type UseValue } from './uses.ts';

function find<T>(records: Table<T>, id: string, code: RefusalCode, what: string): T | Refusal {
  return records.get(id) ?? refuse(code, `there is no ${what} ${id}`);
}

/** A record of the host by its id. Refused where there is none: `dax_device_not_found`. */
export function findDevice(host: Host, name: string): DaxDevice | Refusal {
  return find(host.tables.dax_devices, name, 'dax_device_not_found', 'dax device');
}

/** The same, for what depends on the mode of the device. Refused besides: one that is not modelled (IMP45). */
export function findModelled(host: Host, name: string): ModelledDevice | Refusal {
  const device = findDevice(host, name);
  return isRefusal(device) || isModelled(device) ? device : modeUnknown(device)!;
}

/** A device in a mode that is modelled. */
export interface ModelledDevice extends DaxDevice {
  readonly mode: KnownMode;
}

/** Whether the mode of a device is modelled. */
export function isModelled(device: DaxDevice): device is ModelledDevice {
  return device.mode !== 'unknown';
}

/** What depends on a mode that is not modelled: `outcome_unknown`, with the word as listed; null in any other mode. */
export function modeUnknown(device: DaxDevice): Refusal | null {
  if (isModelled(device)) return null;
  const { name, mode_as_listed: word } = device;
  return unknownOutcome(`${name} is listed in mode ${String(word)}, which is not modelled`);
}

/** The same of a mount. Refused: `mount_not_found`. */
export function findMount(host: Host, id: string): Mount | Refusal {
  return find(host.tables.mounts, id, 'mount_not_found', 'mount');
}

/** The same of a file. Refused: `file_not_found`. */
export function findFile(host: Host, id: string): File | Refusal {
  return find(host.tables.files, id, 'file_not_found', 'file');
}

/** The same of a mapping. Refused: `mapping_not_found`. */
export function findMapping(host: Host, id: string): Mapping | Refusal {
  return find(host.tables.mappings, id, 'mapping_not_found', 'mapping');
}

/** The same of a descriptor. Refused: `open_file_not_found`. */
export function findOpenFile(host: Host, id: string): OpenFile | Refusal {
  return find(host.tables.open_files, id, 'open_file_not_found', 'open file');
}

/**
 * A process that can still do something: not ended, not stuck in the kernel. Refused: `process_not_found`,
 * `process_ended`, `process_unavailable`.
 */
export function findActor(host: Host, pid: number, pointer?: string): Process | Refusal {
  const process = find(host.tables.processes, String(pid), 'process_not_found', 'process');
  const at = pointer === undefined ? {} : { pointer };
  if (isRefusal(process)) return { ...process, ...at };
  if (hasEnded(process)) return refuse('process_ended', `process ${String(pid)} has ended`, at);
  if (process.state !== 'running') {
    const end =
      process.state === 'livelocked'
        ? 'DELETE of the process kills it'
        : `${process.waits_for_thaw === null ? '' : 'POST …/thaw of the mount, where its user froze it, or '}POST …/reboot ends it`;
    const detail = `process ${String(pid)} is ${process.state} in the kernel: ${end}`;
    return refuse('process_unavailable', detail, at);
  }
  return process;
}

/** Whether a mount, a descriptor, a mapping or a pin of a device exists. */
export function isInUse(host: Host, dax_device: string): boolean {
  const uses = [openFilesOfDevice, mappingsOfDevice, pinsOfDevice].flatMap<Pin | Mapping | OpenFile>((of) =>
    of(host, dax_device),
  );
  return uses.length > 0 || [...host.tables.mounts.values()].some((mount) => mount.dax_device === dax_device);
}

/** Whether a process has ended and was reaped; one that is stuck in the kernel has not, and keeps its memory. */
export function hasEnded(process: Process): boolean {
  return process.state === 'dead';
}

/** The record that must exist: a dangling reference is a bug. Words are put together where it is missing alone. */
export function must<T>(record: T | undefined, ...what: readonly string[]): T {
  if (record === undefined) throw new Error(`dangling reference: ${what.join(' ')}`);
  return record;
}

/** A process that another record names: it stays in the table when it has ended. */
export function processOf(host: Host, pid: number): Process {
  return must(host.tables.processes.get(String(pid)), 'process', String(pid));
}

/** Of these mappings, those whose process still has its memory: only their entries can anybody come to. */
export function livingMappings(host: Host, mappings: readonly Mapping[]): Mapping[] {
  // Those of a process often stand side by side.
  let last = Number.NaN;
  let lives = false;
  return mappings.filter(({ pid }) => {
    if (pid !== last) lives = !hasEnded(processOf(host, pid));
    last = pid;
    return lives;
  });
}

/** The device that another record names. */
export function deviceOf(host: Host, name: string): DaxDevice {
  return must(host.tables.dax_devices.get(name), 'dax device', name);
}

/** The file system that another record names. */
export function fileSystemOf(host: Host, id: string): FileSystem {
  return must(host.tables.file_systems.get(id), 'file system', id);
}

/** The file of that id, which there is. */
export function fileOf(host: Host, id: string): File {
  return must(host.tables.files.get(id), 'file', id);
}

/**
 * The generation whose pfns a mapping was given: of its file's file system, of the system RAM its anonymous pages
 * come from, else of the device when its node was mapped.
 */
export function generationOf(host: Host, mapping: Mapping): number {
  const memory = mapping.anonymous ? host.tables.memory_ranges.get(mapping.dax_device) : undefined;
  if (memory !== undefined) return memory.generation;
  if (mapping.file === null) return mapping.generation;
  return fileSystemOf(host, fileOf(host, mapping.file).file_system).generation;
}

/** What of a file lies at a page index, up to where something else begins. */
interface Blocks {
  /** Null: a hole. */
  readonly extent: Extent | null;
  /** The page index behind the last one; infinite where a hole is followed by nothing. */
  readonly end: number;
}

/** The extent of a file that holds a page index, or the hole there: its extents are in order. O(log extents). */
export function blocksAt(host: Host, file: File, index: number): Blocks {
  const next = nextExtent(extentChunks(host, file), index);
  if (next === undefined) return { extent: null, end: Number.POSITIVE_INFINITY };
  if (next.offset > index) return { extent: null, end: next.offset };
  return { extent: next, end: next.offset + next.nr_pages };
}

/** The pfn of a page of a file behind which there is a block. */
export function pfnOf(host: Host, file: File, index: number): number {
  const extent = must(
    blocksAt(host, file, index).extent ?? undefined,
    `block ${String(index)} of ${file.id}`,
  );
  return extent.pfn + (index - extent.offset);
}

/** Files of a file system, in order of creation. */
export function filesOf(host: Host, file_system: string): File[] {
  return indexed(host, 'files', 'files/file_system', file_system);
}

/** File systems that were made on a device, in order of creation. */
export function fileSystemsOfDevice(host: Host, dax_device: string): FileSystem[] {
  return indexed(host, 'file_systems', 'file_systems/dax_device', dax_device);
}

/** Files of all file systems of a device, in order of creation. */
export function filesOfDevice(host: Host, dax_device: string): File[] {
  return indexed(host, 'files', 'files/dax_device', dax_device);
}

/** Mounts of a file system, in order of creation, also lazily detached ones. */
export function mountsOf(host: Host, file_system: string): Mount[] {
  return indexed(host, 'mounts', 'mounts/file_system', file_system);
}

/** Mounts of all file systems of a device, in order of creation, also lazily detached ones. */
export function mountsOfDevice(host: Host, dax_device: string): Mount[] {
  return indexed(host, 'mounts', 'mounts/dax_device', dax_device);
}

/** Files of a device that a mount shows, whose file system is not half torn down: these can be held open. */
export function filesShown(host: Host, dax_device: string): File[] {
  const standing = mountsOfDevice(host, dax_device).filter(({ state }) => state !== 'shutting_down');
  const shown = new Set(standing.map(({ file_system }) => file_system));
  return filesOfDevice(host, dax_device).filter(({ file_system }) => shown.has(file_system));
}

/** The live superblock of a file system: its mount, also a lazily detached one. */
export function superblockOf(host: Host, file_system: string): Mount | null {
  return mountsOf(host, file_system)[0] ?? null;
}

/** The superblock that a call on a file reaches. Refused: `file_system_not_mounted`. */
export function mountedSuperblock(host: Host, { id, file_system }: File): Mount | Refusal {
  const mount = superblockOf(host, file_system);
  if (mount !== null && mount.state !== 'shutting_down') return mount;
  return refuse(
    'file_system_not_mounted',
    `the file system of ${id} is not mounted: POST …/mounts of its device, without mkfs, mounts it again`,
  );
}

/** Mounts whose superblock sits on this very instance of the device. */
export function mountsOn(host: Host, device: DaxDevice): Mount[] {
  return mountsOfDevice(host, device.name).filter((mount) => mount.device_instance === device.instance);
}

/** Those that an open transaction has deleted are in the index, but no longer in the table. */
function indexed<
  K extends 'file_systems' | 'mounts' | 'files' | 'open_files' | 'mappings' | 'pins' | 'removals',
>(host: Host, kind: K, field: UseField, value: UseValue): RecordOf<K>[] {
  const records: Table<RecordOf<K>> = host.tables[kind];
  const ids = usesBy(host, field, value);
  let found: RecordOf<K>[] = [];
  for (let at = 0; at < ids.length; at += 1) {
    const record = records.get(ids[at]!);
    if (record !== undefined) found = added(found, record);
  }
  return found;
}

/** Descriptors of a process, in order of creation. */
export function openFilesOfPid(host: Host, pid: number): OpenFile[] {
  return indexed(host, 'open_files', 'open_files/pid', pid);
}

/** Descriptors of a file, in order of creation. */
export function openFilesOfFile(host: Host, file: string): OpenFile[] {
  return indexed(host, 'open_files', 'open_files/file', file);
}

/** Whether a descriptor or a mapping holds an open file description of a device node. */
export function isNodeHeld(host: Host, description: string): boolean {
  return (
    indexed(host, 'open_files', 'open_files/node', description).length > 0 ||
    indexed(host, 'mappings', 'mappings/node', description).length > 0
  );
}

/**
 * Whether another process holds the description of a descriptor or a mapping: that which it was opened for, or one that
 * came to share it. O(these up to the first), once what uses the device is in memory.
 */
export function isHeldBeside(host: Host, { pid, dax_device, description }: OpenFile | Mapping): boolean {
  for (const kind of ['open_files', 'mappings'] as const) usesBy(host, `${kind}/dax_device`, dax_device);
  const { open_files, mappings } = host.tables;
  const opened = description!;
  const sharing = idsBy(host.uses_by, 'description', opened);
  for (const id of [opened, ...sharing]) {
    const holder = open_files.get(id) ?? mappings.get(id);
    if (holder !== undefined && holder.pid !== pid) return true;
  }
  return false;
}

/** Descriptors and mappings of the node of a device as it was in an instance. */
export function nodeHoldersOf(host: Host, { name }: DaxDevice, instance: number): (OpenFile | Mapping)[] {
  return [openFilesOfDevice, mappingsOfDevice]
    .flatMap<OpenFile | Mapping>((of) => of(host, name))
    .filter((one) => one.file === null && one.description !== null && one.device_instance === instance);
}

/** Descriptors of a device, of its files and its nodes, in order of creation. */
export function openFilesOfDevice(host: Host, dax_device: string): OpenFile[] {
  return indexed(host, 'open_files', 'open_files/dax_device', dax_device);
}

/** Mappings of a process, in order of creation. */
export function mappingsOfPid(host: Host, pid: number): Mapping[] {
  return indexed(host, 'mappings', 'mappings/pid', pid);
}

/** Mappings of a file, in order of creation. */
export function mappingsOfFile(host: Host, file: string): Mapping[] {
  return indexed(host, 'mappings', 'mappings/file', file);
}

/** Whether a task that was not reaped has a file open or maps it: its inode is in use. */
export function isFileUsed(host: Host, file: string): boolean {
  return (
    openFilesOfFile(host, file).length > 0 || livingMappings(host, mappingsOfFile(host, file)).length > 0
  );
}

/** Mappings of a device, of its files and its nodes, in order of creation. */
export function mappingsOfDevice(host: Host, dax_device: string): Mapping[] {
  return indexed(host, 'mappings', 'mappings/dax_device', dax_device);
}

/** Mappings of anonymous memory that a device's system RAM gave. */
export function anonymousMappingsOf(host: Host, dax_device: string): Mapping[] {
  return indexed(host, 'mappings', 'mappings/anonymous', dax_device);
}

/** Pins of a process, in order of creation. */
export function pinsOfPid(host: Host, pid: number): Pin[] {
  return indexed(host, 'pins', 'pins/pid', pid);
}

/** Pins of pages of a device, in order of creation. */
export function pinsOfDevice(host: Host, dax_device: string): Pin[] {
  return indexed(host, 'pins', 'pins/dax_device', dax_device);
}

/** Processes that have a device or its files open, map or pin them, and have not ended, each once. */
export function usersOf(host: Host, { name }: DaxDevice): Process[] {
  const pids = new Set<number>();
  for (const of of [openFilesOfDevice, mappingsOfDevice, pinsOfDevice])
    for (const { pid } of of(host, name)) pids.add(pid);
  return [...pids].map((pid) => processOf(host, pid)).filter((process) => !hasEnded(process));
}

/** Pins of pages of the device as it is now: one that is left from an earlier pgmap holds none of them. */
export function presentPins(host: Host, { name, pgmap }: DaxDevice): Pin[] {
  return pinsOfDevice(host, name).filter((pin) => pin.pgmap === pgmap && pin.pfn_ranges.length > 0);
}

/** Removals that have not completed, in order of creation. O(these), however many there were. */
export function removalsNotCompleted(host: Host): RemovalRecord[] {
  return indexed(host, 'removals', 'removals/not_completed', '').filter(({ state }) => state !== 'completed');
}

/** Whether the block device a superblock stands on is gone, for the page cache and the journal. */
export function blockDeviceGone(host: Host, mount: Mount): boolean {
  return mount.device_instance !== deviceOf(host, mount.dax_device).instance;
}

/** Whether dax_direct_access() of a superblock's device answers -ENXIO. */
export function daxDead(host: Host, mount: Mount): boolean {
  return blockDeviceGone(host, mount) || !deviceOf(host, mount.dax_device).dax_alive;
}

/** Whether a load of the device's range reaches its medium: it is there, and the CXL region over it is committed. */
export function decodes(host: Host, device: DaxDevice): boolean {
  if (!device.media_present) return false;
  const region = device.cxl_region === null ? undefined : host.tables.cxl_regions.get(device.cxl_region);
  return region === undefined || region.decode_state === 'commit';
}

/** Whole pages of a device. */
export function nrPages(device: DaxDevice): number {
  return Math.floor(device.size / PAGE_BYTES);
}

/** Whether the namespace has struct pages, so that file systems find DAX on it. */
export function hasStructPages(device: DaxDevice): boolean {
  return device.map !== null;
}

/** The address in its process of a byte of a mapping, as siginfo and logs tell it. */
export function virtualAddress(mapping: Mapping, offset_bytes: number): bigint {
  return BigInt(mapping.address) + BigInt(offset_bytes);
}
