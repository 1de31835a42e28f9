/**
 * Has something asked once for all who wait for it: whoever comes while it is on its way shares the next one with those
 * who came meanwhile, so that nobody is answered of a state from before they asked.
 */
export function shareNext<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | null = null;
  const askNow = (): Promise<T> => {
    next = null;
    const answer = ask();
    asked = answer.catch(() => undefined);
    return answer;
  };
  return () => (next ??= asked.then(askNow));
}
