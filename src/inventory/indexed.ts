/** An index of something immutable, made on first use and kept as long as that. */
export function indexed<K extends object, V>(make: (from: K) => V): (from: K) => V {
  const made = new WeakMap<K, V>();
  return (from) => {
    const known = made.get(from);
    if (known !== undefined) return known;
    const index = make(from);
    made.set(from, index);
    return index;
  };
}

/** The first of each key; what has none (null) is left out. */
export function firstBy<T, K>(items: readonly T[], keyOf: (item: T) => K | null): ReadonlyMap<K, T> {
  const first = new Map<K, T>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== null && !first.has(key)) first.set(key, item);
  }
  return first;
}

/** All of each key, in their order; what has none (null) is left out. */
export function groupBy<T, K>(
  items: readonly T[],
  keyOf: (item: T) => K | null,
): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
