import { driverOf, SECTOR_BYTES, type DeviceMode } from '../engine/model/vocabulary.ts';
import { listedSectors, type Sectors } from './badblocks.ts';
import { cxlRegionOf } from './cxl_region_of.ts';
import { memdevsOf } from './cxl_topology.ts';
import { findRecord } from './find_record.ts';
import { sizeIn } from './human_size.ts';
import { serialOfDimm, toCount, toHex, toU64 } from './number.ts';
import {
  hidesContent,
  isModeOfDax,
  isModeOfNamespace,
  namespaceMode,
  membersOf,
  objectsOf,
  regionOfNamespace,
  textOf,
} from './read_field.ts';
import { type Filling, sectorsFromRegion } from './region_badblocks.ts';
import type {
  InventoryDeviceRecord,
  InventoryHostRecord,
  ListedObject,
  ListedParts,
  ListedValue,
  MemoryBlocks,
  PoisonedRange,
} from './record.ts';

/** NUMA_NO_NODE: kmem refuses the device (M62). */
const NO_NODE = -1;
const MEMORY_BLOCK_BYTES = 128 * 1024 * 1024;

/** Who registers the platform device that a path leads through. Recorded: e820, hmem, nvdimm and cxl inventories. */
const PROVIDERS_ON_PATH = [
  [/\/ACPI0012:/, 'ACPI.NFIT'],
  [/\/e820_pmem\//, 'e820'],
  [/\/ACPI0017:/, 'CXL'],
  [/\/hmem\.\d+$/, 'hmem'],
] as const;

/**
 * The record of a device from what it is listed as; unknown is null, never 0.
 *
 * A devdax namespace shows neither system-ram nor an unbound device: its dax device does [M123, M124]. With the
 * namespace disabled there is no dax device.
 * Source: ndctl util/json.c util_namespace_to_json(), util_daxctl_dev_to_json(), v76.1.
 */
export function deriveDevice(
  host: InventoryHostRecord,
  name: string,
  parts: ListedParts,
): InventoryDeviceRecord {
  const { namespace, dax_device: dax, dax_region: daxRegion } = parts;
  const isDax = isDaxParts(parts);
  const isDisabled = isDisabledParts(parts);
  const mode = modeOf(parts);
  const region = regionOf(parts);
  const path = textOf(daxRegion, 'path');
  const bus = findRecord(host.regions, region)?.parent ?? /\/(ndbus\d+)\//.exec(path ?? '')?.[1] ?? null;
  const align =
    mode === 'raw' || mode === 'sector' ? null : (toCount(dax?.['align']) ?? toCount(namespace?.['align']));
  const targetNode = targetNodeOf(parts);
  const start = startOf(dax);
  const link = cxlRegionOf(host, parts, region);
  const cxlRegion = link?.cxl_region ?? null;
  const size = sizeOf(isDax ? [dax?.['size'], namespace?.['size']] : [namespace?.['size']]);
  const provider = providerOf(host, bus, path) ?? (cxlRegion === null ? null : 'CXL');
  const map = textOf(namespace, 'map');
  const filling = { mode, map, align, provider, ...size };
  return {
    name,
    mode,
    mode_as_listed: unknownModeOf(parts),
    driver: isDisabled ? null : driverOf(mode),
    state: isDisabled ? 'unbound' : 'bound',
    ...size,
    align,
    phys_addr: start === null || !isDax ? null : toHex(start),
    numa_node: mode === 'system-ram' ? targetNode : toCount(namespace?.['numa_node']),
    target_node: targetNode,
    media_serial: mediaSerialOf(host, region, cxlRegion),
    provider,
    map,
    uuid: textOf(namespace, 'uuid'),
    label: textOf(namespace, 'name'),
    memory_blocks: mode === 'system-ram' && dax !== null ? memoryBlocksOf(dax) : null,
    poisoned_ranges: poisonedRangesOf(namespace, findRecord(host.regions, region)?.fields ?? {}, filling),
    bus,
    region,
    namespace: textOf(namespace, 'dev'),
    dax_region_id: daxRegionIdOf(parts),
    cxl_region: cxlRegion,
    cxl_region_from: link?.cxl_region_from ?? null,
    listed: parts,
  };
}

/**
 * daxctl prints the node of a dax device if it has one: a devdax device that is listed whole, without it, has none.
 * Source: daxctl/json.c util_daxctl_dev_to_json() (target_node if >= 0, always a mode), 76.1.
 */
function targetNodeOf({ namespace, dax_device: dax }: ListedParts): number | null {
  const told = toCount(dax?.['target_node']) ?? toCount(namespace?.['target_node']);
  return told ?? (dax?.['mode'] === 'devdax' ? NO_NODE : null);
}

/** Whether the parts are those of a dax device (devdax, system-ram), not of a block device. */
export function isDaxParts({ namespace, dax_device: dax }: ListedParts): boolean {
  return dax !== null || namespaceMode(namespace) === 'devdax';
}

/** Whether the namespace has no driver, and so no block device and no dax device. */
export function isDisabledNamespace({ namespace }: ListedParts): boolean {
  return namespace?.['state'] === 'disabled';
}

/**
 * Whether a listing has shown the mode of a dax device. ndctl without -X only names it, as devdax by its namespace: that
 * it is system-ram, daxctl may still tell [M124].
 */
export function isModeTold(dax: ListedObject): boolean {
  return dax['mode'] !== undefined;
}

/** `daxR.N`: R is the id of its dax region [M129]. */
export function daxRegionIdOf({ dax_device: dax }: Pick<ListedParts, 'dax_device'>): number | null {
  const digits = /^dax(\d+)\./.exec(textOf(dax, 'chardev') ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

function isDisabledParts(parts: ListedParts): boolean {
  return isDisabledNamespace(parts) || (isDaxParts(parts) && parts.dax_device?.['state'] === 'disabled');
}

/** The word of a mode that is not modelled; that of the dax device, which daxctl alone tells, first. */
function unknownModeOf({ namespace, dax_device: dax }: ListedParts): string | null {
  const ofDax = textOf(dax, 'mode');
  if (ofDax !== null && !isModeOfDax(ofDax)) return ofDax;
  const word = namespaceMode(namespace);
  return word === null || isModeOfNamespace(word) ? null : word;
}

function modeOf(parts: ListedParts): DeviceMode {
  if (unknownModeOf(parts) !== null) return 'unknown';
  if (isDaxParts(parts)) {
    const isRam = parts.dax_device?.['mode'] === 'system-ram' && !isDisabledNamespace(parts);
    return isRam ? 'system-ram' : 'devdax';
  }
  const mode = namespaceMode(parts.namespace);
  return mode === 'fsdax' || mode === 'sector' ? mode : 'raw';
}

/** The nd region: a namespace is named for it; a dax device alone shows it in its path. */
function regionOf({ namespace, dax_region: daxRegion }: ListedParts): string | null {
  const dev = textOf(namespace, 'dev');
  if (dev !== null) return regionOfNamespace(dev);
  return /\/ndbus\d+\/(region\d+)\//.exec(textOf(daxRegion, 'path') ?? '')?.[1] ?? null;
}

/** The first size that can be read: what is known exactly of a rounded one stands in its place already [IMP71]. */
function sizeOf(sizes: readonly (ListedValue | undefined)[]): {
  size: number | null;
  size_is_rounded: boolean;
} {
  const told = sizes.find((size) => sizeIn(size) !== null);
  return { size: sizeIn(told), size_is_rounded: told !== undefined && toCount(told) === null };
}

function providerOf(host: InventoryHostRecord, bus: string | null, path: string | null): string | null {
  const record = findRecord(host.buses, bus);
  const onPath = PROVIDERS_ON_PATH.find(([shape]) => path !== null && shape.test(path));
  return textOf(record?.fields, 'provider') ?? onPath?.[1] ?? null;
}

/** The serials of the CXL memdevs in position order, else the ids of the region's dimms. */
function mediaSerialOf(
  host: InventoryHostRecord,
  region: string | null,
  cxlRegion: string | null,
): string | null {
  const memdevs = cxlRegion === null ? [] : memdevsOf(host, cxlRegion);
  if (memdevs.length > 0 && memdevs.every(({ serial }) => serial !== null)) {
    return memdevs.map(({ serial }) => serial).join(',');
  }
  const record = findRecord(host.regions, region);
  const ids = (membersOf(record?.fields) ?? []).map((mapping) => dimmIdOf(host, textOf(mapping, 'dimm')));
  return ids.length === 0 || ids.includes(null) ? null : ids.join(',');
}

/** A CXL dimm's id is the serial of its card, shown as that is; an NFIT id is no number, but has dashes [M131]. */
function dimmIdOf(host: InventoryHostRecord, dimm: string | null): string | null {
  const id = textOf(findRecord(host.dimms, dimm)?.fields, 'id');
  const serial = serialOfDimm(id);
  return serial === null ? id : toHex(serial);
}

/**
 * Bytes from the start of the data; null where a listing does not tell which, or whether any. A namespace that lists none
 * may have been listed by one who may not read where it begins: then its region tells [IMP62].
 * Source: ndctl util/json.c util_pfn_badblocks_to_json(), util_dax_badblocks_to_json(), v76.1.
 */
function poisonedRangesOf(
  namespace: ListedObject | null,
  region: ListedObject,
  filling: Filling,
): readonly PoisonedRange[] | null {
  const isTold = namespace?.['badblocks'] !== undefined;
  const inRegion = isTold ? null : sectorsFromRegion(region, filling);
  const sectors = inRegion !== null && inRegion.length > 0 ? inRegion : ownSectors(namespace);
  return (
    sectors?.map(([first, count]) => ({ offset: first * SECTOR_BYTES, length: count * SECTOR_BYTES })) ?? null
  );
}

function ownSectors(namespace: ListedObject | null): Sectors | null {
  const sectors = namespace === null ? null : listedSectors(namespace);
  return sectors?.length === 0 && hidesContent(namespace!) ? null : sectors;
}

/** Where a dax device begins; null where it is untold, or the device is of ranges that do not adjoin [M78]. */
function startOf(dax: ListedObject | null): bigint | null {
  const ranges = (objectsOf(dax, 'mappings') ?? []).map(({ start, end }) => ({
    start: toU64(start),
    end: toU64(end),
  }));
  const adjoin = ranges.every(({ start }, at) => at === 0 || start === (ranges[at - 1]!.end ?? -1n) + 1n);
  return adjoin ? (ranges[0]?.start ?? null) : null;
}

/**
 * As far as they are told: daxctl counts them where it may read the address, which root alone may.
 * The block size is printed by no tool: 128 MiB if that many whole blocks fit, and no more; else unknown.
 * Source: daxctl/json.c util_daxctl_dev_to_json(), v81.
 */
function memoryBlocksOf(dax: ListedObject): MemoryBlocks {
  const [online, total] = [toCount(dax['online_memblocks']), toCount(dax['total_memblocks'])];
  const movable = typeof dax['movable'] === 'boolean' ? dax['movable'] : null;
  const isUsual = total !== null && fitsBlocks(dax, total);
  return { online, total, movable, block_size: isUsual ? MEMORY_BLOCK_BYTES : null };
}

function fitsBlocks(dax: ListedObject, total: number): boolean {
  const ranges = (objectsOf(dax, 'mappings') ?? []).map(
    ({ start, end }) => [toU64(start), toU64(end)] as const,
  );
  const unit = BigInt(MEMORY_BLOCK_BYTES);
  if (ranges.length > 0 && ranges.every(([start, end]) => start !== null && end !== null)) {
    const whole = ranges.map(([start, end]) => (end! + 1n) / unit - (start! + unit - 1n) / unit);
    return whole.reduce((sum, blocks) => sum + (blocks > 0n ? blocks : 0n), 0n) === BigInt(total);
  }
  const size = sizeIn(dax['size']);
  return size !== null && total * MEMORY_BLOCK_BYTES <= size && size < (total + 2) * MEMORY_BLOCK_BYTES;
}
