type Doubles = Float64Array<ArrayBuffer>;
type Set = (this: Doubles, source: ArrayLike<number>, offset?: number) => void;
type Slice = (this: Doubles, start?: number, end?: number) => Doubles;

/** Counts the doubles that typed arrays copy while `work` runs: what a change of a mapping table costs. */
export function countCopied(work: () => unknown): number {
  const { prototype } = Float64Array;
  const method = (name: string): unknown => Reflect.get(prototype, name);
  const real = { set: method('set') as Set, slice: method('slice') as Slice };
  let copied = 0;
  const set: Set = function (source, offset) {
    copied += source.length;
    real.set.call(this, source, offset);
  };
  const slice: Slice = function (start, end) {
    const copy = real.slice.call(this, start, end);
    copied += copy.length;
    return copy;
  };
  Object.assign(prototype, { set, slice });
  try {
    work();
  } finally {
    Object.assign(prototype, real);
  }
  return copied;
}
