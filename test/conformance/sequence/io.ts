import { hostPath, idOf } from '../step.ts';
import { actualAnswer } from '../answer.ts';
import { numberAt, wordAt } from './args.ts';
import { dataChecks } from './accesses.ts';
import { deathChecks } from './death.ts';
import { core, NO_REQUEST, slotOf } from './stage.ts';
import type { Act } from './stage.ts';
import { answerWords } from './words.ts';

/** A call on the descriptor of a slot, of a fixed length. */
function calling(kind: string, length: number): Act {
  return async (answer, args, stage) => {
    const process = wordAt(args, 0);
    if (answer.dead !== undefined) return deathChecks(answer, process, stage);
    const expected = answerWords(answer);
    const slot = slotOf(process, wordAt(args, 1));
    const file = stage.ids.get(`file:${slot}`);
    if (!stage.ids.has(`open:${slot}`)) return [core(expected, 'EBADF')];
    if (file === undefined) return [core(expected, NO_REQUEST)];
    const body = { pid: Number(idOf(stage, `pid:${process}`)), kind, offset: numberAt(args, 2), length };
    const reply = await stage.call('POST', hostPath(stage, `/files/${file}/io`), body);
    const met = actualAnswer(reply, stage, slot);
    return [core(expected, met), ...dataChecks(answer.data, met, reply.body)];
  };
}

export const pread = calling('pread', 16);
export const pwrite = calling('pwrite', 5);
export const fsync = calling('fsync', 0);
