import type { FastifyInstance } from 'fastify';

/** What a promise gives, or null as soon as the server begins to close: a drain waits for no removal. */
export type UntilClosing = <T>(promise: Promise<T>) => Promise<T | null>;

export function untilClosing(app: FastifyInstance): UntilClosing {
  const waiting = new Set<() => void>();
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
    for (const go of waiting) go();
  });
  return async (promise) => {
    if (closing) return null;
    return new Promise((resolve, reject) => {
      const go = (): void => resolve(null);
      waiting.add(go);
      promise.then(resolve, reject).finally(() => waiting.delete(go));
    });
  };
}

/** Of the store's ClosingError, whose class HTTP does not know: the service stops, and another may serve soon. */
const CLOSING = 'DAXPLANE_CLOSING';

/** Whether an error is of a service that stops: no fault of anybody. */
export function isClosingError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === CLOSING;
}
