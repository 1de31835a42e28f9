import { differing } from '../engine/model/mapping_table.ts';

/** How rows of the chunks of one owner are written and deleted, by the first that each chunk has. */
interface Statements<Chunk> {
  readonly put: (first: number, chunk: Chunk) => void;
  readonly remove: (first: number) => void;
  /** From one to another, both of them included. */
  readonly removeRange: (from: number, to: number) => void;
}

/** Chunks that stand in rows of their own: a single one stands in its owner's. */
export function inRows<Chunk>(chunks: readonly Chunk[]): readonly Chunk[] {
  return chunks.length === 1 ? [] : chunks;
}

/**
 * Writes the chunks in which two states of a list differ: a change shares all others between the two, wherever they
 * stand, and so do those that were loaded with the rows that they were loaded from. O(chunks) comparisons; those that
 * go and have none in their place go by one range of keys. `firstOf`: no two chunks of a list have the same.
 */
export function writeDiffering<Chunk>(
  before: readonly Chunk[],
  after: readonly Chunk[],
  firstOf: (chunk: Chunk) => number,
  { put, remove, removeRange }: Statements<Chunk>,
): void {
  const [gone, come] = differing(inRows(before), inRows(after));
  if (come.length === 0) {
    if (gone.length > 0) removeRange(firstOf(gone[0]!), firstOf(gone.at(-1)!));
    return;
  }
  const [stored, firsts] = [new Set(gone), new Set(come.map(firstOf))];
  for (const first of gone.map(firstOf)) if (!firsts.has(first)) remove(first);
  for (const chunk of come) if (!stored.has(chunk)) put(firstOf(chunk), chunk);
}
