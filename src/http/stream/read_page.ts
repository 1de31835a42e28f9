import type { Backend, EventQuery, Seen } from '../backend.ts';
import { eventFrame } from './frame.ts';
import { createTurnQueue } from '../../app/event_loop_turns.ts';

/** Events that are read at once for readers who are behind; fewer where they are large. */
const PAGE = 100;
/** How long a page is kept for others who come to the same place, milliseconds. */
const KEPT_MS = 50;

/** A page of the journal as it is sent. */
export interface SentPage extends Seen {
  /** Null where none of it has come. */
  readonly frames: Buffer | null;
  /** The last event; absent where there is none. */
  readonly last: number | undefined;
  readonly is_full: boolean;
}

/** Reads for readers who are behind, and does their writing in turns. */
export interface PageReader {
  readonly read: (filter: Omit<EventQuery, 'limit' | 'after'>, after: number) => Promise<SentPage>;
  /** Resolves when that is done. */
  readonly inTurn: (write: () => void) => Promise<void>;
}

/**
 * Reads and encodes a page once for all who are at the same place with the same filter, as after a restart all are, and
 * serves them some milliseconds a turn: however many are behind, nobody else waits for them.
 */
export function createPageReader(backend: Pick<Backend, 'events'>): PageReader {
  const queue = createTurnQueue();
  const pages = new Map<string, Promise<SentPage>>();
  const read = async (query: EventQuery): Promise<SentPage> => {
    const { items, is_full, as_of, oldest_seq } = await queue(() => backend.events(query));
    const frames = await queue(() =>
      items.length === 0 ? null : Buffer.from(items.map(eventFrame).join('')),
    );
    return { frames, last: items.at(-1)?.seq, is_full, as_of, oldest_seq };
  };
  return {
    inTurn: queue,
    read: (filter, after) => {
      const query = { ...filter, after, limit: PAGE };
      const key = JSON.stringify(query);
      const known = pages.get(key);
      if (known !== undefined) return known;
      const page = read(query);
      pages.set(key, page);
      const forget = (): void => {
        pages.delete(key);
      };
      // More may come behind one that is not full: that is looked for anew.
      page.then(({ is_full }) => (is_full ? setTimeout(forget, KEPT_MS).unref() : forget()), forget);
      return page;
    },
  };
}
