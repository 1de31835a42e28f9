/** A word of a text that may be a uid. */
const WORD = /[\w-]+/g;

/** A record that names other uids than it did, wherever it does: in fields of its own, in lists, within texts. */
export function renewed<T>(record: T, uids: ReadonlyMap<string, string>): T {
  return renewedValue(record, uids) as T;
}

function renewedValue(value: unknown, uids: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return value.replace(WORD, (word) => uids.get(word) ?? word);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => renewedValue(each, uids));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, renewedValue(each, uids)]));
}
