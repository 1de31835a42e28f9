import type { Kind, RecordOf } from '../engine/model/host.ts';
import { chunksOfFile, wholeFile } from './extent_chunks.ts';
import { hostCount, wholeHost } from './host_counts.ts';

/**
 * Each kind's table: its columns are fields of the record, copied out of it to be filtered and sorted by. A field that
 * is no column here cannot be. Host comes first, so that a transaction of a new host meets its key.
 */
const COLUMNS_OF = {
  hosts: ['kernel', 'kernel_release', 'health'],
  dax_devices: ['mode', 'state', 'driver', 'tenant', 'provider', 'holders', 'size'],
  memory_ranges: ['dax_device', 'leaked'],
  cxl_memdevs: ['state', 'serial'],
  cxl_regions: ['type', 'state', 'decode_state', 'size'],
  file_systems: ['dax_device', 'fs_type'],
  mounts: ['dax_device', 'fs_type', 'state', 'fs_state', 'file_system', 'path'],
  files: ['mount', 'dax_device', 'file_system', 'path', 'size'],
  processes: ['pid', 'tenant', 'state', 'parent_pid'],
  open_files: ['pid', 'dax_device', 'file'],
  mappings: ['pid', 'dax_device', 'file'],
  pins: ['pid', 'mapping', 'dax_device', 'kind', 'holder'],
  removals: ['dax_device', 'kernel', 'trigger', 'state', 'verdict'],
  hotplug_events: ['dax_device', 'action'],
  exposures: ['dax_device', 'pid', 'tenant', 'to_tenant', 'open', 'pages'],
  inventories: [],
  snapshots: ['name'],
} as const satisfies { readonly [K in Kind]: readonly (keyof RecordOf<K>)[] };

/** All kinds of records, each with a table of its name. */
export const KINDS = Object.keys(COLUMNS_OF) as Kind[];

/** The columns of a kind that hold copies of fields: those that it is filtered and sorted by, and its labels. */
export function columnsOf(kind: Kind): readonly string[] {
  return hasLabels(kind) ? [...COLUMNS_OF[kind], 'labels'] : COLUMNS_OF[kind];
}

/** Whether a list of this kind may be filtered by the field; `id` always may. */
export function isFilter(kind: Kind, field: string): boolean {
  return (
    field === 'id' ||
    isOfHost(kind, field) ||
    tableOfUse(kind, field) !== null ||
    (COLUMNS_OF[kind] as readonly string[]).includes(field)
  );
}

/** Whether the field that a list of this kind is filtered by is one of the record's host, whose row alone has it. */
export function isOfHost(kind: Kind, field: string): boolean {
  return kind === 'dax_devices' && field === 'kernel_release';
}

/** The table of the mapping or pin whose process and device exposures are filtered by (EX3); null for other fields. */
export function tableOfUse(kind: Kind, field: string): 'mappings' | 'pins' | null {
  if (kind !== 'exposures') return null;
  return field === 'mapping' ? 'mappings' : field === 'pin' ? 'pins' : null;
}

/**
 * Filters that have an index within a host. By any other one the rows of the host are looked through, in order of
 * creation: an index of the fleet would lead through the rows of all hosts.
 */
const WITHIN_HOST: Partial<Record<Kind, readonly string[]>> = {
  dax_devices: ['state', 'size'],
  memory_ranges: ['dax_device'],
  cxl_regions: ['size'],
  mounts: ['dax_device', 'path'],
  files: ['mount', 'path', 'size'],
  processes: ['pid'],
  open_files: ['pid', 'dax_device', 'file'],
  mappings: ['pid', 'dax_device', 'file'],
  pins: ['pid', 'dax_device'],
  removals: ['dax_device', 'state'],
  hotplug_events: ['dax_device'],
  exposures: ['dax_device', 'open', 'pages'],
};

/** Whether the rows of a host that are equal in a field are a range of an index. */
export function isRangeWithinHost(kind: Kind, field: string): boolean {
  return field === 'id' || (WITHIN_HOST[kind] ?? []).includes(field);
}

/**
 * What a list of each kind may be sorted by, and its column: never NULL, and indexed over the fleet and within a host,
 * so that a page reads no more rows than it shows. `created_at` every list may: keys grow with creation.
 */
const SORTS_OF: Partial<Record<Kind, Readonly<Record<string, string>>>> = {
  hosts: { name: 'id', kernel: 'kernel' },
  dax_devices: { name: 'id', size: 'size', state: 'state' },
  cxl_memdevs: { name: 'id' },
  cxl_regions: { name: 'id', size: 'size' },
  mounts: { path: 'path', dax_device: 'dax_device' },
  files: { path: 'path', size: 'size' },
  processes: { pid: 'pid' },
  open_files: { pid: 'pid', dax_device: 'dax_device' },
  mappings: { pid: 'pid', dax_device: 'dax_device' },
  pins: { pid: 'pid', dax_device: 'dax_device' },
  removals: { dax_device: 'dax_device', state: 'state' },
  hotplug_events: { dax_device: 'dax_device' },
  exposures: { dax_device: 'dax_device', pages: 'pages' },
};

/** The column that a list of this kind is sorted by for a field; null where it cannot be. */
export function sortColumn(kind: Kind, field: string): string | null {
  const sorts = new Map(Object.entries({ ...SORTS_OF[kind], created_at: 'key' }));
  return sorts.get(field) ?? null;
}

/** The record of a row of a kind's table, whole, in SQL; the table is there by that name. */
export function wholeRecord(kind: Kind, row: string = kind): string {
  if (kind === 'hosts') return wholeHost(row);
  return isPutTogether(kind) ? wholeFile(row) : `${row}.record`;
}

/** Kinds whose records are put together of so many rows that this is done only for those that are shown. */
export function isPutTogether(kind: Kind): boolean {
  return kind === 'files';
}

/** What is read of the rows of a kind's table that are loaded (Row of load.ts), in SQL. */
export function rowColumns(kind: Kind): string {
  if (kind === 'files') return `id, record, runs, ${chunksOfFile(kind)} AS extents`;
  return `id, ${wholeRecord(kind)} AS record${ownsEntries(kind) ? ', runs' : ''}`;
}

/** The revision of a row of a kind's table, in SQL. */
export function revisionOf(kind: Kind, row: string = kind): string {
  return kind === 'hosts' ? hostCount(row, 'revision') : `${row}.revision`;
}

/** The column that has the key of a row's host. */
export function hostColumn(kind: Kind): 'key' | 'host' {
  return kind === 'hosts' ? 'key' : 'host';
}

/** Kinds whose records have labels: a row of `labels` each. */
export function hasLabels(kind: Kind): boolean {
  return kind === 'hosts' || kind === 'dax_devices';
}

/** Kinds whose rows hold runs of entries beside the record: page-table entries of a mapping, i_pages of a file. */
export function ownsEntries(kind: Kind): boolean {
  return kind === 'mappings' || kind === 'files';
}
