import { indexed } from './indexed.ts';
import { toCount, toU64 } from './number.ts';
import type { ListedRecord } from './record.ts';

/** The CXL region that holds an address; of several the one listed first. */
export function cxlRegionAt(table: readonly ListedRecord[], address: bigint): ListedRecord | null {
  const { bounds, owners } = paintedRanges(table);
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle]! <= address) low = middle + 1;
    else high = middle;
  }
  return owners[low - 1] ?? null;
}

/** Addresses cut at every start and end: `owners[at]` has those from `bounds[at]` to the next bound. */
interface PaintedRanges {
  readonly bounds: readonly bigint[];
  readonly owners: readonly (ListedRecord | undefined)[];
}

/** Each range takes what none before it has: `next` leads past what is taken, so that nothing is taken twice. */
const paintedRanges = indexed((table: readonly ListedRecord[]): PaintedRanges => {
  const ranges = table.flatMap((region) => {
    const [start, size] = [toU64(region.fields['resource']), toCount(region.fields['size'])];
    return start === null || size === null || size === 0
      ? []
      : [{ region, start, end: start + BigInt(size) }];
  });
  const bounds = [...new Set(ranges.flatMap(({ start, end }) => [start, end]))].sort((a, b) =>
    a < b ? -1 : 1,
  );
  const positions = new Map(bounds.map((bound, at) => [bound, at]));
  const next = bounds.map((_bound, at) => at);
  const owners: (ListedRecord | undefined)[] = bounds.map(() => undefined);
  for (const { region, start, end } of ranges) {
    const past = positions.get(end)!;
    for (let at = freeFrom(next, positions.get(start)!); at < past; at = freeFrom(next, at)) {
      owners[at] = region;
      next[at] = at + 1;
    }
  }
  return { bounds, owners };
});

/** The first position from here on that is not taken; the way there is shortened for whoever comes next. */
function freeFrom(next: number[], from: number): number {
  let at = from;
  while (at < next.length && next[at] !== at) {
    const further = next[at]!;
    next[at] = next[further] ?? further;
    at = further;
  }
  return at;
}
