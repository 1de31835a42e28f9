import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Backend } from '../backend.ts';
import { isClosingError } from '../closing.ts';
import { HttpProblem } from '../problem.ts';
import { createHub } from './hub.ts';
import type { StreamLimits } from './limits.ts';
import { createPageReader } from './read_page.ts';
import { createStream, type Start, type Stream } from './stream.ts';

/** All streams of a server. */
export interface OpenStreams {
  /**
   * Throws `unavailable` where there are as many as may be, or the server closes, and `rate_limited` where the client has as
   * many as one may have.
   */
  readonly requireRoom: (client: string) => void;
  /** A new stream of a client, on an answer whose header fields are sent. */
  readonly open: (client: string, response: ServerResponse, start: Start) => Stream;
}

/** Opens streams, keeps them from falling silent, and ends them as the server closes: a drain waits for none. */
export function createOpenStreams(app: FastifyInstance, backend: Backend, limits: StreamLimits): OpenStreams {
  const onError = (error: unknown): void => {
    if (!isClosingError(error)) app.log.error({ err: error }, 'events failed to be streamed');
  };
  const hub = createHub(backend, limits.coalesce_ms, onError);
  const pages = createPageReader(backend);
  /** Those that are open, each with its client. */
  const open = new Map<Stream, string>();
  let isClosing = false;
  let heart: NodeJS.Timeout | null = null;
  const beat = (): void => {
    for (const stream of open.keys()) stream.beat();
  };
  app.journalReaders.set('stream', () => ({
    count: open.size,
    at: [...open.keys()].reduce<number | null>((least, { at }) => Math.min(least ?? at(), at()), null),
  }));
  app.addHook('preClose', async () => {
    isClosing = true;
    for (const stream of [...open.keys()]) stream.end();
  });
  return {
    requireRoom: (client) => {
      const { streams, streams_per_client } = limits;
      if (isClosing) throw later('unavailable', 'the service stops');
      if (open.size >= streams)
        throw later('unavailable', `as many streams as there may be are open: ${String(streams)}`);
      const own = [...open.values()].filter((each) => each === client);
      if (own.length >= streams_per_client)
        throw later(
          'rate_limited',
          `as many streams as this address, or this token, may have are open: ${String(streams_per_client)}`,
        );
    },
    open: (client, response, start) => {
      const stream = createStream(response, start, { pages, hub, limits, onError });
      open.set(stream, client);
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

function later(code: 'unavailable' | 'rate_limited', detail: string): HttpProblem {
  return new HttpProblem(code, detail, { headers: { 'retry-after': '1' } });
}
