import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { File, Host } from '../../src/engine/model/host.ts';
import { runs } from '../../src/engine/model/mapping_table.ts';
import {
  addEmpty,
  addPages,
  cachedAt,
  clean,
  daxEntries,
  forget,
  hasDirty,
  holdsPte,
  nextCached,
  tagDirty,
} from '../../src/engine/mm/page_cache.ts';
import { begin, entriesOf, type Transaction } from '../../src/engine/model/transaction.ts';
import { ext4 } from './rig.ts';
import { found, MIB, steadyContext } from './support.ts';
import { cases } from '../support/property.ts';

interface Cache {
  readonly tx: Transaction;
  readonly host: Host;
  readonly file: File;
}

/** i_pages of a file of 12 MiB on ext4 with DAX, empty. */
function emptyCache(): Cache {
  const { made, file } = ext4('v6.12');
  const record = found(made.host.tables.files.get(file('/a', 12 * MIB)));
  return { tx: begin(made.host, steadyContext()), host: made.host, file: record };
}

/** One page of i_pages: by PMD or not, dirty or not, a real entry or an empty one. */
type Pages = Map<number, readonly [large: boolean, dirty: boolean, real: boolean]>;

function expand({ host, file }: Cache): Pages {
  return new Map(
    [...runs(entriesOf(host, file.id))].flatMap(({ index, nr_pages, level, writable, kind }) =>
      Array.from(
        { length: nr_pages },
        (_, at) => [index + at, [level === 'pmd', writable, kind === 'dax'] as const] as const,
      ),
    ),
  );
}

type Op = {
  readonly op: 'small' | 'large' | 'empty' | 'dirty' | 'clean' | 'forget';
  readonly start: number;
  readonly count: number;
};
const anyOp: fc.Arbitrary<Op> = fc.record({
  op: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('small', 'large', 'empty', 'dirty') },
    { weight: 1, arbitrary: fc.constantFrom('clean', 'forget') },
  ),
  start: fc.integer({ min: 0, max: 1500 }),
  count: fc.integer({ min: 1, max: 700 }),
});

function slotOf(start: number): number {
  return Math.floor(start / 512) * 512;
}

function perform(cacheOf: Cache, { op, start, count }: Op): void {
  const { tx, host, file } = cacheOf;
  const slot = slotOf(start);
  if (op === 'clean') clean(tx, file);
  else if (op === 'forget') forget(tx, file);
  else if (op === 'dirty') dirtyReal(cacheOf, start, count);
  else if (op === 'empty') addEmpty(tx, file, start, start + count);
  else if (op === 'small') addPages(tx, file, start, start + count, 'pte');
  else if (!holdsPte(host, file, slot, slot + 512)) addPages(tx, file, slot, slot + 512, 'pmd');
}

/** Nobody stores to a page that has no real entry. */
function dirtyReal({ tx, host, file }: Cache, start: number, count: number): void {
  for (const { index, nr_pages } of daxEntries(host, file)) {
    const [from, to] = [Math.max(start, index), Math.min(start + count, index + nr_pages)];
    if (from < to) tagDirty(tx, file, from, to);
  }
}

function performOnPages(pages: Pages, { op, start, count }: Op): void {
  const slot = slotOf(start);
  const slotHasPte = [...pages].some(([at, [large]]) => !large && at >= slot && at < slot + 512);
  const [from, to] = op === 'large' ? [slot, slot + 512] : [start, start + count];
  if (op === 'forget') pages.clear();
  for (let at = 0; at < 3072; at += 1) {
    const page = pages.get(at);
    const unit = page?.[0] === true ? 512 : 1;
    const first = Math.floor(at / unit) * unit;
    if (op === 'clean' && page !== undefined) pages.set(at, [page[0], false, page[2]]);
    if (op === 'dirty' && page?.[2] === true && first < to && from < first + unit)
      pages.set(at, [page[0], true, true]);
    const fits = op === 'small' || (op === 'large' && !slotHasPte);
    const inside = at >= from && at < to;
    if (fits && page?.[2] !== true && inside) pages.set(at, [op === 'large', false, true]);
    if (op === 'empty' && page === undefined && inside) pages.set(at, [false, false, false]);
  }
}

describe('i_pages', () => {
  test('says what covers a page, and where the next covered one is', () => {
    const { tx, host, file } = emptyCache();
    addPages(tx, file, 0, 512, 'pmd');
    addPages(tx, file, 600, 604, 'pte');
    expect([0, 511, 512, 603, 604].map((index) => cachedAt(host, file, index)?.index ?? null)).toEqual([
      0,
      0,
      null,
      600,
      null,
    ]);
    expect([0, 5, 512, 601, 604].map((from) => nextCached(host, file, from))).toEqual([
      0,
      5,
      600,
      601,
      Infinity,
    ]);
    expect(
      [
        [0, 600],
        [0, 601],
        [604, 700],
      ].map(([from = 0, to = 0]) => holdsPte(host, file, from, to)),
    ).toEqual([false, true, false]);
    expect(hasDirty(host, file)).toBe(false);
    tagDirty(tx, file, 601, 602);
    expect(hasDirty(host, file)).toBe(true);
  });

  test('forgetting what holds nothing changes nothing', () => {
    const { tx, file } = emptyCache();
    forget(tx, file);
    expect(tx.pending).toEqual([]);
  });

  test('equals a map of single pages after any operations', () => {
    fc.assert(
      fc.property(fc.array(anyOp, { maxLength: 15 }), (ops) => {
        const cache = emptyCache();
        const pages: Pages = new Map();
        for (const op of ops) {
          perform(cache, op);
          performOnPages(pages, op);
        }
        expect([...expand(cache)]).toEqual([...pages].sort(([a], [b]) => a - b));
      }),
      cases(),
    );
  });
});
