import type { StoredEvent } from '../store/port.ts';

/** Digits of the largest number of an event, 2^53-1: as many make texts that are in the order of their numbers. */
const SEQUENCE_DIGITS = 16;

/** JSON of an event as GET /v1/events shows it. Its data is sent as it is stored, unread. */
export function eventText({ data, ...event }: StoredEvent): string {
  return withMember(event, 'data', data);
}

/**
 * The same as structured JSON of CloudEvents 1.0, for whoever is sent it: its `data` is the event, whole. What is null of
 * the attributes is absent, as CloudEvents wants it. Source: CloudEvents 1.0.2, JSON format, and its sequence and
 * distributed tracing extensions.
 */
export function cloudEventText(event: StoredEvent): string {
  const { seq, id, host, type, subject, at, request_id, traceparent, actor } = event;
  const attributes = {
    specversion: '1.0',
    id,
    source: `/v1/hosts/${encodeURIComponent(host)}`,
    type,
    subject,
    time: at,
    datacontenttype: 'application/json',
    sequence: String(seq).padStart(SEQUENCE_DIGITS, '0'),
    ...(request_id === null ? {} : { requestid: request_id }),
    ...(traceparent === null ? {} : { traceparent }),
    ...(actor === null ? {} : { actor }),
  };
  return withMember(attributes, 'data', eventText(event));
}

/** JSON of an object with one member more, which is JSON already. */
function withMember(object: object, name: string, json: string): string {
  return `${JSON.stringify(object).slice(0, -1)},"${name}":${json}}`;
}
