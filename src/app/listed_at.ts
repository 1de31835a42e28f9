import type { ListedAt } from '../engine/model/host_command.ts';
import type { ListedItem } from '../inventory/listing.ts';
import type { ObjectKind } from '../inventory/record.ts';

/** Where in a text an object is listed; null where it is not. */
export type FindListed = (kind: ObjectKind, name: string | null) => ListedAt | null;

/** Finds the objects of a text by kind and name; one that is listed more than once where it is first. */
export function findListed(items: readonly ListedItem[]): FindListed {
  const places = new Map<string, ListedAt>();
  for (const { kind, name, document, pointer } of items) {
    const key = `${kind} ${name}`;
    if (!places.has(key)) places.set(key, { document, pointer });
  }
  return (kind, name) => places.get(`${kind} ${name ?? ''}`) ?? null;
}
