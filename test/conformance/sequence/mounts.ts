import { hostPath } from '../step.ts';
import { text } from '../answer.ts';
import { wordAt } from './args.ts';
import { mountAt } from './paths.ts';
import { core, NO_REQUEST } from './stage.ts';
import type { Act, Stage, Told } from './stage.ts';
import { commandWords, replyWords } from './words.ts';
import type { StepAnswer } from './recording.ts';

/** mount of the device, after what mkfs was told since the last one; mount(8) finds the type that was made last. */
export const mount: Act = async (answer, args, stage) => {
  const made = stage.made ?? { fs_type: stage.ids.get('fs_type') ?? 'ext4' };
  const body = { dax_device: stage.device, path: wordAt(args, 0), dax: wordAt(args, 1), ...made };
  const reply = await stage.call('POST', hostPath(stage, '/mounts'), body);
  if (reply.status < 300) stage.made = null;
  return [core(commandWords(answer), replyWords(reply))];
};

export const umount: Act = (answer, args, stage) => detached(answer, wordAt(args, 0), '', stage);

export const umountLazy: Act = (answer, args, stage) =>
  detached(answer, wordAt(args, 0), '?lazy=true', stage);

async function detached(
  answer: StepAnswer,
  path: string,
  query: string,
  stage: Stage,
): Promise<readonly Told[]> {
  const expected = commandWords(answer);
  const mounted = await mountAt(stage, path);
  if (mounted === null) return [core(expected, 'not mounted')];
  const reply = await stage.call('DELETE', hostPath(stage, `/mounts/${text(mounted.id)}${query}`));
  return [core(expected, replyWords(reply))];
}

/** A verb of a mount: `shutdown`, `freeze`, … */
export async function verbOf(
  answer: StepAnswer,
  path: string,
  verb: string,
  body: object,
  stage: Stage,
): Promise<readonly Told[]> {
  const expected = commandWords(answer);
  const mounted = await mountAt(stage, path);
  if (mounted === null) return [core(expected, 'not mounted')];
  const reply = await stage.call('POST', hostPath(stage, `/mounts/${text(mounted.id)}/${verb}`), body);
  return [core(expected, isUnknownPath(reply.body.code) ? NO_REQUEST : replyWords(reply))];
}

/** The API has no such path at all. */
function isUnknownPath(code: unknown): boolean {
  return code === 'not_found' || code === 'route_not_found';
}

export const shutdown: Act = (answer, args, stage) => verbOf(answer, wordAt(args, 0), 'shutdown', {}, stage);
