import type { DaxDevice } from '../model/host.ts';
import { isWithoutLabels } from '../model/provider.ts';
import { isOnDaxBus, PAGE_BYTES, PMD_PAGES, type DeviceMode } from '../model/vocabulary.ts';
import { unmoved } from './namespace_layout.ts';

/** The align where nobody tells it: 2 MiB where the device itself is mapped, by entries of exactly its align; null else. */
export function defaultAlign(mode: DeviceMode): number | null {
  return mode === 'devdax' ? PMD_PAGES * PAGE_BYTES : null;
}

/** The align of a device that is listed in a mode: as it was, but where that was only the default of the former mode. */
export function alignIn({ align, mode: former }: DaxDevice, mode: DeviceMode): number | null {
  const told = align === defaultAlign(former) ? null : align;
  return told ?? defaultAlign(mode);
}

/** Whether a mode takes a namespace to be made anew; a dax device of either driver is on one, as it was made. */
export function isRemade(device: DaxDevice, mode: DeviceMode): boolean {
  return mode !== device.mode && !(isOnDaxBus(mode) && isOnDaxBus(device.mode));
}

/** Of which layout a size is that a listing does not tell. */
export function placedAs(before: DaxDevice, mode: DeviceMode, map: DaxDevice['map']): DaxDevice['placed_as'] {
  return isRemade(before, mode) ? unmoved(before, { mode, map }).placed_as : before.placed_as;
}

/** A size that is told of a medium is that of the present layout. */
export function sized(
  { size: before, placed_as }: DaxDevice,
  size: number,
): Pick<DaxDevice, 'size' | 'placed_as'> {
  return { size, placed_as: size === before ? placed_as : null };
}

/** Where the struct pages of a device are once it is in a mode, bound or listed so. */
export function mapIn(device: DaxDevice, mode: DeviceMode): 'dev' | 'mem' | null {
  return isRemade(device, mode) ? mapOf(mode, device.provider) : device.map;
}

/** A raw namespace has struct pages only where pmem_should_map_pages() says so (legacy e820, virtio-pmem). */
export function mapOf(mode: DeviceMode, provider: string | null): 'dev' | 'mem' | null {
  if (mode === 'raw') return isWithoutLabels(provider) ? 'mem' : null;
  return mode === 'sector' ? null : 'dev';
}
