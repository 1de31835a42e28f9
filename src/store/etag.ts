import type { Resource } from '../engine/model/resource.ts';

/** The strong entity tag of a record: it changes with every revision and is never that of another record. */
export function etagOf(record: Resource): string {
  return `"${record.uid}.${String(record.revision)}"`;
}

/**
 * Whether an If-Match value (`*` or a list of entity tags) names this record, or what was shown of it with more
 * (`"uid.revision~…"`). Weak tags never do.
 */
export function matchesEtag(condition: string, record: Resource): boolean {
  const tags = condition.split(',').map((tag) => tag.trim().replace(/~[0-9a-f]+"$/, '"'));
  return tags.includes('*') || tags.includes(etagOf(record));
}
