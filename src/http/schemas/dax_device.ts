import * as z from 'zod';
import { DAX_DRIVERS } from '../../engine/model/dax_driver.ts';
import type * as engine from '../../engine/model/host.ts';
import {
  BIND_VIAS,
  DEVICE_MODES,
  DEVICE_STATES,
  DRIVERS,
  KNOWN_MODES,
  LINK_SOURCES,
} from '../../engine/model/vocabulary.ts';
import { PROVIDERS } from '../../engine/model/provider.ts';
import { Condition } from './condition.ts';
import { CxlPlace } from './cxl.ts';
import { dependent } from './depends_on.ts';
import { elsewhere } from './elsewhere.ts';
import { opened } from './exposure.ts';
import { orFormerSerial } from './former.ts';
import { KernelRelease, type BodyOf } from './host.ts';
import {
  Badblocks,
  Bytes,
  Count,
  Hex,
  Id,
  identity,
  Labels,
  Name,
  PfnRanges,
  Pid,
  SizeInput,
  Text,
  withExample,
} from './scalar.ts';
import { HoldersTold, toldOfHolders } from './told.ts';
import { KmemState, RemoveTriggerInput, RemoveVia } from './word.ts';

const DeviceMode = z.enum(DEVICE_MODES).meta({ id: 'DeviceMode' });
const KnownMode = z.enum(KNOWN_MODES).meta({ id: 'KnownMode' });
const DeviceState = z.enum(DEVICE_STATES).meta({ id: 'DeviceState' });
const Driver = z.enum(DRIVERS).meta({ id: 'Driver' });
const Provider = z.enum(PROVIDERS).meta({ id: 'Provider', description: 'Who made the region.' });
const PageMap = z
  .enum(['dev', 'mem'])
  .meta({ description: 'Where struct pages live; null where there are none.' });
const Node = z.int().min(0).max(1023);
const TargetNode = z.int().min(-1).max(1023).meta({ description: '-1: kmem refuses the device (M62).' });
/** What ndctl and daxctl take as an alignment. */
export const Align = z.literal([4096, 2097152, 1073741824]);
const AlignInput = z.union([Align, z.enum(['4KiB', '2MiB', '1GiB']).transform(alignOf)], {
  error: 'expected 4096, 2097152 or 1073741824 ("4KiB", "2MiB", "1GiB")',
});

function alignOf(text: '4KiB' | '2MiB' | '1GiB'): 4096 | 2097152 | 1073741824 {
  return text === '4KiB' ? 4096 : text === '2MiB' ? 2097152 : 1073741824;
}

const bindTo = {
  driver: Driver.exactOptional(),
  mode: KnownMode.exactOptional(),
  tenant: Text.nullable().exactOptional(),
  via: z.enum(BIND_VIAS).exactOptional().meta({
    id: 'BindVia',
    description: 'The tool that is asked, whose own no is a conflict with the errno that it reports.',
  }),
};

const device = {
  ...identity,
  name: z.string(),
  mode: DeviceMode,
  mode_as_listed: z.string().nullable().meta({
    description: 'The word of a mode that is not modelled (`unknown`), as listed; null in any other.',
  }),
  driver: Driver.nullable(),
  size: Bytes,
  placed_as: z.strictObject({ mode: DeviceMode, map: PageMap.nullable() }).nullable().meta({
    description:
      'The layout that size, phys_addr and badblocks are of, where nothing says what they are in the present one (sector mode, for one); else null.',
  }),
  align: Bytes.nullable(),
  phys_addr: Hex.nullable(),
  numa_node: z.int().nullable(),
  target_node: z.int().nullable(),
  tenant: z.string().nullable(),
  labels: Labels,
  generation: Count.meta({ description: 'Counts owners of the same pfns.' }),
  former_tenants: z.array(z.string()).meta({
    description: 'Who had this generation before, handed over by a PATCH of `tenant` and no bind.',
  }),
  media_serial: z.string().nullable(),
  state: DeviceState,
  conditions: z.array(Condition).meta({
    description:
      'What of it is worth knowing beside its state, by kind, and what helps: `cdev_released`, for one, where nobody can open its node although device_dax is bound, and before that `cdev_miscounted`, where a close will come to that. Kinds that come later are to be borne by clients.',
  }),
  lock_waiters: z
    .array(z.union([z.strictObject({ bind: z.strictObject(bindTo) }), z.strictObject({ removal: Id })]))
    .meta({
      description:
        'Who waits for a lock that its removal, or an offline, has: a `bind`, and removals by a write to `unbind`. They go on in this order once it is given back.',
    }),
  provider: z.string().nullable().meta({
    description:
      'Who made the region: `ACPI.NFIT`, `e820`, `virtio-pmem`, `CXL`, `hmem`, or a word as listed; null where nobody has told.',
  }),
  map: PageMap.nullable(),
  base_pfn: Count.meta({ description: 'First pfn; made up where phys_addr is null.' }),
  pgmap: Count.meta({ description: 'Counts the pgmaps of this device.' }),
  pgmap_state: z.enum(['live', 'killed', 'none']),
  dax_alive: z.boolean(),
  instance: Count.meta({ description: 'Counts the block devices or dev_dax inodes of this name.' }),
  parent_bound: z.boolean(),
  driver_ids: z.array(z.enum(DAX_DRIVERS)).meta({
    description:
      'Drivers of the dax bus that still have the name of the device by a write to `new_id`, since they last let it go.',
  }),
  mem_region: z.enum(['requested', 'released', 'leaked']),
  removal: z.string().nullable(),
  media_present: z.boolean(),
  hwpoisoned: PfnRanges.meta({ description: 'PG_hwpoison in the struct pages of the present pgmap.' }),
  badblocks: Badblocks,
  clears_poison: z.boolean().nullable().meta({
    description: 'ND_CMD_CLEAR_ERROR: it can replace what it cannot read; null where nobody has told.',
  }),
  lost_refs: PfnRanges.meta({
    description:
      'Pages of the present pgmap whose reference count fell below zero: a stale huge entry of them was dropped, or a pin of before let go. An eviction of their inode waits for ever (from 6.15 on).',
  }),
  lost_ptes: PfnRanges.meta({ description: 'The same by stale PTEs, with which the mapcount fell, too.' }),
  cdevs: z
    .array(
      z.strictObject({
        instance: Count.meta({
          description: 'Of the device; a node of an earlier one is deleted, and still open.',
        }),
        refs: z.union([Count, z.literal('saturated')]).meta({
          description:
            'One of device_dax that is bound, one of each open file description; `saturated` after one too few.',
        }),
        opens: Count.meta({ description: 'Open file descriptions of the node.' }),
        dangling: z.boolean().meta({
          description:
            'A bind came while the node was open: once the node is deleted, its last close ends in a corrupted list.',
        }),
      }),
    )
    .meta({ description: 'Character devices of its dev_dax, and of those before it that are still open.' }),
  faulted: PfnRanges.meta({ description: 'devdax: pages faulted under the present pgmap.' }),
  cleared: PfnRanges.meta({
    description:
      'Pages of files whose page->mapping the eviction of an older file system cleared: memory_failure() of them answers EBUSY.',
  }),
  cxl_region: z.string().nullable().meta({ description: 'The CXL region it stands on.' }),
  cxl_region_from: z.enum(LINK_SOURCES).nullable().meta({
    description:
      '`listed`: a listing or the operator says so; `derived`: by the numbers that the kernel gives, the address or the interleave set.',
  }),
  kmem_state: KmemState.nullable().meta({
    description: '`daxX.Y/state` of v7.3 while kmem is bound; null elsewhere.',
  }),
  ...toldOfHolders,
  depends_on: dependent.depends_on.meta({
    description:
      'In the answer to a change: what of its words depends on facts that are not known of the kernel.',
  }),
};

export const DaxDevice = z
  .strictObject(device)
  .meta({ id: 'DaxDevice', description: 'One DAX device.' }) satisfies z.ZodType<engine.DaxDevice>;

/** The device after a write to `bind`; `blocked` where that write does not return. */
export const BoundDaxDevice = z
  .strictObject({
    ...device,
    result: z.enum(['ok', 'blocked']),
    blocked_in: z.string().nullable(),
    kernel_log: z.array(z.string()),
    ...opened,
  })
  .meta({ id: 'BoundDaxDevice' });

/** What is said of a new device, whatever it stands on. */
export const newDevice = {
  name: Name,
  mode: KnownMode,
  size: SizeInput,
  align: AlignInput.nullable().exactOptional(),
  phys_addr: Hex.nullable().exactOptional(),
  numa_node: Node.nullable().exactOptional(),
  target_node: TargetNode.nullable().exactOptional(),
  tenant: Text.nullable().exactOptional(),
  labels: Labels.exactOptional(),
  media_serial: Text.nullable().exactOptional(),
  provider: Provider.exactOptional(),
  map: PageMap.nullable().exactOptional(),
  clears_poison: z
    .boolean()
    .nullable()
    .exactOptional()
    .meta({ description: 'Default false; null: not told.' }),
  state: z.enum(['bound', 'unbound']).exactOptional(),
};

export const CreateDaxDevice = orFormerSerial({
  ...newDevice,
  cxl: CxlPlace.exactOptional(),
  holders: HoldersTold.exactOptional().meta({
    description: '`told`: nobody uses it. Default `not_told`, until something is made on it.',
  }),
}).meta({
  id: 'CreateDaxDevice',
  override: withExample({ name: 'dax9.0', mode: 'devdax', size: '1GiB' }),
}) satisfies z.ZodType<BodyOf<'create_dax_device'>>;

export const PatchDaxDevice = orFormerSerial({
  tenant: Text.nullable().exactOptional(),
  labels: Labels.exactOptional(),
  media_serial: Text.nullable().exactOptional(),
  clears_poison: z
    .boolean()
    .nullable()
    .exactOptional()
    .meta({ description: 'ND_CMD_CLEAR_ERROR, which no listing shows.' }),
  kmem_state: KmemState.exactOptional().meta({ description: 'A write to `daxX.Y/state` of v7.3.' }),
  holders: HoldersTold.exactOptional().meta({
    description:
      '`told`: its users are those recorded, even if there are none; sets `told_at`. `not_told` takes it back.',
  }),
})
  .meta({ id: 'PatchDaxDevice', override: withExample({ labels: { rack: 'r1' } }) })
  .register(elsewhere, {
    mode: 'the mode changes when a device is bound: use bind, POST …/dax-devices/{device}/bind with {"mode": …}',
    driver: 'use bind, POST …/dax-devices/{device}/bind with {"driver": …}',
    state: 'use remove, POST …/dax-devices/{device}/remove, or bind, POST …/dax-devices/{device}/bind',
  }) satisfies z.ZodType<BodyOf<'patch_dax_device', 'dax_device'>>;

export const RemoveDaxDevice = z
  .strictObject({
    trigger: RemoveTriggerInput,
    via: RemoveVia.exactOptional(),
    by_pid: Pid.exactOptional(),
  })
  .meta({ id: 'RemoveDaxDevice', override: withExample({ trigger: 'unbind' }) }) satisfies z.ZodType<
  BodyOf<'remove_dax_device', 'dax_device'>
>;

/** The body may be absent: the same driver, mode and tenant. */
export const BindDaxDevice = z
  .strictObject(bindTo)
  .default({})
  .meta({ id: 'BindDaxDevice', override: withExample({}) }) satisfies z.ZodType<BodyOf<'bind', 'dax_device'>>;

export const deviceFilters = {
  mode: DeviceMode.exactOptional(),
  state: DeviceState.exactOptional(),
  driver: Driver.exactOptional(),
  provider: Text.exactOptional(),
  tenant: Text.exactOptional(),
  holders: HoldersTold.exactOptional(),
  kernel_release: KernelRelease.exactOptional().meta({ description: 'Of its host, which alone has it.' }),
};
