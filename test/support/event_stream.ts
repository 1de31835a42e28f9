import { once } from 'node:events';
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** A frame of server-sent events, as it came: null where it lacks a field. */
export interface Frame {
  readonly id: string | null;
  readonly event: string | null;
  readonly data: string | null;
  readonly retry: number | null;
}

/** A stream that is read. */
export interface ReadStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Frames, to the end of the stream. */
  readonly frames: () => AsyncIterable<Frame>;
  /** The next frame; throws where the stream has ended. */
  readonly next: () => Promise<Frame>;
  /** The next so many frames that have data. */
  readonly events: (many: number) => Promise<Frame[]>;
  readonly close: () => void;
}

/** Opens a stream of server-sent events on a connection of its own. Rejects where there is no connection. */
export async function openStream(url: string, headers: Record<string, string> = {}): Promise<ReadStream> {
  const request = get(url, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const frames = framesOf(response)[Symbol.asyncIterator]();
  const next = async (): Promise<Frame> => {
    const { done, value } = await frames.next();
    if (done === true) throw new Error('the stream has ended');
    return value;
  };
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    frames: () => ({ [Symbol.asyncIterator]: () => frames }),
    next,
    events: async (many) => {
      const found: Frame[] = [];
      while (found.length < many) {
        const frame = await next();
        if (frame.data !== null) found.push(frame);
      }
      return found;
    },
    close: () => {
      response.destroy();
    },
  };
}

/** The frames of a body that have come whole; one that is cut off ends as one that ends. */
async function* framesOf(body: AsyncIterable<Buffer>): AsyncGenerator<Frame, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const whole = text.split('\n\n');
      text = whole.pop() ?? '';
      for (const frame of whole) yield frameOf(frame);
    }
  } catch {
    return undefined;
  }
  return undefined;
}

/** Source: WHATWG HTML, 9.2.6. */
function frameOf(text: string): Frame {
  const fields = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    fields.set(name, [...(fields.get(name) ?? []), value]);
  }
  const retry = fields.get('retry')?.at(-1);
  return {
    id: fields.get('id')?.at(-1) ?? null,
    event: fields.get('event')?.at(-1) ?? null,
    data: fields.get('data')?.join('\n') ?? null,
    retry: retry === undefined ? null : Number(retry),
  };
}
