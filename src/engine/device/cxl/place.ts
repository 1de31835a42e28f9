import type { CreateDaxDevice, CxlPlace, ImportedCxl } from '../../model/command.ts';
import type { CxlMemdev, CxlRegion, DaxDevice } from '../../model/host.ts';
import { factsOf } from '../../kernels/of_host.ts';
import { kernelRefuses, refuse, type Refusal } from '../../model/refusal.ts';
import { emit, hostRecord, identity, put, type Transaction } from '../../model/transaction.ts';
import { isOnDaxBus } from '../../model/vocabulary.ts';
import { capacityFor, regionsOn } from './chain.ts';
import { freeMemdev, freeRegion, nmemOf } from './names.ts';

const GRANULARITY = 256;
const NEVER_RESET = { committed_with_zero_size: false, left_region: null } as const;

/**
 * What a new device of provider CXL stands on: a region of that name that is there, or a new one over the memdevs
 * named (one by itself unless told). Refused as the kernel does: no drivers/cxl (M95), ram regions before they
 * bind (M112), serial 0 under a persistent region (M113), more than a card has (hdm.c cxl_dpa_alloc()).
 */
export function placeOnCxl(
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
  const refusal = refusesCxl(tx);
  if (refusal !== null) return refusal;
  const place = command.cxl ?? {};
  const there = place.region === undefined ? undefined : tx.host.tables.cxl_regions.get(place.region);
  if (there !== undefined) return onRegion(place, there, device);
  return makeRegion(tx, place, device);
}

/** M95: a kernel without drivers/cxl for memory has no CXL devices. */
export function refusesCxl(tx: Transaction): Refusal | null {
  if (factsOf(tx.host).cxl.region_types.length > 0) return null;
  const detail = `${hostRecord(tx.host).kernel} has no driver for CXL memory`;
  return { ...kernelRefuses('ENODEV', detail), pointer: '/provider' };
}

function onRegion(
  place: CxlPlace,
  { name, state, decode_state, size, resource }: CxlRegion,
  device: DaxDevice,
): string | Refusal {
  const first =
    resource === null || device.phys_addr === null ? 0n : BigInt(device.phys_addr) - BigInt(resource);
  if (first < 0n || first + BigInt(device.size) > BigInt(size)) {
    const pointer = device.size > size ? '/size' : '/phys_addr';
    return refuse('out_of_range', `the range is not within ${name}`, { pointer });
  }
  if (place.memdevs !== undefined || place.type !== undefined || place.locked !== undefined) {
    return refuse('invalid_field', `${name} exists already, with its memdevs`, { pointer: '/cxl' });
  }
  if (state === 'enabled' && decode_state === 'commit') return name;
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
  const wanted = place.memdevs ?? [{}];
  const bytes = Math.ceil(device.size / wanted.length);
  const memdevs: string[] = [];
  for (const one of wanted) {
    const name = one.name ?? freeMemdev(tx);
    const refusal = refusesMemdev(tx, { ...one, name, bytes }, type, memdevs);
    if (refusal !== null) return { ...refusal, pointer: '/cxl/memdevs' };
    if (!tx.host.tables.cxl_memdevs.has(name)) putMemdev(tx, device, { ...one, name }, type, bytes);
    memdevs.push(name);
  }
  const name = place.region ?? freeRegion(tx);
  put(tx, 'cxl_regions', name, {
    ...identity(tx),
    id: name,
    name,
    type,
    resource: device.phys_addr,
    size: device.size,
    interleave_ways: memdevs.length,
    interleave_granularity: GRANULARITY,
    state: 'enabled',
    decode_state: 'commit',
    locked: place.locked ?? false,
    mappings: memdevs.map((memdev, position) => ({ position, memdev, decoder: null })),
  });
  emit(tx, 'cxl_region_changed', `cxl-regions/${name}`, { memdevs });
  return name;
}

type Wanted = NonNullable<CxlPlace['memdevs']>[number] & { readonly name: string };

function refusesMemdev(
  tx: Transaction,
  { name, serial, bytes }: Wanted & { readonly bytes: number },
  type: CxlRegion['type'],
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
  type: CxlRegion['type'],
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

/** Memdevs and regions as a `cxl list` shows them: the listing wins. */
export function importCxl(tx: Transaction, { memdevs, regions }: ImportedCxl): void {
  const { cxl_memdevs, cxl_regions } = tx.host.tables;
  for (const memdev of memdevs) {
    const own = cxl_memdevs.get(memdev.name) ?? { ...identity(tx), ...NEVER_RESET };
    put(tx, 'cxl_memdevs', memdev.name, { ...own, ...memdev, id: memdev.name });
    emit(tx, 'cxl_memdev_changed', `cxl-memdevs/${memdev.name}`, { imported: true });
  }
  for (const region of regions) {
    const own = cxl_regions.get(region.name) ?? { ...identity(tx), locked: false };
    put(tx, 'cxl_regions', region.name, { ...own, ...region, id: region.name });
    emit(tx, 'cxl_region_changed', `cxl-regions/${region.name}`, { imported: true });
  }
}
