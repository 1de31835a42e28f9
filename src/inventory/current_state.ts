import { nameInSysfs } from '../engine/model/name_in_sysfs.ts';
import { isWithoutLabels } from '../engine/model/provider.ts';
import { isOnDaxBus } from '../engine/model/vocabulary.ts';
import { badblocksNow, sectorsHeld, sectorsOf } from './badblocks.ts';
import { deriveDevice, isDisabledNamespace, isModeTold } from './derive.ts';
import { findRecord } from './find_record.ts';
import { daxName, freeName, namespaceOf, type NameOwners } from './kernel_names.ts';
import { isEqual } from './is_equal.ts';
import { isOdd } from './lossless.ts';
import { fromU64, toU64, U64_MAX } from './number.ts';
import { namespaceMode, onlyDimm, pick, regionOfNamespace, textOf } from './read_field.ts';
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
import { shownAs, type Shown, type Visible } from './shown.ts';

/**
 * What the simulator knows of a device now. Null is unknown: what was imported stands.
 *
 * `size`, `align`: bytes; `phys_addr`: `0x` hex; `badblocks`: bytes from the start of the data.
 */
export interface CurrentDevice extends Visible {
  readonly name: string;
  readonly size: number | null;
  readonly align: number | null;
  readonly phys_addr: string | null;
  readonly numa_node: number | null;
  readonly target_node: number | null;
  readonly provider: string | null;
  /** Whether it is of a namespace: the dax devices of dynamic regions (hmem, CXL ram) are not. */
  readonly on_nd_bus: boolean;
  readonly map: string | null;
  readonly memory_blocks: Omit<MemoryBlocks, 'block_size'> | null;
  readonly badblocks: readonly PoisonedRange[] | null;
  /** How many of them were known when it was last listed: a count without a list has those in it. None if absent. */
  readonly counted_sectors?: number;
}

/** What a namespace keeps when it is given to another mode: uuids and labels are new then, and not known. */
const KEPT_ACROSS_MODES = ['dev', 'numa_node', 'target_node', 'badblock_count', 'badblocks'];

/**
 * The record of a device as it is now: what was imported, overruled by what the simulator made of it.
 *
 * `record` is null for a device that no listing brought. Not for a device that is gone. `owners`: whose the names are
 * that the other devices are listed by.
 */
export function withCurrentState(
  host: InventoryHostRecord,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
  owners: NameOwners = new Map(),
): InventoryDeviceRecord {
  const ofName = current.on_nd_bus ? namespaceOf(current.name) : null;
  const isFree = (owners.get(textOf(ofName, 'dev') ?? '') ?? current.name) === current.name;
  const listed = record?.listed ?? {
    namespace: isFree ? ofName : null,
    dax_region: null,
    dax_device: null,
  };
  // Nothing is done to one in a mode that is not modelled.
  if (current.mode === 'unknown') return deriveDevice(host, current.name, listed);
  const shown = shownAs({ ...current, is_present: true });
  const namespace =
    listed.namespace === null
      ? null
      : named(namespaceNow(host, listed.namespace, record, current, shown), 'blockdev', current, owners);
  const parts = isOnDaxBus(current.mode)
    ? settleParts({
        ...listed,
        namespace,
        dax_region: listed.dax_region,
        dax_device: named(daxDeviceNow(listed, record, current, shown), 'chardev', current, owners),
      })
    : { namespace, dax_region: null, dax_device: null };
  return deriveDevice(host, current.name, parts);
}

/** The object with a name that no other device has. */
function named<T extends ListedObject | null>(
  object: T,
  key: 'blockdev' | 'chardev',
  { name }: CurrentDevice,
  owners: NameOwners,
): T {
  const wanted = textOf(object, key);
  return wanted === null ? object : { ...object, [key]: freeName(wanted, name, owners) };
}

/** The state of a device of which the simulator knows no more than what was listed. Named by member: ADR 19. */
export function asListed(record: InventoryDeviceRecord): CurrentDevice {
  return {
    name: record.name,
    mode: record.mode,
    state: record.state,
    parent_bound: !isDisabledNamespace(record.listed),
    is_present: true,
    size: record.size,
    align: record.align,
    phys_addr: record.phys_addr,
    numa_node: record.numa_node,
    target_node: record.target_node,
    provider: record.provider,
    on_nd_bus: record.namespace !== null,
    map: record.map,
    memory_blocks: record.memory_blocks,
    badblocks: record.poisoned_ranges,
  };
}

function namespaceNow(
  host: InventoryHostRecord,
  namespace: ListedObject,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
  shown: Shown,
): ListedObject {
  const isDax = isOnDaxBus(current.mode);
  const mode = isDax ? 'devdax' : current.mode;
  const { blockdev, badblock_count, badblocks, ...kept } = enabled(inMode(namespace, mode));
  const isNew = namespaceMode(namespace) !== mode;
  const now = current.badblocks;
  const region = findRecord(host.regions, regionOfNamespace(textOf(namespace, 'dev') ?? ''));
  const hasPages = isDax || (mode === 'fsdax' && !(isNew && isNativeMemory(current)));
  return {
    ...kept,
    ...sizeAndAlign(kept, record, current, hasPages),
    ...(isNew && (isDax || mode === 'fsdax') && current.map !== null ? { map: current.map } : {}),
    ...(current.mode === 'system-ram' ? {} : nodeOf('numa_node', record, current)),
    ...nodeOf('target_node', record, current),
    ...(now === null || isAsTold(now, record)
      ? defined({ badblock_count, badblocks })
      : badblocksNow(
          { badblock_count, badblocks },
          sectorsOf(now),
          onlyDimm(region?.fields),
          current.counted_sectors,
        )),
    ...(shown.namespace === 'disabled' ? { state: 'disabled' } : {}),
    ...diskNow(namespace, current, isNew, shown),
  };
}

/**
 * The disk as it was listed, told or not, while mode and driver are; else, of a device that has a name of its own, the one
 * that the kernel gives it [IMP69].
 */
function diskNow(
  { blockdev, ...namespace }: ListedObject,
  { name, mode }: CurrentDevice,
  isNew: boolean,
  shown: Shown,
): ListedObject {
  const isDisabled = shown.namespace === 'disabled';
  const isAsListed = !isNew && (namespace['state'] === 'disabled') === isDisabled;
  const made = isDisabled || isOnDaxBus(mode) ? null : nameInSysfs(name, mode);
  const now = isAsListed ? blockdev : (made ?? undefined);
  return now === undefined ? {} : { blockdev: now };
}

/** What the listings tell is printed where they told it: of the namespace, or of its region alone [IMP62]. */
function isAsTold(now: readonly PoisonedRange[], record: InventoryDeviceRecord | null): boolean {
  const isTold = record !== null && record.poisoned_ranges !== null;
  return isTold && isEqual(sectorsHeld(record), sectorsHeld({ ...record, poisoned_ranges: now }));
}

/** e820 and virtio-pmem have struct pages without a superblock, and so without an align [M126]. */
function isNativeMemory({ provider, map }: CurrentDevice): boolean {
  return map === 'mem' && isWithoutLabels(provider);
}

function bindingOf({ state }: CurrentDevice): 'bound' | 'unbound' {
  return state === 'unbound' ? 'unbound' : 'bound';
}

/** A namespace that is disabled keeps what was known of the dax device it had; the exporter does not print it. */
function daxDeviceNow(
  { namespace, dax_device: device }: ListedParts,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
  shown: Shown,
): ListedObject | null {
  if (shown.dax_device === 'none' && namespace !== null) return device;
  const chardev = daxName(namespace, device, current.name);
  const isAsListed = record?.mode === current.mode && record.state === bindingOf(current);
  if (chardev === null || (device === null && isAsListed)) return null;
  const { online_memblocks: online, total_memblocks: total, movable, ...kept } = enabled(device ?? {});
  const isRam = shown.dax_mode === 'system-ram';
  const listedBlocks = defined({ online_memblocks: online, total_memblocks: total, movable });
  return {
    ...kept,
    chardev,
    ...(isAsListed && device !== null && !isModeTold(device) ? {} : { mode: shown.dax_mode }),
    ...sizeAndAlign(kept, record, current, true),
    ...nodeOf('target_node', record, current),
    ...mappingsOf(kept, record, current),
    ...(isRam ? (blocksOf(current) ?? listedBlocks) : {}),
    ...(shown.dax_device === 'enabled' ? {} : { state: 'disabled' }),
  };
}

function inMode(namespace: ListedObject, mode: string): ListedObject {
  if (namespaceMode(namespace) === mode) return namespace;
  const kept = namespace['mode'] === undefined ? Object.keys(namespace) : KEPT_ACROSS_MODES;
  return { ...pick(namespace, kept), mode };
}

function sizeAndAlign(
  listed: ListedObject,
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
  hasAlign: boolean,
): ListedObject {
  const isListedSize =
    isOdd(listed['size']) || (listed['size'] !== undefined && record?.size === current.size);
  const size = current.size === null || isListedSize ? {} : { size: current.size };
  const isListedAlign =
    isOdd(listed['align']) || (listed['align'] !== undefined && record?.align === current.align);
  const align = current.align === null || isListedAlign || !hasAlign ? {} : { align: current.align };
  return { ...size, ...align };
}

/** A node that differs from what was listed; -1 is printed by no tool. */
function nodeOf(
  key: 'numa_node' | 'target_node',
  record: InventoryDeviceRecord | null,
  current: CurrentDevice,
): ListedObject {
  const node = current[key];
  return node === null || node < 0 || record?.[key] === node ? {} : { [key]: node };
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
  if (blocks === null || blocks.online === null || blocks.total === null) return null;
  const movable = blocks.movable === null ? {} : { movable: blocks.movable };
  return { online_memblocks: blocks.online, total_memblocks: blocks.total, ...movable };
}

/** Absence of the key is how the tools say enabled. */
function enabled({ state, ...others }: ListedObject): ListedObject {
  return state === 'disabled' || state === undefined ? others : { ...others, state };
}

function defined(object: Readonly<Record<string, ListedValue | undefined>>): ListedObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
