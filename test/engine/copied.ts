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
  instead(prototype, { set, slice }, real, work);
  return copied;
}

type MapSet = (this: Map<unknown, unknown>, key: unknown, value: unknown) => Map<unknown, unknown>;

/** Counts what maps are given while `work` runs: a copy of a map is given all that stands in it. */
export function countSet(work: () => unknown): number {
  const { prototype } = Map;
  const own: unknown = Reflect.get(prototype, 'set');
  const real = { set: own as MapSet };
  let given = 0;
  const set: MapSet = function (key, value) {
    given += 1;
    return real.set.call(this, key, value);
  };
  instead(prototype, { set }, real, work);
  return given;
}

/** Has other methods while `work` runs. */
function instead<M extends object>(prototype: object, methods: M, real: M, work: () => unknown): void {
  Object.assign(prototype, methods);
  try {
    work();
  } finally {
    Object.assign(prototype, real);
  }
}
