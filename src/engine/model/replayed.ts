import type { Context } from './transaction.ts';

/** A context that can be had again and again, each time with the same identifiers in the same order. */
export function replayed({ now, uid }: Context): () => Context {
  const given: string[] = [];
  return () => {
    let next = 0;
    return {
      now,
      uid: () => {
        const known = (given[next] ??= uid());
        next += 1;
        return known;
      },
    };
  };
}
