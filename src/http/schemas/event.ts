import * as z from 'zod';
import { definedOnly } from '../../engine/model/defined_only.ts';
import { EVENT_TYPES } from '../../engine/model/event.ts';
import { RemovalProgress } from './removal_progress.ts';
import { Count, Name, shownAs, Text, Timestamp } from './scalar.ts';
import type { EventQuery } from '../backend.ts';

const EventType = z.enum(EVENT_TYPES);
const TYPE_ERROR = { error: 'expected a type of event; for several repeat the parameter: type=a&type=b' };

/** The query by which events are chosen, wherever they are read. */
export const eventFilters = {
  type: z
    .union([z.array(EventType).max(EVENT_TYPES.length), EventType.transform((type) => [type])], TYPE_ERROR)
    .exactOptional()
    .meta({
      description: 'Only events of this type; given several times (`type=a&type=b`), of any of them.',
      override: shownAs({ type: 'array', items: { type: 'string', enum: [...EVENT_TYPES] } }),
    }),
  host: Name.exactOptional(),
  dax_device: Name.exactOptional().meta({ description: 'Only events that concern this device.' }),
  tenant: Text.exactOptional().meta({ description: 'Only events that concern this tenant.' }),
};

type Asked = { readonly [F in keyof typeof eventFilters]?: z.output<(typeof eventFilters)[F]> };
type EventFilter = Pick<EventQuery, 'host' | 'dax_device' | 'tenant' | 'types'>;

/** The same as the application takes it. */
export function filterOf({ host, dax_device, tenant, type }: Asked): EventFilter {
  return definedOnly({ host, dax_device, tenant, types: type });
}

const EventData = z
  .looseObject({
    progress: RemovalProgress.exactOptional(),
    behind: z.string().exactOptional().meta({
      description:
        'In a `removal_waiting` of a removal that waits for the lock of its device: the removal that has it, by its id, or `bind`. Where what was before it leaves it nothing to do, it has no `removal_started`.',
    }),
    removals_gone: z
      .strictObject({
        count: Count.meta({ description: 'How many removals.' }),
        ids: z.array(z.string()).meta({ description: 'The first 100, by their ids.' }),
      })
      .exactOptional()
      .meta({
        description:
          'In `host_restored`, where there are several in the first: the removals that were begun since the snapshot, which are not there any more. Absent in events that are older than this member.',
      }),
  })
  .meta({
    id: 'EventData',
    description:
      'Facts of its type, of which those that are named here are the same wherever they stand. At the end of a removal there is a `verdict`.',
  });

/** One entry of the journal. */
export const StoredEvent = z
  .strictObject({
    seq: Count.meta({ description: 'Dense: the next event has the next number.' }),
    id: z.string(),
    host: z.string(),
    type: EventType,
    subject: z.string().meta({ description: 'The resource it is about, as kind/id.' }),
    at: Timestamp,
    request_id: z.string().nullable().meta({
      description:
        'The request that it came of: X-Request-Id of its answer. Steps of a removal go by the request that began or woke it. Null of what the service does of itself, and of events older than this member.',
    }),
    traceparent: z.string().nullable().meta({
      description: "That request's trace context, where it gave a well-formed one (W3C Trace Context).",
    }),
    actor: z.string().nullable().meta({
      description:
        'Who asked: `token-N@ADDRESS` with the Nth token of the file, `anonymous@ADDRESS` where none is needed, or `daxplane` for the service itself. Null of events older than this member.',
    }),
    dax_device: z.string().nullable().meta({
      description:
        'The device that it concerns: its subject, or what its subject is on, is held of, or happens to. Null where it is of none, or of several, and of events older than this member.',
    }),
    tenant: z.string().nullable().meta({
      description:
        'The tenant that it concerns: that of the process, where its subject is one or is held by one (open file, mapping, pin, exposure); else that of the device. Null where there is none, and of events older than this member.',
    }),
    data: EventData,
  })
  .meta({ id: 'Event', description: 'What happened to a host.' });
