import type { Observation, Played } from './play.ts';
import { NO_REQUEST } from './sequence/stage.ts';
import type { Sight } from './sight.ts';

/**
 * `N of M observations equal` for each kernel and all of them, first for the core, then for detail; what is exempt, and
 * what the API has no request for. Each line begins with what was played, where that is told.
 */
export function totals(played: readonly Played[], of = ''): string[] {
  const observations = played.flatMap(({ observations: told }) => told);
  const kernels = [...new Set(observations.map(({ kernel }) => kernel))].sort();
  const lines = kernels.flatMap((kernel) =>
    bothLines(
      kernel,
      observations.filter((observation) => observation.kernel === kernel),
    ),
  );
  const core = observations.filter((observation) => observation.class === 'core');
  const without = core.filter(({ exempt }) => exempt === NO_REQUEST).length;
  const exempt = core.filter((told) => told.exempt !== null).length - without;
  return [
    ...lines,
    ...bothLines('all kernels', observations),
    shareLine('exempt', exempt, core.length),
    ...(without === 0 ? [] : [shareLine('without a request', without, core.length)]),
  ].map((line) => `${of}${line}`);
}

function shareLine(what: string, count: number, all: number): string {
  const share = all === 0 ? 0 : (100 * count) / all;
  return `${what}: ${count} of ${all} core observations (${share.toFixed(2)} %)`;
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

/** What the API could not be asked, one line each. */
export function withoutRequest(played: readonly Played[]): string[] {
  return played
    .flatMap(({ observations }) => observations)
    .filter(({ exempt }) => exempt === NO_REQUEST)
    .map(({ recording, name }) => `no request: ${recording} | ${name}`);
}

/** `equal of compared` for each recording. */
export function scores(played: readonly Played[]): string[] {
  return played.map(({ recording, observations }) => {
    const core = observations.filter((told) => told.class === 'core' && told.exempt === null);
    return `${recording}: ${core.filter(({ equal }) => equal).length} of ${core.length}`;
  });
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
