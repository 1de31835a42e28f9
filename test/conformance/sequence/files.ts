import { hostPath } from '../step.ts';
import { refusalWords, text } from '../answer.ts';
import { numberAt, wordAt } from './args.ts';
import { fileAt, mountAt, split } from './paths.ts';
import { core } from './stage.ts';
import type { Act, Stage, Told } from './stage.ts';
import { answerWords, commandWords, replyWords } from './words.ts';
import type { StepAnswer } from './recording.ts';

const MIB = 1048576;

/** A file full of data; one that is there is written anew. What goes through the page cache is all in it then. */
export const file: Act = async (answer, args, stage) => {
  const told = await madeAt(answer, wordAt(args, 0), numberAt(args, 1), {}, stage);
  const made = await fileAt(stage, wordAt(args, 0));
  if (made?.dax !== false) return told;
  const writer = await stage.call('POST', hostPath(stage, '/processes'), { comm: 'setup' });
  const pid = Number(writer.body.pid);
  const whole = { pid, kind: 'pwrite', offset: 0, length: Number(made.size) };
  await stage.call('POST', hostPath(stage, `/files/${text(made.id)}/io`), whole);
  await stage.call('POST', hostPath(stage, `/files/${text(made.id)}/io`), { ...whole, kind: 'fsync' });
  await stage.call('DELETE', hostPath(stage, `/processes/${String(pid)}`));
  return told;
};

/** A file of holes. */
export const sparse: Act = (answer, args, stage) =>
  madeAt(answer, wordAt(args, 0), numberAt(args, 1), { sparse: true }, stage);

/** The flag is the inode's: in the API it comes with the file, which the next step makes. */
export const chattrDax: Act = (_answer, args, stage) => {
  stage.dax_files.add(wordAt(args, 0));
  return Promise.resolve([]);
};

async function madeAt(
  answer: StepAnswer,
  path: string,
  mib: number,
  more: object,
  stage: Stage,
): Promise<readonly Told[]> {
  const { folder, name } = split(path);
  const mounted = await mountAt(stage, folder);
  if (mounted === null) return [core(answerWords(answer), 'ENOENT')];
  const dax = stage.dax_files.has(path) ? { dax: true } : {};
  const body = { mount: text(mounted.id), path: `/${name}`, size: mib * MIB, ...dax, ...more };
  const reply = await stage.call('POST', hostPath(stage, '/files'), body);
  const isThere = reply.body.code === 'path_exists';
  return [core(answerWords(answer), reply.status < 300 || isThere ? 'ok' : refusalWords(reply))];
}

export const unlink: Act = async (answer, args, stage) => {
  const expected = answer.rc === undefined ? answerWords(answer) : commandWords(answer);
  const found = await fileAt(stage, wordAt(args, 0));
  if (found === null) return [core(expected, 'ENOENT')];
  const reply = await stage.call('DELETE', hostPath(stage, `/files/${text(found.id)}`));
  return [core(expected, replyWords(reply))];
};
