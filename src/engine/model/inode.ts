/** Consecutive blocks of a file; all counts are of pages. */
export interface Extent {
  /** Page index in the file. */
  readonly offset: number;
  readonly pfn: number;
  readonly nr_pages: number;
}

/** How the times of a file stand; none of them is told. */
export interface FileTimes {
  /** Its times changed after its device went, and no commit has come since: fsync has something to commit (S36). */
  readonly uncommitted: boolean;
  /** It was changed after its atime: the next read or mmap updates that (relatime). */
  readonly atime_due: boolean;
}
