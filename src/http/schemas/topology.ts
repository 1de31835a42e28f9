import * as z from 'zod';
import {
  TOPOLOGY_LISTS,
  TOPOLOGY_MAX,
  type Exported,
  type PutAnswer,
  type Topology as EngineTopology,
} from '../../engine/model/topology.ts';
import { EXAMPLE_KERNEL } from './example_kernels.ts';
import { CreateHost, KernelProbes, KernelRelease } from './host.ts';
import { Bytes, Count, withExample } from './scalar.ts';
import { ASKED, FILE, MAPPED, TOLD } from './topology_lists.ts';

const { name: _name, ...declaredHost } = CreateHost.shape;
const notDeclared = z.record(z.string(), Count).meta({
  description:
    'How many records of each kind the document leaves out, since no POST would make them so: devices on their way out, lazy mounts, stale mappings, pins that outlived theirs, the journal of removals, ….',
});

/** What a PUT takes: what a GET answered, too. */
export const Topology = z
  .strictObject({
    ...declaredHost,
    dax_devices: ASKED.dax_devices.exactOptional(),
    mounts: ASKED.mounts.exactOptional(),
    files: ASKED.files.exactOptional(),
    processes: ASKED.processes.exactOptional(),
    open_files: ASKED.open_files.exactOptional(),
    mappings: ASKED.mappings.exactOptional(),
    pins: ASKED.pins.exactOptional(),
    not_declared: notDeclared.exactOptional().meta({ description: 'As a GET answers it; not read.' }),
  })
  .refine(
    (said) => TOPOLOGY_LISTS.reduce((sum, list) => sum + (said[list] ?? []).length, 0) <= TOPOLOGY_MAX,
    {
      error: `at most ${String(TOPOLOGY_MAX)} elements of all lists together`,
    },
  )
  .transform(({ not_declared, ...topology }) => topology)
  .meta({
    id: 'Topology',
    description:
      'What a host is to be. A list that is absent is empty; any other member that is absent stays.',
    override: withExample({
      kernel: EXAMPLE_KERNEL,
      dax_devices: [{ name: 'pmem0', mode: 'fsdax', size: '1GiB' }],
      mounts: [{ dax_device: 'pmem0', path: FILE.mount, fs_type: 'xfs', dax: 'always' }],
      files: [{ ...FILE, size: '4MiB' }],
      processes: [{ pid: 42, comm: 'redis', tenant: 'orders' }],
      mappings: [{ pid: 42, ...MAPPED, populate: 'read' }],
    }),
  }) satisfies z.ZodType<EngineTopology>;

/** What a GET answers. */
export const ExportedTopology = z
  .strictObject({
    ...declaredHost,
    kernel_release: KernelRelease.exactOptional(),
    kernel_probes: KernelProbes.exactOptional(),
    memory_block_bytes: Bytes,
    ...TOLD,
    not_declared: notDeclared,
  })
  .meta({
    id: 'ExportedTopology',
    description: 'What a host is, as far as a PUT makes it so.',
  }) satisfies z.ZodType<Exported>;

const TopologyChange = z
  .strictObject({
    op: z.enum(['create', 'change', 'delete']),
    kind: z.enum([...TOPOLOGY_LISTS, 'hosts']),
    name: z.record(z.string(), z.unknown()).meta({ description: 'What the element is named by.' }),
    fields: z
      .record(z.string(), z.unknown())
      .exactOptional()
      .meta({ description: 'Of a change: the members that differed, as they are declared.' }),
  })
  .meta({ id: 'TopologyChange' });

export const PutTopology = z
  .strictObject({ changes: z.array(TopologyChange), topology: ExportedTopology })
  .meta({
    id: 'PutTopology',
    description: 'What was done, in order, and what the host is now.',
  }) satisfies z.ZodType<PutAnswer>;
