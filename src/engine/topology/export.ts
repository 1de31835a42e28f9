import type { DaxDevice, File, Host, HostRecord, Kind, Mapping, Mount, Process } from '../model/host.ts';
import type { KernelProbes } from '../model/kernel_probes.ts';
import { isInUse } from '../model/lookup.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { hostRecord } from '../model/transaction.ts';
import type { HostKernel, KernelName } from '../model/vocabulary.ts';
import {
  TOPOLOGY_LISTS,
  TOPOLOGY_MAX,
  type Declared,
  type DeclaredHost,
  type Exported,
  type FileName,
  type MappingName,
  type NotDeclared,
  type TopologyList,
} from '../model/topology.ts';
import { expressed, populated, type Expressed, type ExpressedFile } from './expressed.ts';

/** An element of a list as it stands, and the record that it is. */
export interface Standing<List extends TopologyList = TopologyList> {
  readonly id: string;
  readonly item: Declared<List>;
}

/** All elements of each list as they stand, in order of creation, with the ids of their records. */
export type StandingLists = { readonly [List in TopologyList]: readonly Standing<List>[] };

/** What a topology says of a host as it stands. O(records). */
export function standingOf(host: Host): StandingLists {
  const said = expressed(host);
  const nameOf = fileNames(said.files);
  const mappingNames = namesOfMappings(said, nameOf);
  return {
    dax_devices: listOf(said.dax_devices, (device) => deviceItem(host, device)),
    mounts: listOf(said.mounts, mountItem),
    files: listOf(said.files, fileItem(said)),
    processes: listOf(said.processes, (process) => processItem(said, process)),
    open_files: listOf(said.open_files, (open_file) => {
      const { pid, flags } = open_file;
      return { pid, ...targetOf(open_file, nameOf), flags };
    }),
    mappings: listOf(said.mappings, (mapping) => {
      const populate = populated(host, mapping);
      const { page_size, activity } = mapping;
      const item = { ...baseOf(mapping, nameOf), page_size, activity };
      return { pid: mapping.pid, ...item, ...(populate === null ? {} : { populate }) };
    }),
    pins: listOf(said.pins, ({ pid, mapping, offset, length, kind, holder }) => {
      return { pid, mapping: mappingNames.get(mapping!)!, offset, length, kind, holder };
    }),
  };
}

function listOf<Said, Item>(
  records: ReadonlyMap<string, Said>,
  itemOf: (record: Said) => Item,
): { readonly id: string; readonly item: Item }[] {
  return Array.from(records, ([id, record]) => ({ id, item: itemOf(record) }));
}

/** The host's own members: what decides of its kernel, and what is set. */
export function standingHost(host: Host): DeclaredHost {
  const record = hostRecord(host);
  const { sysctl, auto_online_blocks, memory_block_bytes, labels, proposed } = record;
  return {
    ...kernelOf(record),
    sysctl,
    ...(auto_online_blocks === null ? {} : { auto_online_blocks }),
    memory_block_bytes,
    labels,
    proposed,
  };
}

function kernelOf({
  kernel,
  kernel_release,
  kernel_probes,
}: HostRecord): Pick<DeclaredHost, 'kernel' | 'kernel_release' | 'kernel_probes'> {
  const probes = isAnyProbe(kernel_probes) ? { kernel_probes } : {};
  return kernel_release === null ? { kernel: profileName(kernel), ...probes } : { kernel_release, ...probes };
}

/** One that is made out has a release that says so. */
function profileName(kernel: HostKernel): KernelName {
  return kernel as KernelName;
}

function isAnyProbe({ symbols, btf, sysfs }: KernelProbes): boolean {
  return [symbols, btf, sysfs].some((told) => Object.keys(told).length > 0);
}

/**
 * The topology of a host: what PUT of it would make of an empty one. Refused with `topology_too_large` where it would have
 * more elements than are taken.
 */
export function exportTopology(host: Host): Exported | Refusal {
  const standing = standingOf(host);
  return (
    refusesLarge(standing) ?? {
      ...standingHost(host),
      ...shown(host, standing),
      not_declared: notDeclared(host, standing),
    }
  );
}

/** Refuses a host of which a topology would have more elements than are taken. */
export function refusesLarge(standing: StandingLists): Refusal | null {
  const elements = TOPOLOGY_LISTS.reduce((sum, list) => sum + standing[list].length, 0);
  if (elements <= TOPOLOGY_MAX) return null;
  return refuse(
    'topology_too_large',
    `it would have ${String(elements)} elements, and ${String(TOPOLOGY_MAX)} are taken: a snapshot takes all`,
  );
}

/**
 * The lists without ids. A mapping that says nothing of its entries has none when it is made, and those that its pins
 * fault in.
 */
function shown({ tables }: Host, standing: StandingLists): Pick<Exported, TopologyList> {
  const pinned = new Set(Array.from(tables.pins.values(), ({ mapping }) => mapping));
  const items = <List extends TopologyList>(list: List): Declared<List>[] =>
    standing[list].map(({ item }) => item);
  return {
    dax_devices: items('dax_devices'),
    mounts: items('mounts'),
    files: items('files'),
    processes: items('processes'),
    open_files: items('open_files'),
    mappings: standing.mappings.map(({ id, item }) => {
      const { populate, ...rest } = item;
      return populate === 'none' || pinned.has(id) ? rest : item;
    }),
    pins: items('pins'),
  };
}

/** What is left out beside the lists: the journal's past, what is made up anew with a device, and what listings told. */
const NEVER_DECLARED = ['cxl_memdevs', 'cxl_regions', 'removals', 'hotplug_events', 'exposures'] as const;

function notDeclared({ tables }: Host, standing: StandingLists): NotDeclared {
  const counts: (readonly [Kind, number])[] = [
    ...TOPOLOGY_LISTS.map((list) => [list, tables[list].size - standing[list].length] as const),
    ...NEVER_DECLARED.map((kind) => [kind, tables[kind].size] as const),
  ];
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function deviceItem(host: Host, device: DaxDevice): Declared<'dax_devices'> {
  const { name, mode, size, align, phys_addr, numa_node, target_node, tenant, labels, media_serial } = device;
  const { provider, map, clears_poison, holders } = device;
  const state = device.state as 'bound' | 'unbound';
  const layout = { align, phys_addr, numa_node, target_node, provider, map, state };
  // With the first user it is told.
  const told = holders === 'told' && !isInUse(host, name) ? { holders } : {};
  return { name, mode, size, ...layout, tenant, labels, media_serial, clears_poison, ...told };
}

function mountItem(mount: Mount): Declared<'mounts'> {
  const { dax_device, path, fs_type, dax, rmapbt, reflink, agcount, partition, read_only } = mount;
  const features = fs_type === 'xfs' ? { rmapbt, reflink, agcount } : {};
  const place = partition === null ? {} : { partition };
  return { dax_device, path, fs_type, dax, ...features, ...place, read_only };
}

/** `dax` is said where the inode flag decides. */
function fileItem({ mounts }: Expressed): (said: ExpressedFile) => Declared<'files'> {
  const byInode = new Set(
    Array.from(mounts.values(), ({ file_system, dax }) => (dax === 'inode' ? file_system : null)),
  );
  return ({ file, name, sparse }) => {
    const { file_system, size, dax } = file;
    return { ...name, size, ...(byInode.has(file_system) ? { dax } : {}), sparse };
  };
}

function processItem({ processes }: Expressed, process: Process): Declared<'processes'> {
  const { pid, comm, tenant, mce_kill, sigbus, parent_pid } = process;
  const parent = parent_pid !== null && processes.has(String(parent_pid)) ? { parent_pid } : {};
  return { pid, comm, tenant, mce_kill, sigbus, ...parent };
}

type NameOf = (file: string) => FileName;

function fileNames(files: ReadonlyMap<string, ExpressedFile>): NameOf {
  return (file) => files.get(file)!.name;
}

function targetOf(
  { file, dax_device }: { readonly file: File['id'] | null; readonly dax_device: string },
  nameOf: NameOf,
): Pick<MappingName, 'file' | 'dax_device'> {
  return file === null ? { dax_device } : { file: nameOf(file) };
}

function baseOf(mapping: Mapping, nameOf: NameOf): MappingName {
  const { offset, length, flags, prot } = mapping;
  return { ...targetOf(mapping, nameOf), offset, length, flags: flags.toSorted(), prot };
}

/** Each mapping by what it is named by in a pin. */
function namesOfMappings({ mappings }: Expressed, nameOf: NameOf): Map<string, MappingName> {
  const alike = new Map<string, number>();
  const names = new Map<string, MappingName>();
  for (const [id, mapping] of mappings) {
    const base = baseOf(mapping, nameOf);
    const key = keyOf(mapping.pid, base);
    const nth = alike.get(key) ?? 0;
    alike.set(key, nth + 1);
    names.set(id, nth === 0 ? base : { ...base, nth });
  }
  return names;
}

/** What those mappings have in common that only their order tells apart. */
export function keyOf(pid: number, { file, dax_device, offset, length, flags, prot }: MappingName): string {
  return JSON.stringify([pid, file?.mount, file?.path, dax_device, offset, length, flags, prot]);
}
