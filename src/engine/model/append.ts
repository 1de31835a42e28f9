/** push() of a list of any length: `push(...items)` puts each on the stack, which 10^5 of them overflow. */
export function append<T>(to: T[], items: readonly T[]): void {
  for (const item of items) to.push(item);
}

/** A list with one more, in place unless it is empty: push() to an empty one makes room for seventeen. */
export function added<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}
