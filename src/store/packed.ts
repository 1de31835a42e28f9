/**
 * Plain JSON as UTF-8 in a buffer of its own: what may be large passes from thread to thread by being handed over,
 * where objects would be copied one by one.
 */
export function packJson(value: unknown): ArrayBuffer {
  return bytesOf(JSON.stringify(value));
}

/** What was packed; whoever unpacks knows what. */
export function unpackJson(bytes: ArrayBuffer): unknown {
  return JSON.parse(textIn(bytes));
}

/** The UTF-8 of a text, in a buffer that holds nothing else. */
export function bytesOf(text: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(text)).buffer;
}

/** The text of UTF-8, with its byte order mark if it has one. */
export function textIn(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString('utf8');
}
