import type { CreateHost } from './host_command.ts';
import type { CreateDaxDevice } from './device_command.ts';
import type {
  CreateFile,
  CreateMapping,
  CreateMount,
  CreatePin,
  CreateProcess,
  OpenFileCommand,
} from './use_command.ts';

/**
 * What a host is to be, as a document without ids: devices by name, mounts by path, files by mount and path, processes by
 * pid, mappings and pins by all that is said of them. A member that is absent of a list's element, or of the host, is not
 * declared and stays; a list that is absent is empty.
 */
export interface Topology extends DeclaredHost {
  readonly dax_devices?: readonly DeclaredDevice[];
  readonly mounts?: readonly DeclaredMount[];
  readonly files?: readonly DeclaredFile[];
  readonly processes?: readonly DeclaredProcess[];
  readonly open_files?: readonly DeclaredOpenFile[];
  readonly mappings?: readonly DeclaredMapping[];
  readonly pins?: readonly DeclaredPin[];
}

/** A host is to be so: it is made where there is none. */
export interface PutTopology {
  readonly type: 'put_topology';
  readonly name: string;
  readonly topology: Topology;
}

/** What an operator sets of a host. */
export type DeclaredHost = Omit<CreateHost, 'type' | 'name'>;

/** A device that is bound or unbound; its CXL region and memdevs are not declared. */
export type DeclaredDevice = Omit<CreateDaxDevice, 'type' | 'cxl' | 'holders'> & {
  /** That all its users are recorded, where it has none. */
  readonly holders?: 'told';
};

/** A mount that is alive. Its file system is made where there is none such. */
export type DeclaredMount = Omit<CreateMount, 'type' | 'mkfs'> & { readonly read_only?: boolean };

/** A file by the path that its file system is mounted at, and its own. */
export interface FileName {
  readonly mount: string;
  readonly path: string;
}

/** A file of a mount; `sparse`: it has holes. */
export type DeclaredFile = FileName & Omit<CreateFile, 'type' | 'mount' | 'path'>;

/** A process that runs. A parent only is its parent: nothing is inherited. */
export type DeclaredProcess = Omit<CreateProcess, 'type' | 'pid'> & { readonly pid: number };

/** What is opened or mapped: a file, or the node of a device (of system-ram: its memory). */
interface Target {
  readonly file?: FileName;
  readonly dax_device?: string;
}

/** A descriptor, with an open file description of its own. */
export type DeclaredOpenFile = Target & Omit<OpenFileCommand, 'type' | 'file' | 'dax_device'>;

/** A mapping, opened for itself. `populate`: which of its pages have entries: none, all, or all writable ones. */
export type DeclaredMapping = Target & Omit<CreateMapping, 'type' | 'file' | 'dax_device' | 'open_file'>;

/** A pin of pages of a mapping of its process. */
export type DeclaredPin = Omit<CreatePin, 'type' | 'mapping'> & { readonly mapping: MappingName };

/** A mapping of that process; `nth` of those that are alike, from 0, in their order. */
export type MappingName = Target &
  Pick<DeclaredMapping, 'offset' | 'length' | 'flags' | 'prot'> & { readonly nth?: number };

/** The lists of a topology, in the order in which they are made. */
export const TOPOLOGY_LISTS = [
  'dax_devices',
  'mounts',
  'files',
  'processes',
  'open_files',
  'mappings',
  'pins',
] as const;

/** The name of a list. */
export type TopologyList = (typeof TOPOLOGY_LISTS)[number];

/** An element of a list. */
export type Declared<List extends TopologyList = TopologyList> = NonNullable<Topology[List]>[number];

/** Elements of all lists together that a document has at most. */
export const TOPOLOGY_MAX = 1_000;

/** What a host is, as far as a topology says it: every list is there. */
export type Exported = Required<Pick<Topology, TopologyList>> &
  DeclaredHost & { readonly not_declared: NotDeclared };

/** How many records of each kind a topology does not express; kinds of which there is none are absent. */
export type NotDeclared = Readonly<Record<string, number>>;

/** What PUT has done, and how the host stands now. */
export interface PutAnswer {
  readonly changes: readonly TopologyChange[];
  readonly topology: Exported;
}

/** What is done to one element, or to the host. */
export interface TopologyChange {
  readonly op: 'create' | 'change' | 'delete';
  readonly kind: TopologyList | 'hosts';
  /** What it is named by. */
  readonly name: Readonly<Record<string, unknown>>;
  /** Of a change: the members that differ, as they are declared. */
  readonly fields?: Readonly<Record<string, unknown>>;
}
