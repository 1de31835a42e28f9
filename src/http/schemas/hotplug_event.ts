import * as z from 'zod';
import type * as engine from '../../engine/model/host.ts';
import { HOTPLUG_ACTIONS } from '../../engine/model/vocabulary.ts';
import { opened } from './exposure.ts';
import { orFormerRemoval, orFormerSerial } from './former.ts';
import type { BodyOf } from './host.ts';
import { Removal } from './removal.ts';
import { Bytes, Id, identity, Name, SizeInput, Text, Timestamp, withExample } from './scalar.ts';

const HotplugAction = z.enum(HOTPLUG_ACTIONS).meta({ id: 'HotplugAction' });

const HotplugActionInput = orFormerRemoval(HotplugAction);
const Media = orFormerSerial({ media_serial: Text.exactOptional(), size: SizeInput.exactOptional() }).meta({
  id: 'Media',
  description: 'The medium that is in its place now.',
});

export const HotplugEvent = z
  .strictObject({
    ...identity,
    id: Id,
    action: HotplugAction,
    dax_device: z.string(),
    media: z
      .strictObject({ media_serial: z.string().exactOptional(), size: Bytes.exactOptional() })
      .nullable(),
    removal: Id.nullable().meta({ description: 'The removal it caused.' }),
    at: Timestamp,
  })
  .meta({
    id: 'HotplugEvent',
    description: 'What the bus did: devices and media added, replaced or removed.',
  }) satisfies z.ZodType<engine.HotplugEvent>;

/** The record of an event, and what came of it. */
export const RecordedHotplugEvent = z
  .strictObject({
    ...HotplugEvent.shape,
    exposures: opened.exposures.exactOptional().meta({
      description: 'Of `add` and `replace`: the first 100 exposures that the medium opens, as of a bind.',
    }),
    removals: z.array(Removal).exactOptional().meta({
      description:
        'With `Prefer: wait`, and of a dry run: the removal of the device, then those of what goes with it, at rest.',
    }),
  })
  .meta({ id: 'RecordedHotplugEvent' });

export const CreateHotplugEvent = z
  .strictObject({
    action: HotplugActionInput,
    dax_device: Name,
    media: Media.exactOptional(),
    tenant: Text.nullable().exactOptional(),
  })
  .meta({
    id: 'CreateHotplugEvent',
    override: withExample({ action: 'surprise_removal', dax_device: 'pmem0' }),
  }) satisfies z.ZodType<BodyOf<'record_hotplug_event'>>;

export const hotplugEventFilters = {
  dax_device: Name.exactOptional(),
  action: HotplugActionInput.exactOptional(),
};
