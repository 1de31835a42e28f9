/** Half-open pfn ranges as `[pfn, nr_pages]`. */
export type PfnRange = readonly [pfn: number, nr_pages: number];

/** Sorted, merged: each page once. O(n log n) ranges. */
export function normalize(ranges: readonly PfnRange[]): PfnRange[] {
  const sorted = ranges.filter(([, count]) => count > 0).sort((a, b) => a[0] - b[0]);
  const merged: PfnRange[] = [];
  for (const [pfn, count] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && pfn <= last[0] + last[1]) {
      merged[merged.length - 1] = [last[0], Math.max(last[1], pfn + count - last[0])];
    } else merged.push([pfn, count]);
  }
  return merged;
}

/** Pages of normalized ranges. */
export function countPages(ranges: readonly PfnRange[]): number {
  return ranges.reduce((sum, [, count]) => sum + count, 0);
}

/** Pages that lie in both; both normalized. O(log n + log m), and the ranges from where both have begun. */
export function intersect(a: readonly PfnRange[], b: readonly PfnRange[]): PfnRange[] {
  const common: PfnRange[] = [];
  let i = firstReaching(a, b);
  let j = firstReaching(b, a);
  while (i < a.length && j < b.length) {
    const [pa, ca] = a[i] as PfnRange;
    const [pb, cb] = b[j] as PfnRange;
    const from = Math.max(pa, pb);
    const to = Math.min(pa + ca, pb + cb);
    if (from < to) common.push([from, to - from]);
    if (pa + ca < pb + cb) i += 1;
    else j += 1;
  }
  return common;
}

/** Pages of `a` that are not in `b`; both normalized. O(n + log m), and the ranges of `b` from where `a` begins. */
export function subtract(a: readonly PfnRange[], b: readonly PfnRange[]): PfnRange[] {
  const left: PfnRange[] = [];
  let j = firstReaching(b, a);
  for (const [first, count] of a) {
    let from = first;
    const end = first + count;
    while (j < b.length && b[j]![0] + b[j]![1] <= from) j += 1;
    for (let k = j; k < b.length && b[k]![0] < end; k += 1) {
      const [pfn, nr_pages] = b[k]!;
      if (pfn > from) left.push([from, pfn - from]);
      from = Math.max(from, pfn + nr_pages);
    }
    if (from < end) left.push([from, end - from]);
  }
  return left;
}

/** Which of ranges is the first to end behind the begin of others: with few others, most need no look. O(log n). */
function firstReaching(ranges: readonly PfnRange[], others: readonly PfnRange[]): number {
  const [first] = others;
  return first === undefined ? ranges.length : firstBehind(first[0], ranges);
}

/** Whether pages of a range lie in normalized ranges. O(log n). */
export function overlaps([pfn, nr_pages]: PfnRange, ranges: readonly PfnRange[]): boolean {
  const found = ranges[firstBehind(pfn, ranges)];
  return found !== undefined && found[0] < pfn + nr_pages;
}

/** The first range that ends after a pfn. */
function firstBehind(pfn: number, ranges: readonly PfnRange[]): number {
  return firstEndingAfter(pfn, ranges.length, (at) => ranges[at]![0] + ranges[at]![1]);
}

/** The first of `count` ascending things that ends after `index`; `count` where there is none. O(log count). */
export function firstEndingAfter(index: number, count: number, endOf: (at: number) => number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(middle) > index) high = middle;
    else low = middle + 1;
  }
  return low;
}
