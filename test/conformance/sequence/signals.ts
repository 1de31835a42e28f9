import { signalWords, text } from '../answer.ts';
import { idOf } from '../step.ts';
import type { Body } from '../step.ts';
import { wordAt } from './args.ts';
import { deathChecks, isDead, recordOf } from './death.ts';
import type { StepAnswer } from './recording.ts';
import { core } from './stage.ts';
import type { Act, Stage } from './stage.ts';

/** The largest file that a recording maps; an address further from a mapping is of another one. */
const REACH_BYTES = 67108864;
/** How soon after one signal the handler that it interrupted notes its own. */
const INTERRUPTED_SECONDS = 0.001;

/** The first signal since the process was asked last that came by itself, not from an access of its own. */
export const sigs: Act = async (answer, args, stage) => {
  const process = wordAt(args, 0);
  if (answer.signals === undefined) {
    if (answer.dead !== undefined) return deathChecks({ ...answer, ok: false }, process, stage);
    if (!stage.ids.has(`pid:${process}`)) return [];
    return [core('alive', (await isDead(stage, process)) ? 'dead' : 'alive')];
  }
  return [core(recordedWords(answer), await heardBy(process, answer, stage))];
};

/** Pages are killed in ascending order; a handler that was interrupted by the next one is noted right after it. */
function firstOf(answer: StepAnswer) {
  const came = (answer.signals ?? []).filter(({ delivery }) => delivery === 'asynchronous');
  const [first, next] = came;
  const together = first?.t !== undefined && next?.t !== undefined && next.t - first.t < INTERRUPTED_SECONDS;
  const swapped = together && (next.si_addr_offset ?? 0) < (first.si_addr_offset ?? 0);
  return swapped ? next : first;
}

function recordedWords(answer: StepAnswer): string {
  const first = firstOf(answer);
  if (first === undefined) return 'none';
  return signalWords(first.signal, first.si_code, first.si_addr_offset ?? null, first.si_addr_lsb ?? null);
}

async function heardBy(process: string, answer: StepAnswer, stage: Stage): Promise<string> {
  const senders = stage.senders.slice(stage.heard.get(process) ?? 0);
  stage.heard.set(process, stage.senders.length);
  const pid = Number(idOf(stage, `pid:${process}`));
  // What is blocked stays pending: no handler hears it.
  if ((await recordOf(stage, process)).sigbus === 'blocked') return 'none';
  for (const rows of senders) {
    const sent = (await rows()).find(
      (row) => row.pid === pid && (row.delivery ?? 'asynchronous') === 'asynchronous',
    );
    if (sent !== undefined) return sentWords(sent, process, answer, stage);
  }
  return 'none';
}

/** The place is told in the mapping that the address is in, where the laboratory could tell one. */
function sentWords(sent: Body, process: string, answer: StepAnswer, stage: Stage): string {
  const untold = firstOf(answer) !== undefined && (firstOf(answer)?.si_addr_offset ?? null) === null;
  const offset = untold ? null : offsetOf(BigInt(text(sent.si_addr)), process, stage);
  return signalWords(text(sent.signal), text(sent.si_code), offset, sent.si_addr_lsb as number | null);
}

function offsetOf(address: bigint, process: string, stage: Stage): number | null {
  const starts = [...stage.ids]
    .filter(([key]) => key.startsWith(`address:${process} `))
    .map(([, start]) => Number(address - BigInt(start)))
    .filter((offset) => offset >= 0 && offset < REACH_BYTES);
  return starts.length === 0 ? null : Math.min(...starts);
}
