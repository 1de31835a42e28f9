import { actualAnswer, text } from '../answer.ts';
import { hostPath } from '../step.ts';
import { wordAt } from './args.ts';
import { verbOf } from './mounts.ts';
import { fileAt, listOf } from './paths.ts';
import { core, NO_REQUEST } from './stage.ts';
import type { Act } from './stage.ts';
import { commandWords, replyWords } from './words.ts';

/** `mount -o remount,OPTIONS PATH` */
export const remounted: Act = (answer, args, stage) =>
  verbOf(answer, wordAt(args, 1), 'remount', { options: wordAt(args, 0) }, stage);

/** sync(2): of every file system there is, in the order of their mounts, until one does not return. */
export const sync: Act = async (answer, _args, stage) => {
  const expected = commandWords(answer);
  for (const mounted of await listOf(stage, '/mounts?limit=200')) {
    const reply = await stage.call('POST', hostPath(stage, `/mounts/${text(mounted.id)}/sync`), {});
    if (reply.body.code === 'route_not_found') return [core(expected, NO_REQUEST)];
    const met = replyWords(reply);
    // sync(2) has no errors to tell.
    if (met === 'blocked' || met === 'kernel_oops') return [core(expected, met)];
  }
  return [core(expected, 'ok')];
};

/** `head -c N FILE`: a process of its own reads it. */
export const headed: Act = async (answer, args, stage) => {
  const expected = commandWords(answer);
  const file = await fileAt(stage, wordAt(args, 1));
  if (file === null) return [core(expected, 'ENOENT')];
  const { body } = await stage.call('POST', hostPath(stage, '/processes'), { comm: 'head' });
  const call = { pid: body.pid, kind: 'pread', offset: 0, length: Number(wordAt(args, 0)) };
  const reply = await stage.call('POST', hostPath(stage, `/files/${text(file.id)}/io`), call);
  return [core(expected, actualAnswer(reply, stage, ''))];
};
