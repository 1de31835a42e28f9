import * as z from 'zod';
import type * as commands from '../../engine/model/device_command.ts';
import type * as engine from '../../engine/model/cxl.ts';
import { CXL_REGION_TYPES, KNOWN_REGION_TYPES } from '../../engine/model/region_type.ts';
import {
  CXL_DECODE_STATES,
  CXL_DRIVERS,
  CXL_MEMDEV_STATES,
  CXL_REMOVE_VIAS,
} from '../../engine/model/vocabulary.ts';
import { opened } from './exposure.ts';
import type { BodyOf } from './host.ts';
import { Removal } from './removal.ts';
import { Bytes, Count, Hex, identity, Name, Text, withExample } from './scalar.ts';
import { withUnknown } from './unknown.ts';
import { RemoveTriggerInput } from './word.ts';

const MemdevState = z.enum(CXL_MEMDEV_STATES).meta({ id: 'CxlMemdevState' });
const RegionType = z.enum(CXL_REGION_TYPES).meta({ id: 'CxlRegionType' });
const KnownRegionType = z.enum(KNOWN_REGION_TYPES).meta({ id: 'KnownRegionType' });
const RegionState = z.enum(['enabled', 'disabled']);
const DecodeState = z
  .enum(CXL_DECODE_STATES)
  .meta({ id: 'CxlDecodeState', description: 'Whether it decodes. `reset`: the range decodes to nothing.' });

export const CxlMemdev = z
  .strictObject({
    ...identity,
    id: Name.meta({ description: 'Its name, as in its path.' }),
    name: z.string(),
    serial: z.string().nullable().meta({
      description: 'As its listing shows it; for a replaced card, as the event that brought it says.',
    }),
    pci: z.string().nullable().meta({ description: 'Its PCI function.' }),
    pmem_size: Bytes,
    ram_size: Bytes,
    numa_node: z.int().nullable(),
    state: MemdevState,
    nmem: z.string().nullable().meta({ description: 'Its NVDIMM device.' }),
    committed_with_zero_size: z
      .boolean()
      .meta({ description: 'Its decoder was reset and kept the COMMITTED bit: cxl_mem does not bind.' }),
    left_region: z
      .string()
      .nullable()
      .meta({ description: 'The region that it was a target of when it left.' }),
  })
  .meta({ id: 'CxlMemdev', description: 'A CXL memory device.' }) satisfies z.ZodType<engine.CxlMemdev>;

export const CxlRegion = z
  .strictObject({
    ...identity,
    id: Name.meta({ description: 'Its name, as in its path.' }),
    name: z.string(),
    type: RegionType,
    type_as_listed: z.string().nullable().meta({
      description:
        'The word of a type that is not modelled, as the region or its decoders are listed; null where none is told (`unknown`), and in any other.',
    }),
    resource: Hex.nullable(),
    size: Bytes.nullable().meta({ description: 'Null: no listing tells.' }),
    interleave_ways: Count.nullable().meta({ description: 'Null: no listing tells.' }),
    interleave_granularity: Bytes.nullable(),
    state: RegionState,
    decode_state: DecodeState,
    locked: z.boolean(),
    mappings: z.array(
      z.strictObject({ position: Count, memdev: z.string(), decoder: z.string().nullable() }),
    ),
  })
  .meta({
    id: 'CxlRegion',
    description: 'A range of host physical addresses decoded to one or more memdevs.',
  }) satisfies z.ZodType<engine.CxlRegion>;

/** A region that a write has changed: what it decodes again may be another owner's. */
export const ChangedCxlRegion = z
  .strictObject({ ...CxlRegion.shape, ...opened })
  .meta({ id: 'ChangedCxlRegion' });

/** What a new device of provider CXL stands on. */
export const CxlPlace = z
  .strictObject({
    region: Name.exactOptional().meta({ description: 'An existing one, or a new one of this name.' }),
    type: KnownRegionType.exactOptional(),
    locked: z.boolean().exactOptional(),
    memdevs: z
      .array(
        z.strictObject({
          name: Name.exactOptional(),
          serial: Hex.nullable().exactOptional(),
          pci: Text.nullable().exactOptional(),
        }),
      )
      .min(1)
      .max(16)
      .exactOptional(),
  })
  .meta({ id: 'CxlPlace' }) satisfies z.ZodType<commands.CxlPlace>;

export const RemoveCxlMemdev = z
  .strictObject({
    trigger: RemoveTriggerInput,
    via: z
      .enum(CXL_REMOVE_VIAS)
      .exactOptional()
      .meta({ description: 'Default `cxl_pci`: the PCI function goes.' }),
  })
  .meta({
    id: 'RemoveCxlMemdev',
    override: withExample({ trigger: 'surprise_removal' }),
  }) satisfies z.ZodType<BodyOf<'remove_cxl_memdev', 'memdev'>>;

/** What a memdev takes with it. */
export const CxlMemdevRemoval = z
  .strictObject({
    cxl_memdev: CxlMemdev,
    cxl_regions: z.array(CxlRegion),
    removals: z.array(Removal),
    ...withUnknown,
  })
  .meta({ id: 'CxlMemdevRemoval' });

export const BindCxlMemdev = z
  .strictObject({ driver: z.enum(CXL_DRIVERS) })
  .meta({ id: 'BindCxlMemdev', override: withExample({ driver: 'cxl_pci' }) }) satisfies z.ZodType<
  BodyOf<'bind_cxl_memdev', 'memdev'>
>;

export const CommitCxlRegion = z
  .strictObject({
    memdevs: z.array(Name).min(1).max(16).meta({ description: 'The targets, in the order of positions.' }),
  })
  .meta({ id: 'CommitCxlRegion', override: withExample({ memdevs: ['mem0'] }) }) satisfies z.ZodType<
  BodyOf<'commit_cxl_region', 'region'>
>;

export const memdevFilters = { state: MemdevState.exactOptional(), serial: Text.exactOptional() };
export const regionFilters = {
  type: RegionType.exactOptional(),
  state: RegionState.exactOptional(),
  decode_state: DecodeState.exactOptional(),
};
