/** All orders of some items. */
export function permutationsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) =>
    permutationsOf(items.toSpliced(at, 1)).map((others) => [item, ...others]),
  );
}
