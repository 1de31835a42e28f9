import { LRUCache } from 'lru-cache';

/** What was read of one state of the database, kept until another one is read. */
export interface KeptReads {
  /**
   * What is kept under a key, or what `read` finds, which is kept if it is a text and no more than an eighth of all.
   * `state` numbers what is read: a state that is not the one before has nothing kept. Null: it is read for itself.
   */
  readonly of: <T extends object | null>(
    state: number | null,
    key: string,
    read: () => T,
    textOf: (found: T) => string | null,
  ) => T;
}

/** Characters of texts and keys that are kept; those that were not asked for longest go first. */
const CHARACTERS_MAX = 8 * 1024 * 1024;

/** Keeps nothing yet. */
export function createKeptReads(charactersMax = CHARACTERS_MAX): KeptReads {
  const kept = new LRUCache<string, object>({ maxSize: charactersMax, maxEntrySize: charactersMax / 8 });
  let known: number | null = null;
  return {
    of: (state, key, read, textOf) => {
      if (state === null) return read();
      if (state !== known) kept.clear();
      known = state;
      const before = kept.get(key) as ReturnType<typeof read> | undefined;
      if (before !== undefined) return before;
      const found = read();
      const text = textOf(found);
      if (found !== null && text !== null) kept.set(key, found, { size: key.length + text.length + 1 });
      return found;
    },
  };
}
