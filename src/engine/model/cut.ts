/** Rows that a list inside an answer has at most (CUT1). */
export const ROWS_MAX = 100;

/** The lists of a removal that grow with what is mapped, and are told up to their hundredth row. */
export const CUT_LISTS = [
  'hazards',
  'waiting_on',
  'signals',
  'pins_waited_for',
  'file_systems',
  'tenants',
  'exposures',
  'targets',
] as const;
/** How many rows there are of each list of which only the first 100 are shown. */
export type Counts = Readonly<Partial<Record<(typeof CUT_LISTS)[number], number>>>;

/** What an answer with such lists says of them: nothing where all are whole. */
export interface Cut {
  readonly cut?: Counts;
}

/**
 * The first 100 rows of each list, and what to say of those that have more, beside what is `known` to be cut. Rows
 * behind the first 100 of one that is known to be cut have come since.
 */
export function cutLists<L extends Readonly<Partial<Record<keyof Counts, readonly unknown[]>>>>(
  lists: L,
  known: Counts = {},
): { readonly rows: L; readonly told: Cut } {
  const long = Object.entries(lists).filter(([, rows]) => rows.length > ROWS_MAX);
  const first = long.map(([name, rows]) => [name, rows.slice(0, ROWS_MAX)] as const);
  const counts = long.map(([name, rows]) => {
    const before = known[name as keyof Counts] ?? ROWS_MAX;
    return [name, before + rows.length - ROWS_MAX] as const;
  });
  const cut: Counts = { ...known, ...Object.fromEntries(counts) };
  return {
    rows: { ...lists, ...Object.fromEntries(first) },
    told: Object.keys(cut).length === 0 ? {} : { cut },
  };
}
