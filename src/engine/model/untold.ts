/** Something that no listing has told, and what to import that does. */
export interface Untold {
  readonly what: string;
  readonly run: string;
}

/** Beside an answer about what goes with something: absent where all of that is told (CX21). */
export interface WithUnknown {
  readonly unknown?: readonly Untold[];
}

/** That member. */
export function besides(untold: Untold | null): WithUnknown {
  return untold === null ? {} : { unknown: [untold] };
}
