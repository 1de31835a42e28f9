import { driverOf, isOnDaxBus, type RemoveVia } from '../model/vocabulary.ts';
import type { KernelInUse, StepSpec } from '../kernels/profile.ts';
import type { DaxDevice } from '../model/host.ts';
import { hasStructPages } from '../model/lookup.ts';
import { kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import { goesByCxl, regionTool, viaOf } from '../model/via.ts';

/** The step list of the device's mode and of what is unbound. Refused: a driver that has no such device (S41). */
export function stepsFor(
  profile: KernelInUse,
  device: DaxDevice,
  via: RemoveVia | undefined,
): readonly StepSpec[] | Refusal {
  if (goesByCxl(via)) return cxlStepsFor(profile, device, via);
  const way = viaOf(via);
  const onDaxBus = isOnDaxBus(device.mode);
  if (onDaxBus && way?.with_parent === true) {
    const steps = withParent(profile, device);
    return device.state === 'unbound' ? steps.slice(-1) : steps;
  }
  const unbinds = way?.unbinds ?? driverOf(device.mode);
  if (unbinds !== driverOf(device.mode) && (onDaxBus || unbinds !== 'namespace')) {
    return kernelRefuses('ENODEV', `${String(via)} does not have ${device.name}, a ${device.mode} device`);
  }
  return stepsOfDriver(profile, device);
}

/** Those of the driver that has the device, whichever that is. */
export function stepsOfDriver(profile: KernelInUse, device: DaxDevice): readonly StepSpec[] {
  if (!isOnDaxBus(device.mode)) return ofBlockDevice(profile, device);
  return device.mode === 'system-ram' ? profile.steps.system_ram : profile.steps.devdax;
}

/** A dax device and the dax_pmem, or dax region, above it. */
function withParent({ steps }: KernelInUse, { mode }: DaxDevice): readonly StepSpec[] {
  return mode === 'system-ram' ? steps.system_ram_parent : steps.devdax_parent;
}

function ofBlockDevice({ steps }: KernelInUse, device: DaxDevice): readonly StepSpec[] {
  return hasStructPages(device) ? steps.fsdax : steps.raw;
}

/** The steps of the device with those of the CXL chain around them: a devdax goes with its parent (CX1). */
function cxlStepsFor(
  profile: KernelInUse,
  device: DaxDevice,
  via: RemoveVia | undefined,
): readonly StepSpec[] | Refusal {
  if (device.cxl_region === null) {
    return refuse('invalid_field', `${device.name} stands on no CXL region`, { pointer: '/via' });
  }
  const inner = isOnDaxBus(device.mode) ? withParent(profile, device) : ofBlockDevice(profile, device);
  if (viaOf(via)?.unbinds === 'cxl_region') {
    const reset = profile.steps.cxl_memdev.filter(({ name }) => name === 'cxl_region_decode_reset');
    return [...profile.steps.cxl_region, ...inner, ...(regionTool(via)?.destroys === true ? reset : [])];
  }
  const around = profile.steps.cxl_memdev;
  const last = around.filter(({ name }) => name === 'cxl_memdev_remove');
  return [...around.slice(0, around.length - last.length), ...inner, ...last];
}
