import * as z from 'zod';
import { EXAMPLE_KERNEL } from './example_kernels.ts';
import { Name, shownAs, withExample } from './scalar.ts';

/** What names and ids look like, for the document: what looks otherwise names nothing, and is a 404. */
const NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';
const NUMBERED = '^[a-z][1-9][0-9]*$';
const UID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

/** A segment of a path; the example is of the demo fleet, but for ids that are chosen at each start (live_examples.ts). */
const segment = (description: string, example: string, pattern = NAME) =>
  z.string().meta({ description, override: withExample(example, { pattern, maxLength: 64 }) });
const host = segment('The name of the host.', 'node-v6.12');
/** The host that has what an intact one of the demo fleet has not. */
const incidentHost = segment('The name of the host.', 'node-incident');
const systemRam = { host: incidentHost, device: segment('Name of the dax device.', 'dax1.0') };

/** Path parameters, one schema a depth. What names nothing is a 404. */
export const HostPath = z.strictObject({ host });
/** Of a host that may be created by it: its name is one that a POST takes. */
export const DeclaredHostPath = z.strictObject({
  host: Name.meta({ description: 'The name of the host.', override: withExample('node-declared') }),
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
      description: 'Its name: `memoryN`, or its N: physical address by block size.',
      override: withExample('memory80'),
    }),
});
export const MountPath = z.strictObject({
  host,
  mount: segment('The id of the mount, as it was answered.', 'm2', NUMBERED),
});
export const FilePath = z.strictObject({
  host,
  file: segment('The id of the file, as it was answered.', 'f3', NUMBERED),
});
export const OpenFilePath = z.strictObject({
  host: incidentHost,
  open_file: segment('The id of the descriptor, as it was answered.', 'o8', NUMBERED),
});
export const MappingPath = z.strictObject({
  host,
  mapping: segment('The id of the mapping, as it was answered.', 'v5', NUMBERED),
});
export const PinPath = z.strictObject({
  host: incidentHost,
  pin: segment('The id of the pin, as it was answered.', 'p7', NUMBERED),
});
export const HotplugEventPath = z.strictObject({
  host,
  event: segment('The id of the hotplug event, its uid.', '0199d1f0-0000-7000-8000-000000000000', UID),
});
export const SnapshotPath = z.strictObject({
  host,
  snapshot: segment('The id of the snapshot, its uid.', '0199d1f0-0000-7000-8000-000000000000'),
});
export const RemovalPath = z.strictObject({
  removal: segment('The id of the removal, its uid.', '0199d1f0-0000-7000-8000-000000000000', UID),
});
export const ExposurePath = z.strictObject({
  exposure: segment('The id of the exposure, its uid.', '0199d1f0-0000-7000-8000-000000000000', UID),
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
    .meta({
      description: 'Process id, as in its host.',
      override: shownAs({ type: 'integer', minimum: 1, example: 102 }),
    }),
});

export const FaultRulePath = z.strictObject({
  rule: segment('The id of the fault rule, its uid.', '0199d1f0-0000-7000-8000-000000000000', UID),
});

const webhook = segment('The id of the webhook, its uid.', '0199d1f0-0000-7000-8000-000000000000', UID);
export const WebhookPath = z.strictObject({ webhook });
export const DeliveryPath = z.strictObject({
  webhook,
  delivery: segment('The id of the delivery, its uid.', '0199d1f0-0000-7000-8000-000000000000', UID),
});
