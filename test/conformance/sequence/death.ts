import { look } from '../answer.ts';
import { hostPath, idOf } from '../step.ts';
import type { Body } from '../step.ts';
import type { StepAnswer } from './recording.ts';
import { core } from './stage.ts';
import type { Stage, Told } from './stage.ts';
import { answerWords } from './words.ts';

/**
 * A process that was found dead: whether it is here, and of what. One that died of touching the address that a refused
 * mmap(2) had left it ends here too, by a kill: the API has no such address.
 */
export async function deathChecks(
  answer: StepAnswer,
  process: string,
  stage: Stage,
): Promise<readonly Told[]> {
  const expected = answerWords(answer);
  const record = await recordOf(stage, process);
  if (expected === 'dead SIGSEGV') {
    if (record.state !== 'dead') await stage.call('DELETE', processPath(stage, process));
    return [];
  }
  return [core(expected, sameDeath(expected, lifeWords(record)))];
}

/** How a process ended, or `alive`. */
export function lifeWords(record: Body): string {
  if (record.state === undefined) return 'no such process';
  const end = record.end as { readonly killed_by?: string } | null | undefined;
  return record.state === 'dead' ? `dead ${end?.killed_by ?? '?'}` : 'alive';
}

/** The laboratory does not see how the child of another process ended, nor which oops killed one. */
export function sameDeath(expected: string, actual: string): string {
  const isAny = expected === 'dead ?' || expected.startsWith('kernel_oops');
  return isAny && actual.startsWith('dead') ? expected : actual;
}

export async function isDead(stage: Stage, process: string): Promise<boolean> {
  return (await recordOf(stage, process)).state === 'dead';
}

export function recordOf(stage: Stage, process: string): Promise<Body> {
  return look(stage, `/processes/${idOf(stage, `pid:${process}`)}`);
}

export function processPath(stage: Stage, process: string): string {
  return hostPath(stage, `/processes/${idOf(stage, `pid:${process}`)}`);
}
