import * as z from 'zod';
import { EXAMPLE_KERNEL } from './example_kernels.ts';
import { Name, shownAs, withExample } from './scalar.ts';

/** A segment of a path; the example is of the demo fleet, but for ids that are chosen at each start (live_examples.ts). */
const segment = (description: string, example: string) =>
  z.string().meta({ description, override: withExample(example) });
const host = segment('Name of the host.', 'node-v6.12');
/** The host that has what an intact one of the demo fleet has not. */
const incidentHost = segment('Name of the host.', 'node-incident');
const systemRam = { host: incidentHost, device: segment('Name of the dax device.', 'dax1.0') };

/** Path parameters, one schema a depth. What names nothing is a 404. */
export const HostPath = z.strictObject({ host });
/** Of a host that may be created by it: its name is one that a POST takes. */
export const DeclaredHostPath = z.strictObject({
  host: Name.meta({ description: 'Name of the host.', override: withExample('node-declared') }),
});
export const DevicePath = z.strictObject({ host, device: segment('Name of the dax device.', 'pmem0') });
/** Of a system-ram device. */
export const MemoryBlocksPath = z.strictObject(systemRam);
export const MemoryBlockPath = z.strictObject({
  ...systemRam,
  block: z
    .string()
    .regex(/^(?:memory)?(?:0|[1-9][0-9]{0,14})$/, { error: 'expected memoryN or N' })
    .meta({
      description: '`memoryN`, or its N: physical address by block size.',
      override: withExample('memory80'),
    }),
});
export const MountPath = z.strictObject({ host, mount: segment('Id of the mount.', 'm2') });
export const FilePath = z.strictObject({ host, file: segment('Id of the file.', 'f3') });
export const OpenFilePath = z.strictObject({
  host: incidentHost,
  open_file: segment('Id of the descriptor.', 'o8'),
});
export const MappingPath = z.strictObject({ host, mapping: segment('Id of the mapping.', 'v5') });
export const PinPath = z.strictObject({ host: incidentHost, pin: segment('Id of the pin.', 'p7') });
export const HotplugEventPath = z.strictObject({
  host,
  event: segment('Id of the hotplug event.', '0199d1f0-0000-7000-8000-000000000000'),
});
export const RemovalPath = z.strictObject({
  removal: segment('Id of the removal.', '0199d1f0-0000-7000-8000-000000000000'),
});
export const ExposurePath = z.strictObject({
  exposure: segment('Id of the exposure.', '0199d1f0-0000-7000-8000-000000000000'),
});
export const CxlMemdevPath = z.strictObject({
  host: incidentHost,
  memdev: segment('Name of the CXL memdev.', 'mem0'),
});
export const CxlRegionPath = z.strictObject({
  host: incidentHost,
  region: segment('Name of the CXL region.', 'region0'),
});
export const KernelPath = z.strictObject({ kernel: segment('Name of the kernel profile.', EXAMPLE_KERNEL) });

export const ProcessPath = z.strictObject({
  host,
  pid: z
    .string()
    .regex(/^[1-9][0-9]{0,9}$/, { error: 'expected a process id' })
    .meta({ description: 'Process id.', override: shownAs({ type: 'integer', minimum: 1, example: 102 }) }),
});
