/** How the property tests run: the seed is that of the day unless one was found; a failure prints it. */
export const SEEDED = { numRuns: 300, verbose: 1 } as const;
