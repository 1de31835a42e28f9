import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

/** A value as JSON has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * One step of a case. Exactly one of `import`, `export` and `call` says what is done; the others what is expected.
 *
 * A path without a leading `/v1` is below the host. `$NAME` in a path or body is what an earlier step kept.
 */
export interface ReportStep {
  /** Text of a listing; `query` is that of the import. */
  readonly import?: string;
  readonly query?: string;
  /** The format of a listing to export; `same_as`: the import (from 0) whose text says the same, in any order. */
  readonly export?: string;
  readonly same_as?: number;
  readonly call?: readonly [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: Json];
  /** Default 2xx. */
  readonly status?: number;
  /** What the answer must hold; see `holds()`. */
  readonly answer?: Json;
  /** A regular expression that the text of the answer matches. */
  readonly matches?: string;
  /** Name → key of the answer whose value it keeps. */
  readonly keep?: Readonly<Record<string, string>>;
}

/** What somebody reported of a real machine, as small inputs with what is right. One file under test/http/reports. */
export interface Report {
  readonly name: string;
  readonly source: string;
  readonly situation: string;
  readonly right_value_from: string;
  /** The host as it is created; at least its kernel. */
  readonly host: { readonly [key: string]: Json };
  readonly steps: readonly ReportStep[];
}

const REPORTS = new URL('../http/reports/', import.meta.url);

/** All cases. */
export function reports(): readonly Report[] {
  return readdirSync(REPORTS)
    .sort()
    .map((file) => ({
      ...(JSON.parse(readFileSync(new URL(file, REPORTS), 'utf8')) as Omit<Report, 'name'>),
      name: file.replace(/\.json$/, ''),
    }));
}

/**
 * Whether an answer holds what is expected: of an object the expected members, of an array each expected member
 * somewhere; `{"$not": X}` holds where X does not, `{"$equals": X}` where nothing differs.
 */
export function holds(actual: unknown, expected: Json): boolean {
  if (typeof expected !== 'object' || expected === null) return actual === expected;
  if (Array.isArray(expected)) {
    const members = expected as readonly Json[];
    return (
      Array.isArray(actual) && members.every((member) => actual.some((candidate) => holds(candidate, member)))
    );
  }
  const object = expected as { readonly [key: string]: Json };
  if ('$not' in object) return !holds(actual, object['$not']);
  if ('$equals' in object) return isDeepStrictEqual(actual, object['$equals']);
  return (
    typeof actual === 'object' &&
    actual !== null &&
    Object.entries(object).every(([key, member]) => holds((actual as Record<string, unknown>)[key], member))
  );
}
