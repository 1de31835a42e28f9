/** Rows that a list inside an answer has at most (CUT1). */
export const ROWS_MAX = 100;

/** Rows that a list in the answer to a listing has at most: as many as a listing has objects (CUT5). */
export const LISTED_ROWS_MAX = 10_000;
/** The lists that tell what became of a listing. */
export const LISTED_LISTS = ['devices', 'host_objects', 'absent', 'skipped'] as const;
/** How many rows there are of those of which only the first are shown. */
export type ListedCounts = CountsOf<(typeof LISTED_LISTS)[number]>;

/** The lists of a removal that grow with what is mapped, and are told up to their hundredth row. */
export const CUT_LISTS = [
  'hazards',
  'waiting_on',
  'signals',
  'pins_waited_for',
  'file_systems',
  'tenants',
  'exposures',
  'mapped_before',
  'targets',
  'calls',
] as const;
/** How many rows there are of each list of which only the first 100 are shown. */
export type Counts = CountsOf<(typeof CUT_LISTS)[number]>;

type CountsOf<Name extends string> = Readonly<Partial<Record<Name, number>>>;
type ListsOf<Name extends string> = Readonly<Partial<Record<Name, readonly unknown[]>>>;

/** What an answer with such lists says of them: nothing where all are whole. */
export interface Cut {
  readonly cut?: Counts;
}

/** cutAt() for the lists of a removal. */
export function cutLists<L extends ListsOf<keyof Counts>>(lists: L, known: Counts = {}) {
  return cutAt<keyof Counts, L>(ROWS_MAX, lists, known);
}

/**
 * The first `max` rows of each list, and what to say of those that have more, beside what is `known` to be cut. Rows
 * behind the first `max` of one that is known to be cut have come since.
 */
export function cutAt<Name extends string, L extends ListsOf<Name>>(
  max: number,
  lists: L,
  known: CountsOf<Name>,
): { readonly rows: L; readonly told: { readonly cut?: CountsOf<Name> } } {
  const long = Object.entries(lists as Readonly<Record<string, readonly unknown[]>>).filter(
    ([, rows]) => rows.length > max,
  );
  const first = long.map(([name, rows]) => [name, rows.slice(0, max)] as const);
  const counts = long.map(([name, rows]) => {
    const before = known[name as Name] ?? max;
    return [name, before + rows.length - max] as const;
  });
  const cut: CountsOf<Name> = { ...known, ...Object.fromEntries(counts) };
  return {
    rows: { ...lists, ...Object.fromEntries(first) },
    told: Object.keys(cut).length === 0 ? {} : { cut },
  };
}
