/** Every dax device of a fleet, by its key: in order of creation. */
export interface DeviceOrder {
  /** The devices of a host are these now; none where it is gone. */
  readonly replace: (host: string, before: readonly number[], keys: readonly number[]) => void;
  readonly hostOf: (key: number) => string | undefined;
  /** Devices after a key, each with its host. */
  readonly after: (key: number) => Iterable<readonly [key: number, host: string]>;
}

/** An order in which nothing is sorted again while devices come last and go: what they mostly do. */
export function createDeviceOrder(): DeviceOrder {
  const hostOf = new Map<number, string>();
  /** Ascending where it is sorted; those that are gone are passed over until it is made anew. */
  let keys: number[] = [];
  let isSorted = true;
  const sorted = (): readonly number[] => {
    if (!isSorted || keys.length > 2 * hostOf.size) keys = [...Float64Array.from(hostOf.keys()).sort()];
    isSorted = true;
    return keys;
  };
  return {
    replace: (host, before, now) => {
      // What becomes known of a host mostly leaves it the devices that it has.
      if (before.length === now.length && before.every((key, at) => key === now[at])) return;
      const known = new Set(before);
      for (const key of before) hostOf.delete(key);
      for (const key of now) {
        hostOf.set(key, host);
        if (known.has(key)) continue;
        if (key > (keys.at(-1) ?? 0)) keys.push(key);
        else isSorted = false;
      }
    },
    hostOf: (key) => hostOf.get(key),
    *after(key) {
      const order = sorted();
      for (let at = firstAfter(order, key); at < order.length; at += 1) {
        const host = hostOf.get(order[at]!);
        if (host !== undefined) yield [order[at]!, host];
      }
    },
  };
}

/** Where the first key after this one stands in an ascending list; its length where there is none. */
export function firstAfter(keys: readonly number[], key: number): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! > key) high = middle;
    else low = middle + 1;
  }
  return low;
}
