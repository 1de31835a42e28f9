import { readFileSync } from 'node:fs';

/** Leaves of recordings that nothing is compared with, and why. Both patterns are of the whole text. */
export interface NotCompared {
  /** Of a leaf's path, in which `[]` is any place of a list and `[+]` one after the first. */
  readonly leaves: string;
  /** Of its value as JSON; any value where this is not told. */
  readonly value?: string;
  readonly reason: string;
  /** The recordings that are kept here are without it; those that they were taken from may have it. */
  readonly left_out?: true;
}

const ANY = /[^]*/;
const FILE = new URL('not_compared.json', import.meta.url);
const TABLE = (JSON.parse(readFileSync(FILE, 'utf8')) as readonly NotCompared[]).map((row) => ({
  row,
  leaves: whole(row.leaves.replaceAll('[]', String.raw`\[[0+]\]`).replaceAll('[+]', String.raw`\[\+\]`)),
  value: row.value === undefined ? ANY : whole(row.value),
}));

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

export function notCompared(): readonly NotCompared[] {
  return TABLE.map(({ row }) => row);
}

/** Whether a place, with all below it, is left out of the recordings that are kept here. */
export function isLeftOut(path: string): boolean {
  return TABLE.some(({ row, leaves }) => row.left_out === true && leaves.test(path));
}

/** Rows by path that fit some value of it: its own path, or one above it that is left out. */
const known = new Map<string, typeof TABLE>();

/** The first row that lists a leaf, or null. */
export function listedAs(path: string, value: unknown): NotCompared | null {
  const rows = known.get(path) ?? TABLE.filter((row) => fits(row, path));
  known.set(path, rows);
  return rows.find((row) => row.value === ANY || row.value.test(JSON.stringify(value)))?.row ?? null;
}

function fits({ row, leaves }: (typeof TABLE)[number], path: string): boolean {
  if (row.left_out !== true) return leaves.test(path);
  return pathsTo(path).some((above) => leaves.test(above));
}

/** `a`, `a[0]`, `a[0].b` for `a[0].b`. */
function pathsTo(path: string): string[] {
  const ends = [...path.matchAll(/(?=[.[])|$/g)].map(({ index }) => index);
  return ends.map((end) => path.slice(0, end));
}
