import { exemptionOf } from './exemptions.ts';
import type { Exemption } from './exemptions.ts';
import type { Recorded } from './recording.ts';
import { scriptOf } from './script.ts';
import type { Call, Check, ObservationClass, Reply, Step, World } from './step.ts';

/** One thing a recording shows, beside what the service does in its place. */
export interface Observation {
  readonly recording: string;
  readonly kernel: string;
  readonly name: string;
  readonly class: ObservationClass;
  readonly expected: string;
  readonly actual: string;
  readonly equal: boolean;
  /** Why the API cannot express it; such an observation is neither equal nor a difference. */
  readonly exempt: string | null;
}

export interface Played {
  readonly recording: string;
  readonly not_covered: string | null;
  readonly observations: readonly Observation[];
}

/** Acts a recording out on a host of its own and compares every answer with what was observed. */
export async function play(
  recorded: Recorded,
  call: Call,
  exemptions: readonly Exemption[],
): Promise<Played> {
  const script = scriptOf(recorded);
  const { name } = recorded;
  if ('not_covered' in script) return { recording: name, not_covered: script.not_covered, observations: [] };
  const world: World = { call, host: hostName(name), ids: new Map(), records: new Map(), log: [] };
  const observations: Observation[] = [];
  for (const step of script.steps) {
    const told = await playStep(step, world);
    observations.push(...told.map(([check, actual]) => observation(recorded, check, actual, exemptions)));
  }
  return { recording: name, not_covered: null, observations };
}

function observation(
  recorded: Recorded,
  check: Check,
  actual: string,
  exemptions: readonly Exemption[],
): Observation {
  const { expected, name } = check;
  return {
    recording: recorded.name,
    kernel: recorded.kernel ?? recorded.recording.kernel,
    name,
    class: check.class,
    expected,
    actual,
    equal: expected === actual,
    exempt: exemptionOf(exemptions, name),
  };
}

async function playStep(step: Step, world: World): Promise<(readonly [Check, string])[]> {
  const reply = step.request === null ? null : await step.request(world);
  if (reply !== null && step.checks.length === 0 && reply.status >= 300) return [setupFailed(step, reply)];
  const none: Reply = { status: 0, body: {}, headers: {} };
  const told: (readonly [Check, string])[] = [];
  for (const check of step.checks) told.push([check, await check.actual(reply ?? none, world)]);
  return told;
}

/** A step that only prepares has to succeed; when it does not, that is the difference to look at first. */
function setupFailed(step: Step, reply: Reply): readonly [Check, string] {
  const actual = `${reply.status} ${JSON.stringify(reply.body.code ?? '')} ${JSON.stringify(reply.body.detail ?? '')}`;
  return [{ name: `setup: ${step.label}`, class: 'core', expected: 'done', actual: () => actual }, actual];
}

/** A recording's name as a name of a host: one host for each, all in one service. */
export function hostName(recording: string): string {
  return recording.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
