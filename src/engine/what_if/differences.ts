import type { AnsweredRemoval, ComparedRemoval, Difference } from './record.ts';

type Value = string | number | null;

/** What kernels are compared by. */
const FIELDS: Readonly<Record<string, (item: AnsweredRemoval) => Value>> = {
  state: ({ state }) => state,
  verdict: ({ verdict }) => verdict,
  waiting_on: ({ waiting_on }) => list(waiting_on.map(({ pin }) => pin)),
  hazards: ({ hazards }) => list(hazards.map(({ kind }) => kind)),
  pages_unmapped: ({ report }) => report.pages.unmapped,
  pages_still_mapped: ({ report }) => report.pages.still_mapped,
  pages_hwpoisoned: ({ report }) => report.pages.hwpoisoned,
  signals_sent: ({ report }) => report.signals.reduce((sum, group) => sum + group.count, 0),
  signal_codes: ({ report }) =>
    list(report.signals.map(({ si_code, si_addr_lsb }) => `${si_code} lsb ${String(si_addr_lsb)}`)),
  processes_killed: ({ report }) => report.signals.reduce((sum, group) => sum + group.killed, 0),
  file_systems: ({ report }) =>
    list(report.file_systems.map(({ mount, result, reason }) => `${mount} ${reason ?? result}`)),
  leaked_bytes: ({ report }) => report.leaked_ranges.reduce((sum, range) => sum + range.size, 0),
  simulated_kernel_cost: ({ simulated_kernel_cost }) => simulated_kernel_cost.seconds,
};

/** The fields whose values are not the same on all kernels. Who refuses is compared in `refused` alone. */
export function differencesOf(items: readonly ComparedRemoval[]): Difference[] {
  const answered = items.filter((item) => item.refused === null);
  const refused = items.map((item) => [item.kernel, item.refused?.code ?? null] as const);
  const told = Object.entries(FIELDS).map(([field, read]) => {
    return { field, values: answered.map((item) => [item.kernel, read(item)] as const) };
  });
  return [{ field: 'refused', values: refused }, ...told].flatMap(({ field, values }) => {
    const differ = new Set(values.map(([, value]) => value)).size > 1;
    return differ ? [{ field, values: Object.fromEntries(values) }] : [];
  });
}

function list(words: readonly string[]): string {
  return [...new Set(words)].sort().join(', ');
}
