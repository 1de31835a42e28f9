import type { CreateDaxDevice, CxlPlace } from '../../model/device_command.ts';
import type { CxlMemdev, CxlRegion } from '../../model/cxl.ts';
import type { DaxDevice } from '../../model/host.ts';
import { factsOf } from '../../kernels/of_host.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../../model/refusal.ts';
import { emit, identity, put, type Transaction } from '../../model/transaction.ts';
import type { KnownRegionType } from '../../model/region_type.ts';
import { isOnDaxBus } from '../../model/vocabulary.ts';
import { capacityFor, isUp, refusesCxl, regionsOn, targetsOf } from './chain.ts';
import { NEVER_RESET } from './listed.ts';
import { isMeasured, isTyped, sizeUnknown, typeUnknown } from './region_type.ts';
import { freeMemdev, freeRegion, nmemOf } from './names.ts';

/** Bytes of an interleave way, where nobody chooses. */
const GRANULARITY = 256;

/**
 * What a new device of provider CXL stands on: a region of that name that is there, or a new one over the memdevs
 * named (a single new one unless told). Refused as the kernel does: no drivers/cxl (M95), ram regions before they
 * bind (M112), serial 0 under a persistent region (M113), more than a card has (hdm.c cxl_dpa_alloc()).
 */
export function standOnCxl(
  tx: Transaction,
  command: CreateDaxDevice,
  device: DaxDevice,
): string | null | Refusal {
  if (device.provider !== 'CXL') {
    if (command.cxl === undefined) return null;
    return refuse('invalid_field', 'only a device of provider CXL stands on a CXL region', {
      pointer: '/cxl',
    });
  }
  const refusal = refusesCxl(tx.host);
  if (refusal !== null) return refusal;
  const place = command.cxl ?? {};
  const there = place.region === undefined ? undefined : tx.host.tables.cxl_regions.get(place.region);
  if (there !== undefined) return onRegion(place, there, device);
  return makeRegion(tx, place, device);
}

function onRegion(place: CxlPlace, region: CxlRegion, device: DaxDevice): string | Refusal {
  if (!isMeasured(region)) return { ...sizeUnknown(region), pointer: '/cxl/region' };
  const { name, state, decode_state, size, resource } = region;
  const first =
    resource === null || device.phys_addr === null ? 0n : BigInt(device.phys_addr) - BigInt(resource);
  if (first < 0n || first + BigInt(device.size) > BigInt(size)) {
    const pointer = device.size > size ? '/size' : '/phys_addr';
    return refuse('out_of_range', `the range is not within ${name}`, { pointer });
  }
  if (place.memdevs !== undefined || place.type !== undefined || place.locked !== undefined) {
    return refuse('invalid_field', `${name} exists already, with its memdevs`, { pointer: '/cxl' });
  }
  if (!isTyped(region)) return { ...typeUnknown(region), pointer: '/cxl/region' };
  if (isUp(region)) return name;
  return {
    ...kernelRefuses('ENODEV', `${name} is ${state}, its decode state ${decode_state}`),
    pointer: '/cxl',
  };
}

function makeRegion(tx: Transaction, place: CxlPlace, device: DaxDevice): string | Refusal {
  const facts = factsOf(tx.host).cxl;
  const byMode = device.mode === 'system-ram' && facts.region_types.includes('ram') ? 'ram' : 'pmem';
  const type = place.type ?? byMode;
  if (!facts.region_types.includes(type)) {
    return { ...kernelRefuses('ENXIO', 'cxl_region: unsupported region mode'), pointer: '/cxl/type' };
  }
  if (type === 'ram' && !isOnDaxBus(device.mode)) {
    return refuse('invalid_field', `a ram region has no ${device.mode} device`, { pointer: '/cxl/type' });
  }
  const memdevs = takeMemdevs(tx, place, device, type);
  if (isRefusal(memdevs)) return { ...memdevs, pointer: '/cxl/memdevs' };
  const name = place.region ?? freeRegion(tx);
  put(tx, 'cxl_regions', name, {
    ...identity(tx),
    id: name,
    name,
    type,
    type_as_listed: null,
    resource: device.phys_addr,
    size: device.size,
    interleave_ways: memdevs.length,
    interleave_granularity: GRANULARITY,
    state: 'enabled',
    decode_state: 'commit',
    locked: place.locked ?? false,
    mappings: targetsOf(memdevs),
  });
  emit(tx, 'cxl_region_changed', `cxl-regions/${name}`, { memdevs });
  return name;
}

/** The memdevs under a new region, each with its share of it: those that are there, and new ones. */
function takeMemdevs(
  tx: Transaction,
  place: CxlPlace,
  device: DaxDevice,
  type: KnownRegionType,
): string[] | Refusal {
  const wanted = place.memdevs ?? [{}];
  const bytes = Math.ceil(device.size / wanted.length);
  const taken: string[] = [];
  for (const asked of wanted) {
    const memdev = { ...asked, name: asked.name ?? freeMemdev(tx) };
    const refusal = refusesMemdev(tx, { ...memdev, bytes }, type, taken);
    if (refusal !== null) return refusal;
    if (!tx.host.tables.cxl_memdevs.has(memdev.name)) putMemdev(tx, device, memdev, type, bytes);
    taken.push(memdev.name);
  }
  return taken;
}

type Wanted = NonNullable<CxlPlace['memdevs']>[number] & { readonly name: string };

function refusesMemdev(
  tx: Transaction,
  { name, serial, bytes }: Wanted & { readonly bytes: number },
  type: KnownRegionType,
  before: readonly string[],
): Refusal | null {
  const there = tx.host.tables.cxl_memdevs.get(name);
  if (before.includes(name)) return refuse('invalid_field', `${name} is named twice`);
  if (regionsOn(tx.host, name).length > 0) return kernelRefuses('EBUSY', `${name} decodes to another region`);
  if (there !== undefined && there.state !== 'enabled')
    return kernelRefuses('ENODEV', `${name} is ${there.state}`);
  if (there !== undefined && capacityFor(there, type) < bytes)
    return kernelRefuses(
      'ENOSPC',
      `${name} has ${String(capacityFor(there, type))} bytes of ${type} capacity`,
    );
  const zero = (there?.serial ?? serial) === '0x0' && type === 'pmem';
  if (!zero || factsOf(tx.host).cxl.serial_zero_pmem === 'allowed') return null;
  return kernelRefuses('ENXIO', 'invalid or missing serial number');
}

function putMemdev(
  tx: Transaction,
  { numa_node }: DaxDevice,
  { name, serial, pci }: Wanted,
  type: KnownRegionType,
  bytes: number,
): CxlMemdev {
  const pmem_size = type === 'pmem' ? bytes : 0;
  const record = put(tx, 'cxl_memdevs', name, {
    ...identity(tx),
    id: name,
    name,
    serial: serial ?? null,
    pci: pci ?? null,
    pmem_size,
    ram_size: bytes - pmem_size,
    numa_node,
    state: 'enabled',
    nmem: nmemOf({ name, pmem_size }),
    ...NEVER_RESET,
  });
  emit(tx, 'cxl_memdev_changed', `cxl-memdevs/${name}`, { serial: record.serial });
  return record;
}
