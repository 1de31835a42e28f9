/** A frame of a stream of server-sent events, as it came: a field that it has not is absent. */
export interface Frame {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: number;
}

/**
 * The frames of a stream of bytes, each as soon as it is whole; what is cut off at the end is no frame. The next bytes are
 * read when the next frame is asked for; where none come for `silence_ms`, it is over. Frames without data are told too:
 * their id says how far the stream has come.
 * Source: HTML, 9.2.6.
 */
export async function* framesOf(
  body: ReadableStream<Uint8Array>,
  silence_ms: number,
): AsyncGenerator<Frame, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let fields: Record<string, string> = {};
  try {
    for (;;) {
      const next = await within(silence_ms, reader.read());
      if (next === null || next.done) return;
      const lines = (rest + decoder.decode(next.value, { stream: true })).split(LINE_END);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line !== '') take(fields, line);
        else if (Object.keys(fields).length > 0) {
          const { retry, ...told } = fields;
          yield { ...told, ...(retry === undefined ? {} : { retry: Number(retry) }) };
          fields = {};
        }
      }
    }
  } finally {
    // Whoever stops reading lets the connection go.
    await reader.cancel().catch(() => undefined);
  }
}

/** The longest that a timer can be set to: longer ones end at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** What a promise gives, or null after so long. */
function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.min(ms, TIMER_MAX_MS));
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A carriage return at the end of what has come may be half of a line end: it waits for what follows. */
const LINE_END = /\r\n|\n|\r(?!$)/;

function take(fields: Record<string, string>, line: string): void {
  const [, name = '', value = ''] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
  if (name === 'data') fields['data'] = fields['data'] === undefined ? value : `${fields['data']}\n${value}`;
  else if (name === 'event') fields['event'] = value;
  else if (name === 'id' && !value.includes('\0')) fields['id'] = value;
  else if (name === 'retry' && /^[0-9]+$/.test(value)) fields['retry'] = value;
}
