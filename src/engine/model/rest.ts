import type { Host, Rest } from './host.ts';
import { addUsesBefore, idsBy, type UseField, type UseValue } from './uses.ts';

/** Ids that are found there, in order of creation: also those that an open transaction has deleted. */
export function usesBy({ rest, uses_by }: Host, field: UseField, value: UseValue): readonly string[] {
  if (rest !== null && rest.asked.get(field)?.has(value) !== true) {
    addUsesBefore(uses_by, field, value, rest.uses(field, value));
    noteAsked(rest, field, value);
  }
  return idsBy(uses_by, field, value);
}

function noteAsked({ asked }: Rest, field: UseField, value: UseValue): void {
  const values = asked.get(field) ?? new Set();
  asked.set(field, values.add(value));
}

/** Loads the mapping or file of that id, which brings its entries along; where all is in memory there is nothing to do. */
export function loadOwner({ rest, tables }: Host, owner: string): void {
  if (rest === null || tables.mappings.knows(owner) || tables.files.knows(owner)) return;
  if (!tables.mappings.has(owner)) tables.files.get(owner);
}
