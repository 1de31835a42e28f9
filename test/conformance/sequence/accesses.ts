import { access } from '../acts.ts';
import { actualAnswer } from '../answer.ts';
import type { Body, Reply } from '../step.ts';
import { numberAt, wordAt } from './args.ts';
import { deathChecks, isDead, lifeWords, recordOf, sameDeath } from './death.ts';
import type { Argument, StepAnswer } from './recording.ts';
import { core, detail, slotOf } from './stage.ts';
import type { Act, Stage, Told } from './stage.ts';
import { answerWords } from './words.ts';

const PAGE = 4096;
/** The byte of each page that the laboratory's touch stores to. */
const STORED_BYTE = 63;
/** What the call that gets no mapping gives: nothing is there to reach. */
const NOWHERE = new Set(['SIGSEGV', 'ENOMEM', 'EFAULT']);

/** One access of a fixed length, or of the length that the step tells. */
function reaching(kind: string, length: number | null): Act {
  return async (answer, args, stage) => {
    const body = { kind, offset: numberAt(args, 2), length: length ?? numberAt(args, 3) };
    return reachedBy(answer, args, [body], stage);
  };
}

export const rd = reaching('read', 24);
export const wr = reaching('write', 7);
export const copyOut = reaching('copy_out', 16);
export const msync = reaching('msync', null);
export const mlock = reaching('mlock', null);

/** Each page of a range, or one of each stride; the first that fails tells. */
export const touch: Act = async (answer, args, stage) => {
  const kind = wordAt(args, 2) === 'r' ? 'read' : 'write';
  const [offset, length, stride] = [numberAt(args, 3), numberAt(args, 4), numberAt(args, 5, PAGE)];
  const first = kind === 'write' && answer.ok !== true ? STORED_BYTE : 0;
  const whole = { kind, offset: offset + first, length: length - first };
  const strides = Array.from({ length: Math.ceil(length / stride) }, (_, n) => ({
    kind,
    offset: offset + first + n * stride,
    length: 1,
  }));
  return reachedBy(answer, args, stride === PAGE ? [whole] : strides, stage);
};

async function reachedBy(
  answer: StepAnswer,
  args: readonly Argument[],
  bodies: readonly Body[],
  stage: Stage,
): Promise<readonly Told[]> {
  const process = wordAt(args, 0);
  const slot = slotOf(process, wordAt(args, 1));
  const expected = answerWords(answer);
  const isMapped = stage.ids.has(`mapping:${slot}`);
  if (!isMapped && NOWHERE.has(expected)) return [];
  if (answer.dead !== undefined && (!isMapped || (await isDead(stage, process)))) {
    return deathChecks(answer, process, stage);
  }
  if (!isMapped) return [core(expected, 'no mapping')];
  const replies: Reply[] = [];
  for (const body of bodies) {
    const reply = await access(stage, slot, body);
    replies.push(reply);
    if (reply.body.result !== 'ok') break;
  }
  const last = replies.at(-1);
  const met = last === undefined ? 'ok' : await metBy(expected, last, slot, process, stage);
  return [core(expected, met), ...dataChecks(answer.data, met, last?.body), ...faultChecks(answer, replies)];
}

/** Whether what was read is somebody's: zeros say nothing, a page that nobody wrote reads them anywhere. */
export function dataChecks(data: string | undefined, met: string, body: Body | undefined): readonly Told[] {
  if (met !== 'ok' || data === undefined || /^\0*$/.test(data)) return [];
  return [core("somebody's", body?.data_of === null ? "nobody's" : "somebody's", 'data')];
}

/** A process that ended before is known by its end, not by its mapping. */
async function metBy(
  expected: string,
  reply: Reply,
  slot: string,
  process: string,
  stage: Stage,
): Promise<string> {
  const isGone =
    reply.status === 404 ||
    reply.body.code === 'process_not_found' ||
    reply.body.code === 'process_unavailable';
  if (isGone) {
    const life = lifeWords(await recordOf(stage, process));
    if (life.startsWith('dead')) return sameDeath(expected, life);
  }
  const met = actualAnswer(reply, stage, slot);
  return expected === 'dead ?' ? sameDeath(expected, met) : met;
}

/** How many faults of either size there were: as chance has it where other processes fault beside. */
function faultChecks({ dax_faults = {} }: StepAnswer, replies: readonly Reply[]): readonly Told[] {
  if (Object.keys(dax_faults).length === 0) return [];
  const sum = (size: 'pmd' | 'pte'): number =>
    replies.reduce(
      (total, { body }) => total + ((body.faults as Record<string, number> | undefined)?.[size] ?? 0),
      0,
    );
  const told = (event: string): number => dax_faults[`${event} NOPAGE`] ?? 0;
  const recorded = `pmd ${told('dax_pmd_fault_done')} pte ${told('dax_pte_fault_done')}`;
  return [detail(recorded, `pmd ${sum('pmd')} pte ${sum('pte')}`, 'faults')];
}
