import { ROWS_MAX } from '../model/cut.ts';
import type { AnsweredRemoval, ComparedRemoval, ComparedReport, Difference } from './record.ts';

/** A list is its words, each once and sorted. */
type Value = string | number | null | readonly string[];

/** What kernels are compared by: of whole lists. */
const FIELDS: Readonly<Record<string, (item: AnsweredRemoval) => Value>> = {
  state: ({ state }) => state,
  verdict: ({ verdict }) => verdict,
  waiting_on: ({ waiting_on }) => list(waiting_on.map(({ pin }) => pin)),
  hazards: ({ hazards }) => list(hazards.map(({ kind }) => kind)),
  pages_unmapped: ({ report }) => ofReport(report, ({ pages }) => pages.unmapped),
  pages_still_mapped: ({ report }) => ofReport(report, ({ pages }) => pages.still_mapped),
  pages_hwpoisoned: ({ report }) => ofReport(report, ({ pages }) => pages.hwpoisoned),
  signals_sent: ({ report }) =>
    ofReport(report, ({ signals }) => signals.reduce((sum, group) => sum + group.count, 0)),
  signal_codes: ({ report }) =>
    ofReport(report, ({ signals }) =>
      list(signals.map(({ si_code, si_addr_lsb }) => `${si_code} lsb ${String(si_addr_lsb)}`)),
    ),
  processes_killed: ({ report }) =>
    ofReport(report, ({ signals }) => signals.reduce((sum, group) => sum + group.killed, 0)),
  file_systems: ({ report }) =>
    ofReport(report, (told) =>
      list(told.file_systems.map(({ mount, result, reason }) => `${mount} ${reason ?? result}`)),
    ),
  leaked_bytes: ({ report }) =>
    ofReport(report, (told) => told.leaked_ranges.reduce((sum, range) => sum + range.size, 0)),
  simulated_kernel_cost: ({ simulated_kernel_cost }) => simulated_kernel_cost?.seconds ?? null,
};

/** Null: it is not known of this kernel. */
function ofReport<Told>(report: ComparedReport | null, read: (told: ComparedReport) => Told): Told | null {
  return report === null ? null : read(report);
}

/** The fields whose values are not the same on all kernels. Refusals are compared in `refused` only. */
export function differencesOf(items: readonly ComparedRemoval[]): Difference[] {
  const answered = items.filter((item) => item.refused === null);
  const refused = items.map((item) => [keyOf(item), item.refused?.code ?? null] as const);
  const told = Object.entries(FIELDS).map(([field, read]) => {
    return { field, values: answered.map((item) => [keyOf(item), read(item)] as const) };
  });
  return [{ field: 'refused', values: refused }, ...told].flatMap(({ field, values }) => {
    const differ = new Set(values.map(([, value]) => JSON.stringify(value))).size > 1;
    return differ ? [{ field, values: Object.fromEntries(inWords(values)) }] : [];
  });
}

/** What is shown of each kernel: of a list the first 100 words, those that not all have before the others. */
function inWords<K>(values: readonly (readonly [K, Value])[]): (readonly [K, string | number | null])[] {
  const lists = values.flatMap(([, value]) => (isList(value) ? [new Set(value)] : []));
  return values.map(([kernel, value]) => {
    if (!isList(value)) return [kernel, value] as const;
    const more = value.length - ROWS_MAX;
    if (more <= 0) return [kernel, value.join(', ')] as const;
    const shared = (word: string): boolean => lists.every((words) => words.has(word));
    const first = [...value.filter((word) => !shared(word)), ...value.filter(shared)].slice(0, ROWS_MAX);
    return [kernel, `${first.join(', ')} and ${String(more)} more`] as const;
  });
}

function isList(value: Value): value is readonly string[] {
  return Array.isArray(value);
}

function list(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort();
}

/** What was asked for: a profile, or a release. */
function keyOf({ kernel, kernel_release }: ComparedRemoval): string {
  return kernel_release ?? kernel;
}
