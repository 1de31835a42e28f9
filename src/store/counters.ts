import type { Kind } from '../engine/model/host.ts';

/** The tables of what the fleet is counted by, `counts_by_…` each: the columns of its key, and those that count. */
export const COUNT_TABLES = {
  word: { key: ['kind', 'field', 'word'], columns: ['records'] },
  host: { key: ['host'], columns: ['dax_devices', 'removals', 'open_exposures'] },
  tenant: { key: ['tenant'], columns: ['dax_devices', 'exposures', 'open_exposures'] },
  kernel_release: { key: ['kernel', 'kernel_release'], columns: ['hosts', 'dax_devices'] },
} as const;

/** Kinds whose records are counted, and the columns of words that they are counted by: `/` between two together. */
export const WORDS = {
  hosts: ['health', 'kernel'],
  dax_devices: ['state', 'mode'],
  removals: ['state/verdict', 'kernel'],
  exposures: ['open'],
} as const satisfies { readonly [K in Kind]?: readonly string[] };

/** A kind whose records are counted. */
export type CountedKind = keyof typeof WORDS;

/** A column that counts. */
export type Counter = {
  [By in keyof typeof COUNT_TABLES]: `${By}/${(typeof COUNT_TABLES)[By]['columns'][number]}`;
}[keyof typeof COUNT_TABLES];

/** What a counter changes by in the row of that key. */
export interface Difference {
  readonly counter: Counter;
  readonly key: readonly (string | number)[];
  by: number;
}

/** What a command changes the counts by: put together before it is written, for most of it is alike. */
export interface Differences {
  readonly add: (counter: Counter, key: Difference['key'], by: number) => void;
  readonly all: () => Iterable<Readonly<Difference>>;
}

/** Nothing yet. */
export function createDifferences(): Differences {
  const differences = new Map<string, Difference>();
  return {
    add: (counter, key, by) => {
      const name = `${counter} ${key.join(' ')}`;
      const known = differences.get(name);
      if (known === undefined) differences.set(name, { counter, key, by });
      else known.by += by;
    },
    all: () => differences.values(),
  };
}
