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
