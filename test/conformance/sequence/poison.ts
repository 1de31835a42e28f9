import { idOf } from '../step.ts';
import type { Body } from '../step.ts';
import { refusalWords, text } from '../answer.ts';
import { numberAt, wordAt } from './args.ts';
import { deathChecks, isDead } from './death.ts';
import { devicePath } from './devices.ts';
import { core, slotOf } from './stage.ts';
import type { Act } from './stage.ts';
import { answerWords } from './words.ts';

const SOURCES: Readonly<Record<string, string>> = { soft: 'soft_offline' };

/** memory_failure() of the page that a process has mapped at a place. */
export const poison: Act = async (answer, args, stage) => {
  const [process, via] = [wordAt(args, 0), wordAt(args, 3, 'madvise')];
  if (answer.dead !== undefined && (await isDead(stage, process))) return deathChecks(answer, process, stage);
  const mapping = stage.ids.get(`mapping:${slotOf(process, wordAt(args, 1))}`);
  if (mapping === undefined) return [];
  const by = via === 'mce' ? {} : { by_pid: Number(idOf(stage, `pid:${process}`)) };
  const body = { mapping, offset: numberAt(args, 2), length: 4096, source: SOURCES[via] ?? via, ...by };
  const reply = await stage.call('POST', devicePath(stage, '/memory-failure'), body);
  if (reply.status < 300) {
    const rows = (reply.body.processes ?? []) as readonly Body[];
    stage.senders.push(() => Promise.resolve(rows));
    if (answer.dead !== undefined) return deathChecks(answer, process, stage);
  }
  // Of a machine check the answer is that it was raised: nobody is told what memory_failure() came to.
  const told = via === 'mce' ? 'ok' : text(reply.body.errno ?? 'ok');
  const met = reply.status >= 300 ? refusalWords(reply) : told;
  return [core(answerWords(answer), met)];
};
