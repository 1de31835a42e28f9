import type { Observation, Played } from './play.ts';

/** `N of M observations equal` for each kernel and all of them, first for the core, then for detail. */
export function totals(played: readonly Played[]): string[] {
  const observations = played.flatMap((one) => one.observations);
  const kernels = [...new Set(observations.map(({ kernel }) => kernel))].sort();
  const lines = kernels.flatMap((kernel) =>
    bothLines(
      kernel,
      observations.filter((one) => one.kernel === kernel),
    ),
  );
  const core = observations.filter((one) => one.class === 'core');
  const exempt = core.filter((one) => one.exempt !== null).length;
  const share = core.length === 0 ? 0 : (100 * exempt) / core.length;
  return [
    ...lines,
    ...bothLines('all kernels', observations),
    `exempt: ${exempt} of ${core.length} core observations (${share.toFixed(2)} %)`,
  ];
}

function bothLines(title: string, observations: readonly Observation[]): string[] {
  return (['core', 'detail'] as const).map((kind) => {
    const scored = observations.filter((one) => one.class === kind && one.exempt === null);
    const equal = scored.filter((one) => one.equal).length;
    return `${title} ${kind}: ${equal} of ${scored.length} observations equal`;
  });
}

/** What differs and is not exempt, of one class. */
export function differences(played: readonly Played[], kind: Observation['class']): readonly Observation[] {
  return played
    .flatMap((one) => one.observations)
    .filter((one) => one.class === kind && !one.equal && one.exempt === null);
}

/** One line a difference: recording, what was observed, expected → actual. */
export function differenceLine(one: Observation): string {
  return `${one.recording} | ${one.name} | ${one.expected} → ${one.actual}`;
}

/** Files that were not played, with what they hold that has no calls yet. */
export function notCovered(played: readonly Played[]): string[] {
  return played.flatMap((one) =>
    one.not_covered === null ? [] : [`not covered: ${one.recording}: ${one.not_covered}`],
  );
}
