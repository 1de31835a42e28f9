import { hostPath, idOf } from '../step.ts';
import { actualAnswer, refusalWords, text } from '../answer.ts';
import { wordAt } from './args.ts';
import { deathChecks, isDead } from './death.ts';
import { core, slotOf } from './stage.ts';
import type { Act } from './stage.ts';
import { answerWords } from './words.ts';

/** How much a call of the laboratory pins: what a pipe takes, or one buffer. */
const VMSPLICED = { length: 16384, kind: 'transient' } as const;
const REGISTERED = { length: 2097152, kind: 'longterm' } as const;

export const pin: Act = async (answer, args, stage) => {
  const [process, holder] = [wordAt(args, 0), wordAt(args, 2)];
  if (answer.dead !== undefined) return deathChecks(answer, process, stage);
  const mapping = stage.ids.get(`mapping:${slotOf(process, wordAt(args, 1))}`);
  if (mapping === undefined) return [];
  const shape = holder === 'vmsplice' ? VMSPLICED : REGISTERED;
  const body = { pid: Number(idOf(stage, `pid:${process}`)), mapping, offset: 0, holder, ...shape };
  const reply = await stage.call('POST', hostPath(stage, '/pins'), body);
  if (reply.status < 300) stage.ids.set(`pin:${process} ${holder}`, text(reply.body.id));
  return [core(answerWords(answer), reply.status < 300 ? 'ok' : refusalWords(reply))];
};

export const unpin: Act = async (answer, args, stage) => {
  const [process, holder] = [wordAt(args, 0), wordAt(args, 1)];
  const held = stage.ids.get(`pin:${process} ${holder}`);
  if (answer.dead !== undefined && (held === undefined || (await isDead(stage, process)))) {
    return deathChecks(answer, process, stage);
  }
  if (held === undefined) return [];
  stage.ids.delete(`pin:${process} ${holder}`);
  const reply = await stage.call('DELETE', hostPath(stage, `/pins/${held}`));
  return [core(answerWords(answer), reply.status === 204 ? 'ok' : actualAnswer(reply, stage, process))];
};
