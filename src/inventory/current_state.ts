import { SECTOR_BYTES, type DeviceMode, type DeviceState } from '../engine/vocabulary.ts';
import { deriveDevice, isDisabledNamespace } from './derive.ts';
import { isEqual } from './is_equal.ts';
import { daxName, diskName, namespaceOfDisk } from './kernel_names.ts';
import { fromU64, toU64, U64_MAX } from './number.ts';
import type {
  InventoryDeviceRecord,
  InventoryHostRecord,
  ListedObject,
  ListedParts,
  ListedValue,
  MemoryBlocks,
  PoisonedRange,
} from './record.ts';
import { settleParts } from './settle_parts.ts';

/**
 * What the simulator knows of a device now. Null is unknown: what was imported stands.
 *
 * `size`, `align`: bytes; `phys_addr`: `0x` hex; `poisoned_ranges`: bytes from the start of the data.
 * `parent_bound`: devdax on an nd bus, whether dax_pmem is bound; without it the namespace is disabled.
 */
export interface CurrentDevice {
  readonly name: string;
  readonly mode: DeviceMode;
  readonly state: DeviceState;
  readonly size: number | null;
  readonly align: number | null;
  readonly phys_addr: string | null;
  readonly numa_node: number | null;
  readonly map?: string | null;
  readonly parent_bound?: boolean;
  readonly memory_blocks?: Omit<MemoryBlocks, 'block_size'> | null;
  readonly poisoned_ranges?: readonly PoisonedRange[] | null;
}

/** What a namespace keeps when it is given to another mode: uuids and labels are new then, and not known. */
const KEPT_ACROSS_MODES = ['dev', 'numa_node', 'target_node'];

/**
 * The record of a device as it is now: what was imported, overruled by what the simulator made of it.
 *
 * Give these records to `importListing` as known, and to the renderers: an export then shows the current state, and
 * importing it changes nothing. `record` is null for a device that no listing brought. Not for a device that is gone.
 */
export function withCurrentState(
  host: InventoryHostRecord,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
): InventoryDeviceRecord {
  const listed = record?.listed ?? {
    namespace: namespaceOfDisk(current.name),
    dax_region: null,
    dax_device: null,
  };
  const parts = isDaxMode(current.mode)
    ? settleParts(daxParts(listed, record, current))
    : { namespace: blockNamespace(listed.namespace, record, current), dax_region: null, dax_device: null };
  return deriveDevice(host, current.name, parts);
}

function isDaxMode(mode: DeviceMode): boolean {
  return mode === 'devdax' || mode === 'system-ram';
}

function blockNamespace(
  namespace: ListedObject | null,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
): ListedObject | null {
  if (namespace === null) return null;
  const { blockdev: _blockdev, ...kept } = enabled(inMode(namespace, current.mode));
  return {
    ...kept,
    ...sizeAndAlign(kept, record, current, current.mode === 'fsdax'),
    ...(current.mode === 'fsdax' ? mapOf(current) : {}),
    ...nodeOf(record, current),
    ...badblocksOf(record, current),
    ...(current.state === 'unbound'
      ? { state: 'disabled' }
      : { blockdev: diskName(namespace, current.name, current.mode) }),
  };
}

function daxParts(
  listed: ListedParts,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
): ListedParts {
  const isUnknown = current.parent_bound === undefined;
  const isDisabled =
    current.state === 'unbound' && (isUnknown ? isDisabledNamespace(listed) : !current.parent_bound);
  return {
    namespace: listed.namespace === null ? null : daxNamespace(listed.namespace, record, current, isDisabled),
    dax_region: listed.dax_region,
    dax_device:
      isDisabled && listed.namespace !== null ? listed.dax_device : daxDevice(listed, record, current),
  };
}

function daxNamespace(
  namespace: ListedObject,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
  isDisabled: boolean,
): ListedObject {
  const kept = enabled(inMode(namespace, 'devdax'));
  return {
    ...kept,
    ...sizeAndAlign(kept, record, current, true),
    ...mapOf(current),
    ...(current.mode === 'system-ram' ? {} : nodeOf(record, current)),
    ...badblocksOf(record, current),
    ...(isDisabled ? { state: 'disabled' } : {}),
  };
}

function bindingOf({ state }: CurrentDevice): 'bound' | 'unbound' {
  return state === 'unbound' ? 'unbound' : 'bound';
}

/** kmem bound is system-ram; anything else is devdax, disabled while no driver is bound [M123]. */
function daxDevice(
  { namespace, dax_device: device }: ListedParts,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
): ListedObject | null {
  const chardev = daxName(namespace, device, current.name);
  const isAsListed = record?.mode === current.mode && record.state === bindingOf(current);
  if (chardev === null || (device === null && isAsListed)) return null;
  const { online_memblocks: online, total_memblocks: total, movable, ...kept } = enabled(device ?? {});
  const isRam = current.mode === 'system-ram' && current.state !== 'unbound';
  const listedBlocks = defined({ online_memblocks: online, total_memblocks: total, movable });
  return {
    ...kept,
    chardev,
    mode: isRam ? 'system-ram' : 'devdax',
    ...sizeAndAlign(kept, record, current, true),
    ...mappingsOf(kept, record, current),
    ...(isRam ? (blocksOf(current) ?? listedBlocks) : {}),
    ...(current.state === 'unbound' ? { state: 'disabled' } : {}),
  };
}

function inMode(namespace: ListedObject, mode: DeviceMode): ListedObject {
  if (namespace['mode'] === mode) return namespace;
  const kept = namespace['mode'] === undefined ? Object.keys(namespace) : KEPT_ACROSS_MODES;
  return { ...pick(namespace, kept), mode };
}

function sizeAndAlign(
  listed: ListedObject,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
  hasAlign: boolean,
): ListedObject {
  const isListedSize = listed['size'] !== undefined && record?.size === current.size;
  const size = current.size === null || isListedSize ? {} : { size: current.size };
  const isListedAlign = listed['align'] !== undefined && record?.align === current.align;
  const align = current.align === null || isListedAlign || !hasAlign ? {} : { align: current.align };
  return { ...size, ...align };
}

function mapOf({ map }: CurrentDevice): ListedObject {
  return map === undefined || map === null ? {} : { map };
}

function nodeOf(record: InventoryDeviceRecord | null, current: CurrentDevice): ListedObject {
  const isKnown = current.numa_node === null || record?.numa_node === current.numa_node;
  return isKnown ? {} : { numa_node: current.numa_node };
}

function mappingsOf(
  listed: ListedObject,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
): ListedObject {
  const start = toU64(current.phys_addr ?? '');
  const size = current.size ?? record?.size ?? null;
  const isListed =
    listed['mappings'] !== undefined && record?.phys_addr === current.phys_addr && record.size === size;
  if (start === null || size === null || size === 0 || isListed) return {};
  const end = start + BigInt(size) - 1n;
  if (end > U64_MAX) return {};
  return { mappings: [{ page_offset: 0, start: fromU64(start), end: fromU64(end), size }] };
}

function blocksOf({ memory_blocks: blocks }: CurrentDevice): ListedObject | null {
  if (blocks === null || blocks === undefined) return null;
  const movable = blocks.movable === null ? {} : { movable: blocks.movable };
  return { online_memblocks: blocks.online, total_memblocks: blocks.total, ...movable };
}

/** Poison that changed since the import is shown in whole sectors; the dimms it lies on are not known. */
function badblocksOf(record: InventoryDeviceRecord | null, current: CurrentDevice): ListedObject {
  const { poisoned_ranges: ranges } = current;
  if (ranges === null || ranges === undefined || isEqual(record?.poisoned_ranges ?? [], ranges)) return {};
  const badblocks = ranges.map(({ offset, length }) => {
    const first = Math.floor(offset / SECTOR_BYTES);
    return { offset: first, length: Math.ceil((offset + length) / SECTOR_BYTES) - first };
  });
  const count = badblocks.reduce((sum, { length }) => sum + length, 0);
  return count === 0
    ? { badblock_count: undefined, badblocks: undefined }
    : { badblock_count: count, badblocks };
}

/** Absence of the key is how the tools say enabled. */
function enabled({ state, ...others }: ListedObject): ListedObject {
  return state === 'disabled' || state === undefined ? others : { ...others, state };
}

function pick(object: ListedObject, keys: readonly string[]): ListedObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)));
}

function defined(object: Readonly<Record<string, ListedValue | undefined>>): ListedObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
