import type { ImportedCxl, ImportedDevice, ImportInventory, ToldKernel } from '../model/host_command.ts';
import { refusesCxl } from '../device/cxl/chain.ts';
import { forgetRegions, importCxl, refusesMemdevGone } from '../device/cxl/listed.ts';
import { learnBlockSize } from '../device/kmem/block_size.ts';
import { placesOf } from '../device/place.ts';
import { keptProposed } from '../kernels/proposed.ts';
import { withRegions } from '../kernels/probes.ts';
import { ifKnown } from '../kernels/unsettled.ts';
import { isRefusal } from '../model/refusal.ts';
import { emit, hostRecord, identity, patch, put, type Transaction } from '../model/transaction.ts';
import { importDevice } from './import_device.ts';
import { leftOut, withLeftOut, type LeftOut } from './left_out.ts';
import { tellKernel } from './tell_kernel.ts';
import { knownPolicy } from './told_policy.ts';

/**
 * Takes what listings show of a host. What one object is refused for leaves out that object alone, and the answer says
 * so (IMP41): nothing that a listing shows refuses it.
 */
export function importInventory(tx: Transaction, command: ImportInventory): string {
  const { cxl, devices, told } = command;
  const left = told === undefined ? [] : tellHost(tx, told);
  if (cxl !== undefined) left.push(...takeCxl(tx, cxl));
  left.push(...takeDevices(tx, devices));
  if (cxl !== undefined) forgetRegions(tx, cxl.gone.regions);
  if (devices.some(({ memory_blocks }) => (memory_blocks?.total ?? null) !== null)) learnBlockSize(tx);
  const id = 'inventory';
  const before = tx.host.tables.inventories.get(id);
  put(tx, 'inventories', id, { ...(before ?? identity(tx)), id, record: command.record });
  emit(tx, 'inventory_imported', 'inventory', { devices: devices.map((device) => device.name) });
  return withLeftOut(command.imported, left);
}

/**
 * Takes devices one after another, and then again what was refused, or did not get its address: what stood in its way
 * may be elsewhere by the same listing.
 */
function takeDevices(tx: Transaction, devices: readonly ImportedDevice[]): LeftOut[] {
  const places = placesOf(tx.host, null);
  const take = (device: ImportedDevice): { refused: boolean; left: LeftOut[] } => {
    const left: LeftOut[] = [];
    const refusal = importDevice(tx, device, { places, left });
    if (refusal !== null) left.push(leftOut('dax_device', device.name, refusal, device.listed_at));
    return { refused: refusal !== null, left };
  };
  const tried = devices.map((device) => ({ device, ...take(device) }));
  return tried.flatMap(({ device, refused, left }) => {
    if (refused) return take(device).left;
    const others = left.filter(({ reason }) => reason !== 'overlap');
    const hasAddress = others.length < left.length && (device.phys_addr ?? null) !== null;
    return hasAddress ? [...others, ...take({ ...device, change: 'unchanged' }).left] : left;
  });
}

/** Takes what a text says of the kernel as PATCH of the host would; where that is refused, it is left out. */
function tellHost(tx: Transaction, told: ToldKernel): LeftOut[] {
  const before = hostRecord(tx.host);
  const now = tellKernel(tx, told);
  if (isRefusal(now)) return [leftOut('host', before.name, now)];
  const { kernel, kernel_release } = now;
  const isFirst = kernel === 'resolved' && before.kernel !== kernel;
  // Regions that were listed while it was taken for a recorded one are those of this kernel.
  const regions = isFirst ? [...tx.host.tables.cxl_regions.values()] : [];
  const kernel_probes = withRegions(now.kernel_probes, regions);
  const proposed = keptProposed(kernel, before.proposed);
  const auto_online_blocks = knownPolicy(told, before.auto_online_blocks, now);
  const known = { kernel, kernel_release, kernel_probes, auto_online_blocks, proposed };
  patch(tx, 'hosts', before.name, known);
  emit(tx, 'host_changed', `hosts/${before.name}`, { ...told });
  return [];
}

/**
 * The memdevs and regions of a listing. Left out: all of them on a kernel without drivers/cxl (M95; where nobody can
 * say whether it has them, that a machine lists them says so), and the end of a memdev beneath a device in use.
 */
function takeCxl(tx: Transaction, { memdevs, regions, gone }: ImportedCxl): LeftOut[] {
  const noDriver = ifKnown(() => refusesCxl(tx.host));
  if (noDriver === null) tellRegions(tx, regions);
  const held = gone.memdevs.flatMap((name) => {
    const refusal = refusesMemdevGone(tx.host, name);
    return refusal === null ? [] : [leftOut('memdev', name, refusal)];
  });
  const stay = new Set(held.map(({ name }) => name));
  const ended = { ...gone, memdevs: gone.memdevs.filter((name) => !stay.has(name)) };
  importCxl(tx, {
    ...(noDriver === null ? { memdevs, regions } : { memdevs: [], regions: [] }),
    gone: ended,
  });
  if (noDriver === null) return held;
  return [
    ...held,
    ...memdevs.map(({ name, listed_at }) => leftOut('memdev', name, noDriver, listed_at)),
    ...regions.map(({ name, listed_at }) => leftOut('cxl_region', name, noDriver, listed_at)),
  ];
}

/** A kernel of which not all is known, and that shows regions, has what makes them: a memdev alone proves less (KREL9). */
function tellRegions(tx: Transaction, regions: ImportedCxl['regions']): void {
  const { name, kernel, kernel_probes: before } = hostRecord(tx.host);
  const kernel_probes = kernel === 'resolved' ? withRegions(before, regions) : before;
  if (kernel_probes === before) return;
  patch(tx, 'hosts', name, { kernel_probes });
  emit(tx, 'host_changed', `hosts/${name}`, { kernel_probes });
}
