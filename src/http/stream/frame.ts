import { cloudEventText } from '../../app/cloud_event.ts';
import type { EventPage, Seen } from '../backend.ts';

/** After how long a client connects again, milliseconds. */
const RETRY_MS = 1_000;

/** Why a reader has to begin anew: its place is gone, or none yet, or it has fallen behind. */
export type ResyncReason = 'events_gone' | 'after_end' | 'too_slow';

/** What a reader is told then. `after`: up to where it had been sent everything. */
export interface Resync extends Seen {
  readonly reason: ResyncReason;
  readonly after: number;
}

/** What comes first: when to connect again, and from where. */
export function firstFrame(at: number): string {
  return `retry: ${String(RETRY_MS)}\n${placeFrame(at)}`;
}

/** No event, but how far the stream has come: a client that connects again says so, also where nothing was for it. */
export function placeFrame(at: number): string {
  return `id: ${String(at)}\n\n`;
}

/** One event. Its JSON has no line feed. */
export function eventFrame(event: EventPage['items'][number]): string {
  return `id: ${String(event.seq)}\ndata: ${cloudEventText(event)}\n\n`;
}

/** The last of a stream that cannot go on; `at`: from where the next one does. */
export function resyncFrame(at: number, resync: Resync): string {
  return `id: ${String(at)}\nevent: resync\ndata: ${JSON.stringify(resync)}\n\n`;
}
