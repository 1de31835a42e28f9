import * as z from 'zod';
import { shownAs } from './scalar.ts';

const segment = (description: string) => z.string().meta({ description });
const host = segment('Name of the host.');

/** Path parameters, one schema a depth. What names nothing is a 404. */
export const HostPath = z.strictObject({ host });
export const DevicePath = z.strictObject({ host, device: segment('Name of the dax device.') });
export const MemoryBlockPath = z.strictObject({
  host,
  device: segment('Name of the dax device.'),
  block: z
    .string()
    .regex(/^(?:memory)?(?:0|[1-9][0-9]{0,14})$/, { error: 'expected memoryN or N' })
    .meta({ description: '`memoryN`, or its N: physical address by block size.' }),
});
export const MountPath = z.strictObject({ host, mount: segment('Id of the mount.') });
export const FilePath = z.strictObject({ host, file: segment('Id of the file.') });
export const MappingPath = z.strictObject({ host, mapping: segment('Id of the mapping.') });
export const PinPath = z.strictObject({ host, pin: segment('Id of the pin.') });
export const HotplugEventPath = z.strictObject({ host, event: segment('Id of the hotplug event.') });
export const RemovalPath = z.strictObject({ removal: segment('Id of the removal.') });
export const ExposurePath = z.strictObject({ exposure: segment('Id of the exposure.') });
export const CxlMemdevPath = z.strictObject({ host, memdev: segment('Name of the CXL memdev.') });
export const CxlRegionPath = z.strictObject({ host, region: segment('Name of the CXL region.') });
export const KernelPath = z.strictObject({ kernel: segment('Name of the kernel profile.') });

export const ProcessPath = z.strictObject({
  host,
  pid: z
    .string()
    .regex(/^[1-9][0-9]{0,9}$/, { error: 'expected a process id' })
    .meta({ description: 'Process id.', override: shownAs({ type: 'integer', minimum: 1 }) }),
});
