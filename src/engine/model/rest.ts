import type { Host, Rest } from './host.ts';
import { addUsesBefore, idsBy, type UseField, type UseValue } from './uses.ts';

/** Ids that are found there, in order of creation: also those that an open transaction has deleted. */
export function usesBy({ rest, uses_by }: Host, field: UseField, value: UseValue): Iterable<string> {
  if (rest !== null && isFirst(rest, field, value))
    addUsesBefore(uses_by, [field, value], rest.uses(field, value));
  return idsBy(uses_by, field, value);
}

/** Whether nobody has asked for it yet; now somebody has. */
function isFirst({ asked }: Rest, field: UseField, value: UseValue): boolean {
  const values = asked.get(field) ?? new Set();
  asked.set(field, values);
  return values.size < values.add(value).size;
}

/** Loads the mapping or file of that id, which brings its entries along; where all is in memory there is nothing to do. */
export function loadOwner({ rest, tables }: Host, owner: string): void {
  if (rest === null || tables.mappings.knows(owner) || tables.files.knows(owner)) return;
  if (!tables.mappings.has(owner)) tables.files.get(owner);
}
