import { FIELDS } from './field_table.ts';
import { estimate, parseHumanSize } from './human_size.ts';
import type { ListedObject, ListedValue, ObjectKind } from './record.ts';

/** The fields of an object as the tools print them without -u; of what is only known rounded, the estimate [IMP21]. */
export function printable(
  kind: ObjectKind,
  fields: ListedObject,
  omitted: readonly string[] = [],
): ListedObject {
  const { types } = FIELDS[kind];
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => {
      if (value === undefined || omitted.includes(key)) return [];
      return [[key, types[key] === 'size' ? estimated(value) : value]];
    }),
  );
}

/** A value with the estimate in place of each rounded size of -u: what an export prints of it, and says again. */
export function estimated(value: ListedValue): ListedValue {
  if (typeof value === 'string') {
    const human = parseHumanSize(value);
    return human === null ? value : estimate(human);
  }
  if (Array.isArray(value)) return (value as ListedValue[]).map(estimated);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, estimated(member as ListedValue)]),
  );
}
