import type { DaxDevice, File, Host, Mapping, Mount, Pin, Process } from '../model/host.ts';
import { extentChunks } from '../model/extents.ts';
import { COLUMNS, isWritable } from '../model/mapping_table.ts';
import type { OpenFile, OpenFlag } from '../model/open_file.ts';
import { entriesOf, hostRecord } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import type { FileName } from '../model/topology.ts';

/** What a topology says of a host, before it is written as a document: each record by its id, in order of creation. */
export interface Expressed {
  readonly dax_devices: ReadonlyMap<string, DaxDevice>;
  readonly mounts: ReadonlyMap<string, Mount>;
  readonly files: ReadonlyMap<string, ExpressedFile>;
  readonly processes: ReadonlyMap<string, Process>;
  readonly open_files: ReadonlyMap<string, OpenFile>;
  readonly mappings: ReadonlyMap<string, Mapping>;
  readonly pins: ReadonlyMap<string, Pin>;
}

/** A file, and what it is named by. */
export interface ExpressedFile {
  readonly file: File;
  readonly name: FileName;
  readonly sparse: boolean;
}

/** What of a host stands as a POST would make it, and so can be declared (TOPO2). O(records). */
export function expressed(host: Host): Expressed {
  const { tables } = host;
  const dax_devices = those(tables.dax_devices, isExpressedDevice);
  const written = writtenFileSystems(host);
  const mounts = those(
    tables.mounts,
    (mount) =>
      isExpressedMount(mount, dax_devices.get(mount.dax_device)) &&
      !(mount.read_only && written.has(mount.file_system)),
  );
  const files = expressedFiles(host, mounts);
  const processes = those(tables.processes, ({ state, mm_locked }) => state === 'running' && !mm_locked);
  const has = (use: OpenFile | Mapping): boolean => {
    const device = dax_devices.get(use.dax_device);
    if (!processes.has(String(use.pid)) || device?.instance !== use.device_instance) return false;
    return use.file === null ? device.state === 'bound' : files.has(use.file);
  };
  const open_files = those(
    tables.open_files,
    (open_file) => has(open_file) && isNodeServed(open_file, dax_devices.get(open_file.dax_device)!),
  );
  const ramIsOnline = isOnlinePolicy(host);
  const mappings = those(
    tables.mappings,
    (mapping) =>
      has(mapping) &&
      isOfDevice(mapping, dax_devices.get(mapping.dax_device)!) &&
      (!mapping.anonymous || ramIsOnline),
  );
  const pins = those(tables.pins, ({ mapping }) => {
    const pinned = mapping === null ? undefined : mappings.get(mapping);
    // In a file of holes a gup may find no page.
    return pinned !== undefined && (pinned.file === null || !files.get(pinned.file)!.sparse);
  });
  return { dax_devices, mounts, files, processes, open_files, mappings, pins };
}

function those<T>(
  records: Iterable<readonly [id: string, record: T]>,
  holds: (record: T) => boolean,
): Map<string, T> {
  const found = new Map<string, T>();
  for (const [id, record] of records) if (holds(record)) found.set(id, record);
  return found;
}

const DRIVER_OF = {
  fsdax: 'nd_pmem',
  raw: 'nd_pmem',
  sector: 'nd_pmem',
  devdax: 'device_dax',
  'system-ram': 'kmem',
} as const;

/** One that is bound to the driver of its mode, or unbound, with its medium and layout. */
function isExpressedDevice({ mode, state, driver, removal, placed_as, media_present }: DaxDevice): boolean {
  if (mode === 'unknown' || removal !== null || placed_as !== null || !media_present) return false;
  return state === 'unbound' || (state === 'bound' && driver === DRIVER_OF[mode]);
}

function isExpressedMount(mount: Mount, device: DaxDevice | undefined): boolean {
  const isThere =
    device !== undefined && device.state === 'bound' && device.instance === mount.device_instance;
  const isAlive = mount.state === 'mounted' && mount.fs_state === 'alive' && mount.journal === 'live';
  return isThere && isAlive && !mount.frozen_by_user && !mount.umount_blocked;
}

/** File systems of which files are open for writing: the kernel has made one of them read-only by itself, no remount. */
function writtenFileSystems({ tables }: Host): Set<string> {
  const written = new Set<string>();
  const note = (file: string | null, how: OpenFlag | null | undefined): void => {
    if (file !== null && how !== 'rdonly') written.add(tables.files.get(file)!.file_system);
  };
  for (const { file, flags } of tables.open_files.values()) note(file, flags[0]);
  for (const { file, opened } of tables.mappings.values()) note(file, opened);
  return written;
}

/** Files with a name, each by the first mount of its file system. */
function expressedFiles(host: Host, mounts: ReadonlyMap<string, Mount>): Map<string, ExpressedFile> {
  const paths = new Map<string, string>();
  for (const { file_system, path } of mounts.values())
    if (!paths.has(file_system)) paths.set(file_system, path);
  const files = new Map<string, ExpressedFile>();
  for (const [id, file] of host.tables.files) {
    const mount = paths.get(file.file_system);
    if (mount === undefined || file.state !== 'linked') continue;
    const sparse = hasHoles(host, file);
    if (!sparse || file.dax) files.set(id, { file, name: { mount, path: file.path }, sparse });
  }
  return files;
}

function hasHoles(host: Host, file: File): boolean {
  let nr_pages = 0;
  for (const chunk of extentChunks(host, file)) for (const extent of chunk) nr_pages += extent.nr_pages;
  return nr_pages < Math.ceil(file.size / PAGE_BYTES);
}

/** What has a node open: of system RAM no driver serves it. */
function isNodeServed({ file, opened_dead }: OpenFile, { mode }: DaxDevice): boolean {
  return file !== null || (!opened_dead && mode !== 'system-ram');
}

/** Whether memory that is added goes online by itself: what is not can only be mapped once somebody has written to it. */
function isOnlinePolicy(host: Host): boolean {
  const { auto_online_blocks } = hostRecord(host);
  return auto_online_blocks !== null && auto_online_blocks !== 'offline';
}

/** What maps the node of system RAM is its memory, and of any other mode the node. */
function isOfDevice({ file, anonymous }: Mapping, { mode }: DaxDevice): boolean {
  return file !== null || anonymous === (mode === 'system-ram');
}

/**
 * Which pages of a mapping have entries: none of them, all of them and none that may be stored into (of `prot: r` all), or all
 * of them and each may be; null where it is none of these, and of anonymous memory with entries, which a fork shares.
 */
export function populated(host: Host, mapping: Mapping): 'none' | 'read' | 'write' | null {
  let [end, writable] = [0, 0];
  for (const rows of entriesOf(host, mapping.id)) {
    for (let at = 0; at < rows.length; at += COLUMNS) {
      if (rows[at] !== end) return null;
      end += rows[at + 1]!;
      if (isWritable(rows[at + 3]!)) writable += rows[at + 1]!;
    }
  }
  if (end === 0) return 'none';
  if (mapping.anonymous || end !== mapping.length / PAGE_BYTES) return null;
  if (mapping.prot === 'r' || writable === 0) return 'read';
  return writable === end ? 'write' : null;
}
