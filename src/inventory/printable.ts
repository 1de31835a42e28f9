import { FIELDS } from './field_table.ts';
import type { ListedObject, ObjectKind } from './record.ts';

/** The fields of an object as the tools print them without -u: what is only known rounded is left out. */
export function printable(
  kind: ObjectKind,
  fields: ListedObject,
  omitted: readonly string[] = [],
): ListedObject {
  const { types } = FIELDS[kind];
  const isRounded = (key: string, value: unknown): boolean =>
    types[key] === 'size' && typeof value === 'string';
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([key, value]) => value !== undefined && !omitted.includes(key) && !isRounded(key, value),
    ),
  );
}
