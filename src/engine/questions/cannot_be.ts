import type { DaxDevice, Host } from '../model/host.ts';
import { mountsOn, pinsOfDevice } from '../model/lookup.ts';
import { regionTypeUnknown } from '../device/cxl/region_type.ts';
import { factsOf } from '../kernels/of_host.ts';
import { kernelRefuses, type Refusal } from '../model/refusal.ts';
import type { Facts } from '../kernels/tables.ts';

/** Why a device and its users cannot be there under the host's kernel: it would not have let them come to be. */
export function cannotBe(host: Host, device: DaxDevice): Refusal | null {
  const facts = factsOf(host);
  return (
    regionRefused(host, device, facts) ?? mountRefused(host, device, facts) ?? pinRefused(host, device, facts)
  );
}

/** M95: a region that no driver of this kernel binds; of a type that is not modelled, nobody knows (CX23). */
function regionRefused(host: Host, device: DaxDevice, { cxl }: Facts): Refusal | null {
  if (device.provider !== 'CXL') return null;
  const type = host.tables.cxl_regions.get(device.cxl_region ?? '')?.type ?? 'pmem';
  if (type === 'unknown' && cxl.region_types.length > 0) return regionTypeUnknown(host, device);
  return type !== 'unknown' && cxl.region_types.includes(type)
    ? null
    : kernelRefuses('ENODEV', `no driver binds a CXL ${type} region`);
}

function mountRefused(host: Host, device: DaxDevice, facts: Facts): Refusal | null {
  if (facts.xfs_reflink_with_dax === 'whole_device') return null;
  const mount = mountsOn(host, device).find((mount) => mount.reflink && mount.dax === 'always');
  return mount === undefined ? null : kernelRefuses('EINVAL', `${mount.path}: DAX and reflink together`);
}

function pinRefused(host: Host, device: DaxDevice, facts: Facts): Refusal | null {
  if (device.mode !== 'devdax' || facts.io_uring_longterm_on_devdax === 'ok') return null;
  const pin = pinsOfDevice(host, device.name).find(
    (pin) => pin.kind === 'longterm' && pin.holder === 'io_uring',
  );
  return pin === undefined ? null : kernelRefuses('EOPNOTSUPP', `${pin.id}: a fixed buffer of io_uring`);
}
