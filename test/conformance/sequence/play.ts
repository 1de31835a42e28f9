import { exemptionOf } from '../exemptions.ts';
import type { Exemption } from '../exemptions.ts';
import type { Observation, Played } from '../play.ts';
import type { Recorded } from '../recording.ts';
import { hostName } from '../play.ts';
import type { Call } from '../step.ts';
import { wordAt } from './args.ts';
import { deathChecks } from './death.ts';
import { commitBefore } from './journal.ts';
import { stepsOf } from './recording.ts';
import type { RecordedStep } from './recording.ts';
import { core, NO_REQUEST } from './stage.ts';
import type { Stage, Told } from './stage.ts';
import { DEATH_IS_THE_ANSWER, VOCABULARY } from './vocabulary.ts';

/** Acts a sequence out on a host of its own, step after step, and compares every answer. */
export async function playSequence(
  recorded: Recorded,
  call: Call,
  exemptions: readonly Exemption[],
): Promise<Played> {
  const { name, kernel } = recorded;
  const steps = stepsOf(recorded) ?? [];
  const why = kernel === null ? `no profile for kernel ${recorded.recording.kernel}` : null;
  if (why !== null) return { recording: name, not_covered: why, observations: [] };
  const stage = await stageFor(recorded, call);
  const observations: Observation[] = [];
  for (const [n, step] of steps.entries()) {
    await commitBefore(steps, n, stage);
    for (const told of await playStep(step, stage)) {
      observations.push(observation(recorded, nameOf(n, step, told), told, exemptions));
    }
  }
  return { recording: name, not_covered: null, observations };
}

async function stageFor({ name, kernel }: Recorded, call: Call): Promise<Stage> {
  const host = hostName(name);
  await call('POST', '/v1/hosts', { name: host, kernel });
  return {
    ...{ call, host, device: '', made: null, ids: new Map(), records: new Map(), log: [] },
    ...{ dax_files: new Set(), senders: [], heard: new Map() },
  };
}

async function playStep({ op, r }: RecordedStep, stage: Stage): Promise<readonly Told[]> {
  const [verb, ...args] = op;
  if (r.lab_error !== undefined) return [core(`laboratory: ${r.lab_error}`, 'not tried', 'laboratory')];
  // An earlier call of this process has not returned.
  if (typeof r.blocked === 'string') return [];
  const process = wordAt(args, 0);
  if (r.dead !== undefined && stage.ids.has(`pid:${process}`) && !DEATH_IS_THE_ANSWER.has(verb)) {
    return deathChecks(r, process, stage);
  }
  const act = VOCABULARY[verb];
  return act === undefined ? [core('recorded', NO_REQUEST)] : act(r, args, stage);
}

/** `12 map w 0 /mnt/a/f 4 shared`, and which of its comparisons. */
function nameOf(n: number, { op }: RecordedStep, { of }: Told): string {
  const words = op.map((word) => (Array.isArray(word) ? word.join(',') : String(word ?? ''))).join(' ');
  return `${n} ${words.trim()}${of === undefined ? '' : `: ${of}`}`;
}

function observation(
  { name: recording, kernel, recording: { kernel: uname } }: Recorded,
  name: string,
  { class: kind, expected, actual }: Told,
  exemptions: readonly Exemption[],
): Observation {
  const exempt = actual === NO_REQUEST ? NO_REQUEST : byName(exemptions, recording, name);
  const equal = expected === actual;
  return { recording, kernel: kernel ?? uname, name, class: kind, expected, actual, equal, exempt };
}

/** By what is observed, or by what is observed in one recording. */
function byName(exemptions: readonly Exemption[], recording: string, name: string): string | null {
  return exemptionOf(exemptions, name) ?? exemptionOf(exemptions, `${recording} ${name}`);
}
