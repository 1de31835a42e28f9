/** Counts how often members of a value, all the way down, are read while `work` has it. */
export function countReads<T extends object>(value: T, work: (counted: T) => unknown): number {
  let reads = 0;
  const known = new WeakMap<object, object>();
  const counted = <V>(part: V): V => {
    if (typeof part !== 'object' || part === null) return part;
    const before = known.get(part) as V | undefined;
    if (before !== undefined) return before;
    const proxy = new Proxy(part, {
      get: (target, key, receiver) => {
        reads += 1;
        return counted<unknown>(Reflect.get(target, key, receiver));
      },
    });
    known.set(part, proxy);
    return proxy;
  };
  work(counted(value));
  return reads;
}
