import * as z from 'zod';
import { EXPOSURE_REASONS } from '../../engine/model/vocabulary.ts';
import type * as engine from '../../engine/model/exposure.ts';
import {
  Count,
  Id,
  identity,
  Name,
  PfnRanges,
  Pid,
  queryBoolean,
  queryInteger,
  Text,
  Timestamp,
} from './scalar.ts';

const ExposureWindow = z
  .strictObject({
    mapping: Id.nullable().meta({ description: 'The mapping that reaches; null where a pin does.' }),
    pin: Id.nullable().meta({ description: 'The pin that reaches; null where a mapping does.' }),
    pages: Count.meta({ description: 'Pages reached through it.' }),
    writable_pages: Count.meta({ description: 'Of these, pages that a store or a DMA write reaches.' }),
  })
  .meta({ id: 'ExposureWindow', description: 'A mapping or a pin through which a process reaches.' });

export const Exposure = z
  .strictObject({
    ...identity,
    id: Id,
    dax_device: z.string(),
    pid: Pid,
    comm: z.string(),
    reason: z.enum(EXPOSURE_REASONS).meta({
      description:
        'generation: the pfns were given to another owner by a bind, a medium or a file system. tenant: the device was handed to another tenant as it was.',
    }),
    tenant: z.string().nullable().meta({ description: 'Tenant of the process that reaches.' }),
    generation: Count.meta({
      description: 'The generation that its mappings or pins were given the pfns under.',
    }),
    to_tenant: z
      .string()
      .nullable()
      .meta({ description: 'The tenant that the pfns belong to now, or belonged to last.' }),
    to_generation: Count.meta({ description: 'The generation whose pfns are reached.' }),
    windows: z.array(ExposureWindow).meta({
      description:
        'Through what it reaches now, or did last before it closed, in order of creation: the first 100.',
    }),
    cut: z
      .strictObject({ windows: Count })
      .exactOptional()
      .meta({ description: 'How many windows there are, where more than 100.' }),
    pages: Count.meta({
      description: 'Pages reached now, or last before it closed: one that several windows reach counts once.',
    }),
    writable_pages: Count.meta({ description: 'Of these, pages that a store or a DMA write reaches.' }),
    pfn_ranges: PfnRanges.meta({ description: 'The first 100 of them.' }),
    open: z.boolean(),
    opened_by: z.string().meta({ description: 'Type and subject of the event, as the journal has it.' }),
    opened_at: Timestamp,
    closed_by: z.string().nullable(),
    closed_at: Timestamp.nullable(),
  })
  .meta({
    id: 'Exposure',
    description:
      'The time in which a process reaches pfns that belong to another generation or tenant of the device, by all mappings and pins of one generation together.',
  }) satisfies z.ZodType<engine.Exposure>;

/** What an answer to a change says of the exposures that it opens; a dry run, of those that it would open. */
export const opened = {
  exposures: z.array(Exposure).meta({
    description:
      "The first 100 exposures that it opens onto another owner's pfns, or in a dry run would open. All: /v1/exposures.",
  }),
};

export const exposureFilters = {
  dax_device: Name.exactOptional(),
  tenant: Text.exactOptional(),
  to_tenant: Text.exactOptional(),
  pid: queryInteger(1, 4194304).exactOptional(),
  mapping: Id.exactOptional().meta({
    description: 'Of the process that has this mapping, onto the device that it maps.',
  }),
  pin: Id.exactOptional().meta({
    description: 'Of the process that has this pin, onto the device whose pages it pins.',
  }),
  open: queryBoolean.exactOptional(),
};
