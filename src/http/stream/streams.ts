import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Backend } from '../backend.ts';
import { HttpProblem } from '../problem.ts';
import { createHub } from './hub.ts';
import type { StreamLimits } from './limits.ts';
import { createPageReader } from './read_page.ts';
import { createStream, type Start, type Stream } from './stream.ts';

/** All streams of a server. */
export interface Streams {
  /** Throws `unavailable` where there are as many as may be, or the server closes. */
  readonly requireRoom: () => void;
  /** A new stream on an answer whose header fields are sent. */
  readonly open: (response: ServerResponse, start: Start) => Stream;
}

/** Opens streams, keeps them from falling silent, and ends them as the server closes: a drain waits for none. */
export function createStreams(app: FastifyInstance, backend: Backend, limits: StreamLimits): Streams {
  const hub = createHub(backend, limits.coalesce_ms);
  const pages = createPageReader(backend);
  const open = new Set<Stream>();
  let isClosing = false;
  let heart: NodeJS.Timeout | null = null;
  const beat = (): void => {
    for (const stream of open) stream.beat();
  };
  app.journalReaders.set('stream', () => ({
    count: open.size,
    at: [...open].reduce<number | null>((least, { at }) => Math.min(least ?? at(), at()), null),
  }));
  app.addHook('preClose', async () => {
    isClosing = true;
    for (const stream of [...open]) stream.end();
  });
  return {
    requireRoom: () => {
      if (isClosing) throw noRoom('the service stops');
      if (open.size >= limits.streams)
        throw noRoom(`as many streams as there may be are open: ${String(limits.streams)}`);
    },
    open: (response, start) => {
      const stream = createStream(response, start, { pages, hub, limits });
      open.add(stream);
      heart ??= setInterval(beat, limits.heartbeat_ms);
      response.once('close', () => {
        open.delete(stream);
        if (open.size > 0 || heart === null) return;
        clearInterval(heart);
        heart = null;
      });
      return stream;
    },
  };
}

function noRoom(detail: string): HttpProblem {
  return new HttpProblem('unavailable', detail, { headers: { 'retry-after': '1' } });
}
