import * as z from 'zod';
import { EVENT_TYPES } from '../../engine/model/event.ts';
import { Count, Timestamp } from './scalar.ts';

/** One entry of the journal. */
export const StoredEvent = z
  .strictObject({
    seq: Count.meta({ description: 'Dense: the next event has the next number.' }),
    id: z.string(),
    host: z.string(),
    type: z.enum(EVENT_TYPES),
    subject: z.string().meta({ description: 'The resource it is about, as kind/id.' }),
    at: Timestamp,
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event', description: 'What happened to a host.' });
