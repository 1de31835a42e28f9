import type { Observation, Played } from './play.ts';
import type { Sight } from './sight.ts';

/** `N of M observations equal` for each kernel and all of them, first for the core, then for detail. */
export function totals(played: readonly Played[]): string[] {
  const observations = played.flatMap(({ observations: told }) => told);
  const kernels = [...new Set(observations.map(({ kernel }) => kernel))].sort();
  const lines = kernels.flatMap((kernel) =>
    bothLines(
      kernel,
      observations.filter((observation) => observation.kernel === kernel),
    ),
  );
  const core = observations.filter((observation) => observation.class === 'core');
  const exempt = core.filter((observation) => observation.exempt !== null).length;
  const share = core.length === 0 ? 0 : (100 * exempt) / core.length;
  return [
    ...lines,
    ...bothLines('all kernels', observations),
    `exempt: ${exempt} of ${core.length} core observations (${share.toFixed(2)} %)`,
  ];
}

function bothLines(title: string, observations: readonly Observation[]): string[] {
  return (['core', 'detail'] as const).map((kind) => {
    const scored = observations.filter((told) => told.class === kind && told.exempt === null);
    const equal = scored.filter((told) => told.equal).length;
    return `${title} ${kind}: ${equal} of ${scored.length} observations equal`;
  });
}

/** What differs and is not exempt, of one class. */
export function differences(played: readonly Played[], kind: Observation['class']): readonly Observation[] {
  return played
    .flatMap(({ observations }) => observations)
    .filter((told) => told.class === kind && !told.equal && told.exempt === null);
}

/** One line a difference: recording, what was observed, expected → actual. */
export function differenceLine({ recording, name, expected, actual }: Observation): string {
  return `${recording} | ${name} | ${expected} → ${actual}`;
}

/** Files that were not played, with what they hold that has no calls yet. */
export function notCovered(played: readonly Played[]): string[] {
  return played.flatMap(({ recording, not_covered }) =>
    not_covered === null ? [] : [`not covered: ${recording}: ${not_covered}`],
  );
}

/** Leaves that nobody looks at, one line each, and how many of all are compared, listed or neither. */
export function sightLines(sights: readonly (readonly [recording: string, sight: Sight])[]): string[] {
  const sum = (count: (sight: Sight) => number): number =>
    sights.reduce((total, [, sight]) => total + count(sight), 0);
  const overlooked = sights.flatMap(([recording, sight]) =>
    sight.overlooked.map((path) => `overlooked: ${recording} | ${path}`),
  );
  const [compared, listed] = [sum((sight) => sight.compared), sum((sight) => sight.listed)];
  return [
    ...overlooked,
    `leaves: ${compared} compared, ${listed} listed with a reason, ${overlooked.length} overlooked`,
  ];
}
