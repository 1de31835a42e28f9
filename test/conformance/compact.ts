import { isLeftOut } from './not_compared.ts';
import { childPath } from './leaves.ts';

/** The same recording without what the copies kept here do without; applying it again changes nothing. */
export function compact(value: unknown, path = ''): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).flatMap(([key, child]) => {
    const at = childPath(value, path, key);
    return isLeftOut(at) ? [] : [[key, compact(child, at)] as const];
  });
  return Array.isArray(value) ? kept.map(([, child]) => child) : Object.fromEntries(kept);
}
