import type {
  DaxDevice,
  Extent,
  File,
  FileSystem,
  Host,
  Mapping,
  Mount,
  Pin,
  Process,
  RecordOf,
} from './host.ts';
import { firstEndingAfter } from './pfn_range.ts';
import { isRefusal, refuse, type Refusal, type RefusalCode } from './refusal.ts';
import { PAGE_BYTES } from './vocabulary.ts';
import type { Table } from './table.ts';

function find<T>(records: Table<T>, id: string, code: RefusalCode, what: string): T | Refusal {
  return records.get(id) ?? refuse(code, `there is no ${what} ${id}`);
}

export function findDevice(host: Host, name: string): DaxDevice | Refusal {
  return find(host.tables.dax_devices, name, 'dax_device_not_found', 'dax device');
}

export function findMount(host: Host, id: string): Mount | Refusal {
  return find(host.tables.mounts, id, 'mount_not_found', 'mount');
}

export function findFile(host: Host, id: string): File | Refusal {
  return find(host.tables.files, id, 'file_not_found', 'file');
}

export function findMapping(host: Host, id: string): Mapping | Refusal {
  return find(host.tables.mappings, id, 'mapping_not_found', 'mapping');
}

/** A process that can still do something: not ended, not stuck in the kernel. */
export function findActor(host: Host, pid: number, pointer?: string): Process | Refusal {
  const process = find(host.tables.processes, String(pid), 'process_not_found', 'process');
  const at = pointer === undefined ? {} : { pointer };
  if (isRefusal(process)) return { ...process, ...at };
  if (process.state === 'dead') return refuse('process_ended', `process ${String(pid)} has ended`, at);
  if (process.state !== 'running') {
    const end = process.state === 'livelocked' ? 'DELETE of the process kills it' : 'POST …/reboot ends it';
    const detail = `process ${String(pid)} is ${process.state} in the kernel: ${end}`;
    return refuse('process_unavailable', detail, at);
  }
  return process;
}

/** The record that must exist: a dangling reference is a bug. */
export function must<T>(record: T | undefined, what: string): T {
  if (record === undefined) throw new Error(`dangling reference: ${what}`);
  return record;
}

export function deviceOf(host: Host, name: string): DaxDevice {
  return must(host.tables.dax_devices.get(name), `dax device ${name}`);
}

export function fileSystemOf(host: Host, id: string): FileSystem {
  return must(host.tables.file_systems.get(id), `file system ${id}`);
}

/**
 * The generation whose pfns a mapping was given: of its file's file system, of the system RAM its anonymous pages
 * come from, else of the device when its node was mapped.
 */
export function generationOf(host: Host, mapping: Mapping): number {
  const memory = mapping.anonymous ? host.tables.memory_ranges.get(mapping.dax_device) : undefined;
  if (memory !== undefined) return memory.generation;
  if (mapping.file === null) return mapping.generation;
  const file = must(host.tables.files.get(mapping.file), mapping.file);
  return fileSystemOf(host, file.file_system).generation;
}

/** The extent of a file that holds a page index: its extents are in order and leave no hole. O(log extents). */
export function extentAt(file: File, index: number): Extent {
  const { extents } = file;
  const at = firstEndingAfter(index, extents.length, (place) => {
    return extents[place]!.offset + extents[place]!.nr_pages;
  });
  return must(extents[at], `extent of ${file.id}`);
}

/** Files of a file system, of all those of a device: in order of creation. */
export function filesOf(host: Host, file_system: string): File[] {
  return indexed(host, 'files', `file_system/${file_system}`);
}

export function filesOfDevice(host: Host, dax_device: string): File[] {
  return indexed(host, 'files', `dax_device/${dax_device}`);
}

/** Mounts of a file system, of a device: in order of creation, also lazily detached ones. */
export function mountsOf(host: Host, file_system: string): Mount[] {
  return indexed(host, 'mounts', `file_system/${file_system}`);
}

export function mountsOfDevice(host: Host, dax_device: string): Mount[] {
  return indexed(host, 'mounts', `dax_device/${dax_device}`);
}

/** The live superblock of a file system: its mount, also a lazily detached one. */
export function superblockOf(host: Host, file_system: string): Mount | null {
  return mountsOf(host, file_system)[0] ?? null;
}

/** The superblock that a call on a file reaches. Refused: `file_system_not_mounted`. */
export function mountedSuperblock(host: Host, { id, file_system }: File): Mount | Refusal {
  return (
    superblockOf(host, file_system) ??
    refuse(
      'file_system_not_mounted',
      `the file system of ${id} is not mounted: POST …/mounts of its device, without mkfs, mounts it again`,
    )
  );
}

/** Mounts whose superblock sits on this very instance of the device. */
export function mountsOn(host: Host, device: DaxDevice): Mount[] {
  return mountsOfDevice(host, device.name).filter((mount) => mount.device_instance === device.instance);
}

/** Those that an open transaction has deleted are in the index, but no longer in the table. */
function indexed<K extends 'mounts' | 'files' | 'mappings' | 'pins'>(
  host: Host,
  kind: K,
  key: string,
): RecordOf<K>[] {
  const records: Table<RecordOf<K>> = host.tables[kind];
  const found: RecordOf<K>[] = [];
  for (const id of host.uses_by.get(`${kind}/${key}`) ?? []) {
    const record = records.get(id);
    if (record !== undefined) found.push(record);
  }
  return found;
}

/** Mappings of a process, of a file, of a device: in order of creation. */
export function mappingsOfPid(host: Host, pid: number): Mapping[] {
  return indexed(host, 'mappings', `pid/${String(pid)}`);
}

export function mappingsOfFile(host: Host, file: string): Mapping[] {
  return indexed(host, 'mappings', `file/${file}`);
}

export function mappingsOfDevice(host: Host, dax_device: string): Mapping[] {
  return indexed(host, 'mappings', `dax_device/${dax_device}`);
}

/** Mappings of anonymous memory that a device's system RAM gave. */
export function anonymousMappingsOf(host: Host, dax_device: string): Mapping[] {
  return indexed(host, 'mappings', `anonymous/${dax_device}`);
}

/** Pins of a process, of a device: in order of creation. */
export function pinsOfPid(host: Host, pid: number): Pin[] {
  return indexed(host, 'pins', `pid/${String(pid)}`);
}

export function pinsOfDevice(host: Host, dax_device: string): Pin[] {
  return indexed(host, 'pins', `dax_device/${dax_device}`);
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

export function nrPages(device: DaxDevice): number {
  return Math.floor(device.size / PAGE_BYTES);
}

/** Whether the task still stands in the process table with its memory: running or stuck, not reaped. */
export function holdsMemory(process: Process): boolean {
  return process.state !== 'dead';
}

/** Of these mappings, those of tasks that still have their memory. */
export function mappedNow(host: Host, mappings: readonly Mapping[]): Mapping[] {
  return mappings.filter(({ pid }) => holdsMemory(processOf(host, pid)));
}

/** Whether the namespace has struct pages, so that file systems find DAX on it. */
export function hasStructPages(device: DaxDevice): boolean {
  return device.map !== null;
}

/** The process of a mapping or pin, also one that has ended. */
export function processOf(host: Host, pid: number): Process {
  return must(host.tables.processes.get(String(pid)), `process ${String(pid)}`);
}
