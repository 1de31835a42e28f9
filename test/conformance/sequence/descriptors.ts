import { hostPath, idOf } from '../step.ts';
import type { Body, Reply } from '../step.ts';
import { actualAnswer, refusalWords, text } from '../answer.ts';
import { numberAt, wordAt } from './args.ts';
import { fileAt, isNode } from './paths.ts';
import { core, slotOf } from './stage.ts';
import type { Act, Stage, Told } from './stage.ts';
import { answerWords } from './words.ts';
import type { Argument, StepAnswer } from './recording.ts';

const MIB = 1048576;
const MODES: Readonly<Record<string, string>> = { rw: 'rdwr', ro: 'rdonly', wo: 'wronly' };
const KINDS: Readonly<Record<string, readonly string[]>> = { private: ['private'], sync: ['shared', 'sync'] };

/** A descriptor in a slot. */
export const open: Act = async (answer, args, stage) => [
  core(answerWords(answer), await opened(stage, args, wordAt(args, 3, 'rw'))),
];

/** A descriptor and a mapping through it. */
export const map: Act = async (answer, args, stage) => {
  const refused = await opened(stage, args, wordAt(args, 6, 'rw'));
  if (refused !== 'ok') return [core(answerWords(answer), refused)];
  return mapped(answer, args, args.slice(3), stage);
};

/** mmap(2) again, through the descriptor that the slot has. */
export const remap: Act = (answer, args, stage) => mapped(answer, args, args.slice(2), stage);

/** open(2) of a path for a slot: `ok`, or what refused it. */
async function opened(stage: Stage, args: readonly Argument[], mode: string): Promise<string> {
  const [process, path] = [wordAt(args, 0), wordAt(args, 2)];
  const slot = slotOf(process, wordAt(args, 1));
  for (const kind of ['open', 'file']) stage.ids.delete(`${kind}:${slot}`);
  const found = isNode(path) ? null : await fileAt(stage, path);
  if (!isNode(path) && found === null) return 'ENOENT';
  const target = found === null ? { dax_device: stage.device } : { file: found.id };
  const body = { pid: Number(idOf(stage, `pid:${process}`)), ...target, flags: [MODES[mode] ?? mode] };
  if (found !== null) stage.ids.set(`file:${slot}`, text(found.id));
  const reply = await stage.call('POST', hostPath(stage, '/open-files'), body);
  if (reply.status >= 300) return refusalWords(reply);
  if (reply.body.result !== undefined) return actualAnswer(reply, stage, slot);
  stage.ids.set(`open:${slot}`, text(reply.body.id));
  return 'ok';
}

async function mapped(
  answer: StepAnswer,
  [process = '', n = 0]: readonly Argument[],
  how: readonly Argument[],
  stage: Stage,
): Promise<readonly Told[]> {
  const slot = slotOf(text(process), text(n));
  const open_file = stage.ids.get(`open:${slot}`);
  if (open_file === undefined) return [core(answerWords(answer), 'EBADF')];
  const options = wordAt(how, 2).split(' ');
  const body = {
    pid: Number(idOf(stage, `pid:${text(process)}`)),
    open_file,
    offset: 0,
    length: numberAt(how, 0) * MIB,
    flags: KINDS[wordAt(how, 1)] ?? ['shared'],
    prot: options.includes('ro') ? 'r' : 'rw',
    ...(options.includes('skew') ? { page_size: '4KiB' } : {}),
  };
  const reply = await stage.call('POST', hostPath(stage, '/mappings'), body);
  // A refused mmap(2) leaves the slot an address where nothing is.
  for (const kind of ['mapping', 'address']) stage.ids.delete(`${kind}:${slot}`);
  if (reply.status < 300 && reply.body.address !== undefined) remember(stage, slot, reply.body);
  return [core(answerWords(answer), mmapWords(reply, stage, slot))];
}

/** A new mapping has no outcome of its own; where the kernel oopsed, the answer is one. */
function mmapWords(reply: Reply, stage: Stage, slot: string): string {
  if (reply.status >= 300) return refusalWords(reply);
  return reply.body.result === undefined ? 'ok' : actualAnswer(reply, stage, slot);
}

export function remember(stage: Stage, slot: string, mapping: Body): void {
  stage.ids.set(`mapping:${slot}`, text(mapping.id));
  stage.ids.set(`address:${slot}`, text(mapping.address));
}

/** The descriptor stays. */
export const munmap: Act = async (answer, args, stage) => {
  const slot = slotOf(wordAt(args, 0), wordAt(args, 1));
  const mapping = stage.ids.get(`mapping:${slot}`);
  if (mapping === undefined) return [];
  const reply = await stage.call('DELETE', hostPath(stage, `/mappings/${mapping}`));
  return [core(answerWords(answer), reply.status === 204 ? 'ok' : actualAnswer(reply, stage, slot))];
};
