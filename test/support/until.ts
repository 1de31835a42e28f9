/**
 * Asks again and again until the answer is as wanted, which is the answer. No clock ends it: on a machine with too
 * much to do it takes longer, nothing else; what never comes is ended by the time-out of the test.
 */
export async function until<T>(ask: () => T | Promise<T>, isWanted: (told: T) => boolean): Promise<T> {
  for (;;) {
    const told = await ask();
    if (isWanted(told)) return told;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
