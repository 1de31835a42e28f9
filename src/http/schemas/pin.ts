import * as z from 'zod';
import type * as engine from '../../engine/model/host.ts';
import { PIN_HOLDERS, PIN_KINDS } from '../../engine/model/vocabulary.ts';
import type { BodyOf } from './host.ts';
import {
  Bytes,
  BytesInput,
  Count,
  Id,
  identity,
  Name,
  PfnRanges,
  Pid,
  queryInteger,
  withExample,
} from './scalar.ts';

const PinKind = z.enum(PIN_KINDS).meta({ description: '`longterm` is FOLL_LONGTERM.' });
export const PinHolder = z
  .enum(PIN_HOLDERS)
  .meta({ id: 'PinHolder', description: 'Who took the reference.' });

export const Pin = z
  .strictObject({
    ...identity,
    id: Id,
    pid: Pid,
    mapping: Id.nullable().meta({ description: 'null once the mapping is gone: the pin outlives it.' }),
    dax_device: z.string(),
    offset: Bytes,
    length: Bytes,
    kind: PinKind,
    holder: PinHolder,
    pfn_ranges: PfnRanges,
    pgmap: Count,
    generation: Count.meta({ description: 'The generation its mapping was made under.' }),
  })
  .meta({ id: 'Pin', description: 'A page reference taken by gup.' }) satisfies z.ZodType<engine.Pin>;

export const CreatePin = z
  .strictObject({
    pid: Pid,
    mapping: Id,
    offset: BytesInput,
    length: BytesInput,
    kind: PinKind,
    holder: PinHolder,
  })
  .meta({
    id: 'CreatePin',
    override: withExample({
      pid: 102,
      mapping: 'v5',
      offset: 0,
      length: 4096,
      kind: 'transient',
      holder: 'vmsplice',
    }),
  }) satisfies z.ZodType<BodyOf<'create_pin'>>;

export const pinFilters = {
  pid: queryInteger(1, 4194304).exactOptional(),
  mapping: Id.exactOptional(),
  dax_device: Name.exactOptional(),
  kind: PinKind.exactOptional().meta({
    description: 'Only pins that may be held so long: `longterm` is FOLL_LONGTERM.',
  }),
  holder: PinHolder.exactOptional(),
};
