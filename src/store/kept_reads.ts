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

/** Characters of texts and keys that are kept; where there would be more, all are forgotten. */
const CHARACTERS_MAX = 8 * 1024 * 1024;

/** Keeps nothing yet. */
export function createKeptReads(charactersMax = CHARACTERS_MAX): KeptReads {
  let known: number | null = null;
  let kept = new Map<string, object>();
  let characters = 0;
  const forget = (): void => {
    // To empty a map takes as long as it once was large.
    if (kept.size > 0) kept = new Map();
    characters = 0;
  };
  const keep = (key: string, found: object, text: string): void => {
    const more = key.length + text.length;
    if (more > charactersMax / 8) return;
    if (characters + more > charactersMax) forget();
    kept.set(key, found);
    characters += more;
  };
  return {
    of: (state, key, read, textOf) => {
      if (state === null) return read();
      if (state !== known) forget();
      known = state;
      const before = kept.get(key) as ReturnType<typeof read> | undefined;
      if (before !== undefined) return before;
      const found = read();
      const text = textOf(found);
      if (found !== null && text !== null) keep(key, found, text);
      return found;
    },
  };
}
