import { findRun, type Level } from '../model/mapping_table.ts';
import { entriesOf } from '../model/transaction.ts';
import { PAGE_BYTES, PMD_PAGES } from '../model/vocabulary.ts';
import { fileBehind, nextRunStart, type Walk } from './fault_walk.ts';
import { gatheredBehind, settled } from './gather.ts';
import { holdsPte } from './page_cache.ts';

/** Whether the 2 MiB of a file from a page index on lie behind one entry, as far as its blocks say. */
export type Fits = (page: number) => boolean;

/** What one fault, and those of the pages behind it that are alike, map: page indices of the mapping. */
export interface Span {
  readonly level: Level;
  readonly from: number;
  readonly to: number;
}

/** The entries from a missing page on, below `limit`: by PMD as long as it fits, else by PTE up to where it does. */
export function spanFrom(walk: Walk, index: number, limit: number, fits: Fits): Span {
  const shift = walk.mapping.offset / PAGE_BYTES;
  const start = Math.floor((index + shift) / PMD_PAGES) * PMD_PAGES - shift;
  const byPmd = isPmd(walk, start, fits);
  let at = start + PMD_PAGES;
  while (at < limit && isPmd(walk, at, fits) === byPmd) at += PMD_PAGES;
  return byPmd
    ? { level: 'pmd', from: start, to: at }
    : { level: 'pte', from: index, to: Math.min(at, limit) };
}

/** A10: whether the 2 MiB of a mapping from a page index on can be one PMD entry. */
function isPmd(walk: Walk, from: number, fits: Fits): boolean {
  const { mapping } = walk;
  if (mapping.page_size < 2097152) return false;
  const page = from + mapping.offset / PAGE_BYTES;
  const insideVma = from >= 0 && from + PMD_PAGES <= mapping.length / PAGE_BYTES;
  const file = fileBehind(walk);
  const insideFile = (page + PMD_PAGES) * PAGE_BYTES <= file.size;
  if (!insideVma || !insideFile || !fits(page)) return false;
  if (gatheredBehind(walk, file.id, page)?.level === 'pte') return false;
  if (gatheredBehind(walk, mapping.id, from) !== null) settled(walk);
  return !holdsPte(walk.tx.host, file, page, page + PMD_PAGES) && hasNoTable(walk, from);
}

/** A PMD cannot be set where PTEs of this VMA are present (a page table hangs there); over the huge zero page it can. */
function hasNoTable(walk: Walk, from: number): boolean {
  const first = findRun(entriesOf(walk.tx.host, walk.mapping.id), from);
  if (first !== null) return first.kind === 'zero';
  return nextRunStart(walk, from) >= from + PMD_PAGES;
}
