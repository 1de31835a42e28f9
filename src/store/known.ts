/** What a writer remembers of rows that seldom change: true until a rollback takes one back, or another process writes. */
export interface Known {
  /** A new map, emptied with all others. */
  readonly map: <K, V>() => Map<K, V>;
  readonly forget: () => void;
}

/** Nothing is known at first. */
export function createKnown(): Known {
  const maps: Map<unknown, unknown>[] = [];
  return {
    map: <K, V>() => {
      const map = new Map<K, V>();
      maps.push(map);
      return map;
    },
    forget: () => {
      for (const map of maps) map.clear();
    },
  };
}
