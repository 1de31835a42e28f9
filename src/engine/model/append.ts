/** push() of a list of any length: `push(...items)` puts each on the stack, which 10^5 of them overflow. */
export function append<T>(to: T[], items: readonly T[]): void {
  for (const item of items) to.push(item);
}
