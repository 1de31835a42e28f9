import * as z from 'zod';
import { EVENT_TYPES } from '../../engine/model/event.ts';
import { StoredEvent } from './event.ts';
import { Timestamp } from './scalar.ts';

/** An event as it is sent to who listens: CloudEvents 1.0, structured JSON. */
export const CloudEvent = z
  .strictObject({
    specversion: z.literal('1.0'),
    id: z.string().meta({ description: 'As `data.id`: of one event, however often it is sent.' }),
    source: z.string().meta({ description: 'Path of the host that it happened to: `/v1/hosts/NAME`.' }),
    type: z.enum(EVENT_TYPES),
    subject: z.string().meta({ description: 'The resource it is about, as kind/id.' }),
    time: Timestamp,
    datacontenttype: z.literal('application/json'),
    sequence: z
      .string()
      .regex(/^[0-9]{16}$/)
      .meta({
        description: 'As `data.seq`, in 16 digits: as texts they are in order, too (sequence extension).',
      }),
    requestid: z
      .string()
      .exactOptional()
      .meta({ description: 'As `data.request_id`; absent where that is null.' }),
    traceparent: z.string().exactOptional().meta({
      description: 'As `data.traceparent`; absent where that is null (distributed tracing extension).',
    }),
    actor: z.string().exactOptional().meta({ description: 'As `data.actor`; absent where that is null.' }),
    data: StoredEvent,
  })
  .meta({
    id: 'CloudEvent',
    description:
      'An event as it is sent: CloudEvents 1.0, structured JSON; `data` is the event as /v1/events lists it.',
  });
