/** How sure it is that a change came with its release: A both sides were read, B one was, C inferred. */
export type Certainty = 'A' | 'B' | 'C' | 'none';

/**
 * A change of the kernel with which facts took other values: all rows that name it change together. The series never
 * was in a release.
 */
export interface Change {
  /** Its commit where that was found, else a word for it. Two changes never share one. */
  readonly id: string;
  /** The commit's title, or what is known in its stead. */
  readonly title: string;
  /** The first release of mainline; null where it was not found, or is not a matter of a release. */
  readonly release: string | null;
  /** Where the release is not known: the first that may have it, the first that has it for certain. */
  readonly within: { readonly first: string; readonly last: string } | null;
  /** The stable releases that have it too, of branches older than `release`. */
  readonly backports: readonly string[];
  /** The last release of a branch that is known not to have it: a later one of that branch may. */
  readonly seen_without: readonly string[];
  readonly certainty: Certainty;
  readonly note: string | null;
  /** The first branch of which Debian builds it in, where it is a matter of the distribution. */
  readonly debian: string | null;
  /** The changes that it stands on: a kernel with it has them, one without them has it not. */
  readonly needs: readonly Change[];
}

/** A change as a row of a kernel shows it. */
export type ChangeShown = Omit<Change, 'needs' | 'debian'>;

/** What is shown of a change. */
export function shownChange({ needs: _needs, debian: _debian, ...shown }: Change): ChangeShown {
  return shown;
}

type More = Partial<Pick<Change, 'note' | 'backports' | 'seen_without' | 'needs'>>;

/** A change of which the release is known. */
export function changed(
  release: string,
  id: string,
  title: string,
  certainty: Certainty,
  more?: More,
): Change {
  return { ...NOTHING_MORE, id, title, release, within: null, certainty, ...more };
}

/** A change between two releases that was not found. */
export function changedWithin(
  first: string,
  last: string,
  id: string,
  title: string,
  certainty: Certainty,
  more?: More,
): Change {
  return { ...NOTHING_MORE, id, title, release: null, within: { first, last }, certainty, ...more };
}

/** A difference that no release made; `debian`: the first branch of which Debian builds it in. */
export function notOfRelease(id: string, note: string, debian: string | null = null): Change {
  return { ...NOTHING_MORE, id, title: note, release: null, within: null, certainty: 'none', note, debian };
}

const NOTHING_MORE = { backports: [], seen_without: [], note: null, needs: [], debian: null } as const;
