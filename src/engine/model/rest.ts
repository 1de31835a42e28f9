import type { Host } from './host.ts';

const NONE: ReadonlySet<string> = new Set();

/** Ids that a key of `uses_by` finds, in order of creation: also those that an open transaction has deleted. */
export function usesBy({ rest, uses_by }: Host, key: string): ReadonlySet<string> {
  if (rest !== null && !rest.asked.has(key)) {
    rest.asked.add(key);
    const ids = new Set(rest.uses(key));
    // Those that it does not have yet were created since.
    for (const id of uses_by.get(key) ?? NONE) ids.add(id);
    if (ids.size > 0) uses_by.set(key, ids);
  }
  return uses_by.get(key) ?? NONE;
}

/** Loads the mapping or file of that id, which brings its entries along; where all is in memory there is nothing to do. */
export function loadOwner({ rest, tables }: Host, owner: string): void {
  if (rest === null || tables.mappings.knows(owner) || tables.files.knows(owner)) return;
  if (!tables.mappings.has(owner)) tables.files.get(owner);
}
