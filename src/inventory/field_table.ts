import type { ObjectKind } from './record.ts';

/**
 * What a known key holds. `count`: integer of at most 2^53-1. `sectors`: of 512 bytes. `size`: a count, or a rounded string with -u. `align`: a power of two.
 * `u64`: integer, or a hex string with -u; `address`: one that is never printed signed. `device_name`, `disk_name`: names that
 * become part of a path.
 */
export type FieldType =
  | 'string'
  | 'device_name'
  | 'disk_name'
  | 'boolean'
  | 'count'
  | 'sectors'
  | 'size'
  | 'align'
  | 'u64'
  | 'address'
  | 'decode_state'
  | 'object'
  | 'objects'
  | 'strings';

export interface KindFields {
  /** Known keys; a key that is not here is kept unread. */
  readonly types: Readonly<Record<string, FieldType>>;
  /** Keys that the tool prints whenever they apply, with any flags: absence says that they no longer do. */
  readonly always_told: readonly string[];
}

const DIMM_FLAGS = [
  'failed_map',
  'failed_save',
  'failed_arm',
  'failed_restore',
  'failed_flush',
  'smart_event',
].map((name) => `flag_${name}`);
const BADBLOCKS = { badblock_count: 'count', badblocks: 'objects' } as const;
const NODES = { numa_node: 'count', target_node: 'count' } as const;
const DPORTS = { nr_dports: 'count', dports: 'objects' } as const;

/**
 * The keys of each kind of object, as the tools of version 76.1 print them.
 *
 * Source: ndctl/list.c, util/json.c, daxctl/list.c, cxl/json.c, v76.1; rows M116 to M134.
 */
export const FIELDS: Readonly<Record<ObjectKind, KindFields>> = {
  bus: {
    types: { provider: 'string', dev: 'device_name', scrub_state: 'string', firmware: 'object' },
    always_told: [],
  },
  dimm: {
    types: {
      dev: 'device_name',
      id: 'string',
      handle: 'u64',
      phys_id: 'u64',
      state: 'string',
      security: 'string',
      security_frozen: 'boolean',
      health: 'object',
      firmware: 'object',
      ...Object.fromEntries(DIMM_FLAGS.map((flag) => [flag, 'boolean' as const])),
    },
    always_told: ['state', ...DIMM_FLAGS],
  },
  region: {
    types: {
      dev: 'device_name',
      type: 'string',
      size: 'size',
      align: 'align',
      available_size: 'size',
      max_available_extent: 'size',
      ...NODES,
      iset_id: 'u64',
      mappings: 'objects',
      state: 'string',
      ...BADBLOCKS,
      persistence_domain: 'string',
    },
    always_told: ['state', 'badblock_count', 'iset_id'],
  },
  namespace: {
    types: {
      dev: 'device_name',
      mode: 'string',
      map: 'string',
      size: 'size',
      uuid: 'string',
      raw_uuid: 'string',
      sector_size: 'count',
      chardev: 'device_name',
      align: 'align',
      blockdev: 'disk_name',
      state: 'string',
      name: 'string',
      ...NODES,
      ...BADBLOCKS,
    },
    always_told: ['map', 'uuid', 'sector_size', 'align', 'state', 'name', 'badblock_count'],
  },
  dax_region: {
    types: { path: 'string', id: 'count', size: 'size', align: 'align', available_size: 'size' },
    always_told: ['available_size'],
  },
  dax_device: {
    types: {
      chardev: 'device_name',
      size: 'size',
      target_node: 'count',
      align: 'align',
      mode: 'string',
      online_memblocks: 'count',
      total_memblocks: 'count',
      movable: 'boolean',
      state: 'string',
      mappings: 'objects',
    },
    always_told: ['target_node', 'online_memblocks', 'total_memblocks', 'movable', 'state'],
  },
  cxl_bus: { types: { bus: 'device_name', provider: 'string', ...DPORTS }, always_told: [] },
  port: {
    types: { port: 'device_name', host: 'string', depth: 'count', state: 'string', ...DPORTS },
    always_told: ['state'],
  },
  endpoint: {
    types: { endpoint: 'device_name', host: 'string', depth: 'count', state: 'string', ...DPORTS },
    always_told: ['state'],
  },
  memdev: {
    types: {
      memdev: 'device_name',
      pmem_size: 'size',
      ram_size: 'size',
      serial: 'u64',
      numa_node: 'count',
      host: 'string',
      state: 'string',
      health: 'object',
      alert_config: 'object',
      partition_info: 'object',
      firmware: 'object',
    },
    always_told: ['pmem_size', 'ram_size', 'numa_node', 'state'],
  },
  decoder: {
    types: {
      decoder: 'device_name',
      resource: 'address',
      size: 'size',
      interleave_ways: 'count',
      interleave_granularity: 'count',
      region: 'string',
      dpa_resource: 'u64',
      dpa_size: 'size',
      mode: 'string',
      max_available_extent: 'size',
      pmem_capable: 'boolean',
      volatile_capable: 'boolean',
      accelmem_capable: 'boolean',
      state: 'string',
      nr_targets: 'count',
      targets: 'objects',
    },
    always_told: [
      'resource',
      'size',
      'interleave_granularity',
      'region',
      'dpa_resource',
      'dpa_size',
      'mode',
      'state',
    ],
  },
  cxl_region: {
    types: {
      region: 'device_name',
      resource: 'address',
      size: 'size',
      type: 'string',
      interleave_ways: 'count',
      interleave_granularity: 'count',
      decode_state: 'decode_state',
      state: 'string',
      mappings: 'objects',
    },
    always_told: ['state'],
  },
};

/** The keys of what stands in a list of an object: `mappings`, `badblocks`. */
export const LIST_FIELDS: Readonly<Record<string, Readonly<Record<string, FieldType>>>> = {
  'region.mappings': { dimm: 'string', offset: 'u64', length: 'u64', position: 'count' },
  'region.badblocks': { offset: 'sectors', length: 'sectors', dimms: 'strings' },
  'namespace.badblocks': { offset: 'sectors', length: 'sectors', dimms: 'strings' },
  'dax_device.mappings': { page_offset: 'u64', start: 'address', end: 'address', size: 'size' },
  'cxl_region.mappings': { position: 'count', memdev: 'string', decoder: 'string' },
};

/** The keys without which a member of a list means nothing. */
export const REQUIRED_IN_LISTS: Readonly<Record<string, readonly string[]>> = {
  'region.mappings': ['dimm'],
  'region.badblocks': ['offset', 'length'],
  'namespace.badblocks': ['offset', 'length'],
  'dax_device.mappings': ['start', 'end'],
  'cxl_region.mappings': ['memdev'],
};

/** The key that names an object of a kind, and the shape of its names. */
export const NAME_KEYS: Readonly<Record<ObjectKind, { readonly key: string; readonly shape: RegExp }>> = {
  bus: { key: 'dev', shape: /^ndbus\d{1,9}$/ },
  dimm: { key: 'dev', shape: /^nmem\d{1,9}$/ },
  region: { key: 'dev', shape: /^region\d{1,9}$/ },
  namespace: { key: 'dev', shape: /^namespace\d{1,9}\.\d{1,9}$/ },
  dax_region: { key: 'id', shape: /^\d{1,9}$/ },
  dax_device: { key: 'chardev', shape: /^dax\d{1,9}\.\d{1,9}$/ },
  cxl_bus: { key: 'bus', shape: /^root\d{1,9}$/ },
  port: { key: 'port', shape: /^port\d{1,9}$/ },
  endpoint: { key: 'endpoint', shape: /^endpoint\d{1,9}$/ },
  memdev: { key: 'memdev', shape: /^mem\d{1,9}$/ },
  decoder: { key: 'decoder', shape: /^decoder\d{1,9}\.\d{1,9}$/ },
  cxl_region: { key: 'region', shape: /^region\d{1,9}$/ },
};
