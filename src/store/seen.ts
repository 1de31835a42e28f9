/**
 * Columns of what a state is of, in SQL: `as_of` and `oldest_seq`, as in the port's Seen. Subselects: asked for both at
 * once, SQLite reads the whole journal.
 */
export const SEEN = `coalesce((SELECT max(seq) FROM events), 0) AS as_of,
  coalesce((SELECT min(seq) FROM events), 1) AS oldest_seq`;
