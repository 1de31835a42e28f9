import compress from '@fastify/compress';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { encodedTag } from '../etag.ts';
import { varyBy } from '../vary.ts';

/** Of an answer with fewer bytes there is one representation: it would shrink by less than its header fields take. */
const BYTES_MIN = 1_024;
/** More is compressed by the threads of zlib, as a stream: here it takes a fraction of a millisecond. */
const SYNC_BYTES_MAX = 8_192;

/**
 * Compresses what a client asks to have compressed, but never a stream of events, whose events would wait in the
 * compressor. An ETag names the encoding: what is sent is not the same bytes, and If-Match takes either for the record.
 * Bodies of requests are not decompressed: they stay 415. The plugin's hook is called by ours, for most answers
 * are short or asked for as they are, and a hook costs each of them.
 */
export async function compressAnswers(app: FastifyInstance): Promise<void> {
  await app.register(compress, {
    globalDecompression: false,
    encodings: ['zstd', 'br', 'gzip'],
    threshold: BYTES_MIN,
    syncThreshold: SYNC_BYTES_MAX,
  });
  app.addHook('onRoute', (route) => {
    const [onSend, onRequest] = [[route.onSend ?? []].flat(), [route.onRequest ?? []].flat()];
    const compressed = onSend.pop();
    // This one gives each reply a compress() which nobody calls.
    const decorates = onRequest.pop();
    if (compressed?.name !== 'onSend' || decorates?.name !== 'onRequest')
      throw new Error('@fastify/compress has other hooks than it had');
    route.onSend = [...onSend, onceAsked(compressed)];
    route.onRequest = onRequest;
  });
}

type Next = (error?: Error | null, payload?: unknown) => void;
type OnSend = (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Next) => void;

function onceAsked(compressed: CallableFunction): OnSend {
  return (request, reply, payload, done) => {
    if (isShort(payload)) {
      done(null, payload);
      return;
    }
    // The plugin goes by a list of types that says event streams compress well.
    if (request.headers['accept-encoding'] === undefined || isEventStream(reply)) {
      if (hasForms(payload, reply)) varyBy(reply, 'accept-encoding');
      done(null, payload);
      return;
    }
    const then: Next = (error, given = payload) => {
      const encoding = reply.getHeader('content-encoding');
      const etag = reply.getHeader('etag');
      if (typeof encoding !== 'string') {
        if (hasForms(payload, reply)) varyBy(reply, 'accept-encoding');
      } else if (typeof etag === 'string') reply.header('etag', encodedTag(etag, encoding));
      done(error, given);
    };
    Reflect.apply(compressed, request.server, [request, reply, payload, then]);
  };
}

function isShort(payload: unknown): boolean {
  return typeof payload === 'string' && Buffer.byteLength(payload) < BYTES_MIN;
}

function isEventStream(reply: FastifyReply): boolean {
  const type = reply.getHeader('content-type');
  return typeof type === 'string' && type.startsWith('text/event-stream');
}

/** Whether there is another form of it: what is not short, and can be compressed. */
function hasForms(payload: unknown, reply: FastifyReply): boolean {
  if (isEventStream(reply)) return false;
  if (payload instanceof Uint8Array) return payload.byteLength >= BYTES_MIN;
  if (payload !== null && payload !== undefined) return true;
  // To a HEAD: Fastify has taken the body away, and the fields are those of the plain one.
  return Number(reply.getHeader('content-length') ?? 0) >= BYTES_MIN;
}
