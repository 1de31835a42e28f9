/**
 * The buffers that a message between threads hands over instead of copying them: the message itself, or values of its
 * members. Who posts it has them no longer. Everything else in a message is copied, object by object, and holds both
 * threads meanwhile: what may be large goes as bytes.
 */
export function handedOver(message: unknown): ArrayBuffer[] {
  if (message instanceof ArrayBuffer) return [message];
  if (typeof message !== 'object' || message === null) return [];
  return Object.values(message).filter((value) => value instanceof ArrayBuffer);
}

/** Plain JSON as bytes that can be handed over. */
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
