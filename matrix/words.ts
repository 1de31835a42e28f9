import type { Outcome } from './ask.ts';
import type { Kill } from './dimensions.ts';
import type { RamOutcome } from './system_ram.ts';

/** An outcome in the words of the page: `**exposed**: reads, write SIGBUS`. */
export function outcomeWords(outcome: Outcome): string {
  const { refused, state, verdict } = outcome;
  if (refused !== null) return refusedWords(refused);
  return `${verdictWords({ state, verdict })}: ${gets(outcome)}`;
}

/** State and verdict: a completed removal is its verdict. */
export function verdictWords({ state, verdict }: Pick<Outcome, 'state' | 'verdict'>): string {
  const verdictWord = verdict === null ? '' : verdict === 'contained' ? verdict : `**${verdict}**`;
  const head = [state === 'completed' ? '' : `*${String(state)}*`, verdictWord].filter((word) => word !== '');
  return head.join(', ');
}

/** Why there is nothing to remove. */
export function refusedWords(refused: string): string {
  const [what = '', why = ''] = refused.split(': ');
  if (why === 'outcome_unknown') return 'not known: refused';
  if (what === 'device') return 'no driver';
  return `no ${what} (${why})`;
}

/** What the process gets: at rest, then when it touches. */
function gets({ at_rest, read, write }: Outcome): string {
  const rest = at_rest.filter((signal) => signal.startsWith('BUS_MCEERR')).map(signalWords);
  return [...new Set([...rest, touchWords(String(read), String(write))])].join(', then ');
}

function signalWords(signal: string): string {
  return signal.replace('BUS_MCEERR_', '').replace(/ lsb /, '/');
}

function touchWords(read: string, write: string): string {
  if (read === 'old data') {
    if (write === 'old data') return 'reads **and writes**';
    if (write === 'ok') return 'reads, a write copies';
    return write.startsWith('oops') ? 'reads, a write oopses' : `reads, write ${short(write)}`;
  }
  if (read === 'zeros') return `reads zeros, write ${short(write)}`;
  if (read === 'ok') return write === 'ok' ? 'ok' : `read ok, write ${short(write)}`;
  return read === write ? short(read) : `read ${short(read)}, write ${short(write)}`;
}

function short(told: string): string {
  return told === 'SIGBUS BUS_ADRERR' ? 'SIGBUS' : told;
}

/** Whom memory_failure() may collect: the three cases that all of the kill policies come down to. */
export const KILL_CASES = ['early', 'beside', 'late'] as const;
export type KillCase = (typeof KILL_CASES)[number];

export function killCase({ early_kill, mce_kill, neighbour }: Kill): KillCase {
  if (neighbour) return 'beside';
  return mce_kill === 'early' || (mce_kill === 'default' && early_kill === 1) ? 'early' : 'late';
}

/** What unbinding kmem leaves, in the words of the page. */
export function ramWords({ offline, state, verdict, read, rebind }: RamOutcome): string {
  const words = [
    offline === 'blocked' ? 'offline blocks' : '',
    ramVerdict({ state, verdict }),
    read === null ? '' : `read ${short(read.replace('BUS_MCEERR_', ''))}`,
    `bind ${rebind}`,
  ];
  return words.filter((word) => word !== '').join(', ');
}

export function ramVerdict({ state, verdict }: Pick<RamOutcome, 'state' | 'verdict'>): string {
  if (state !== 'completed') return `*${state}*`;
  return verdict === 'contained' ? verdict : `**${String(verdict)}**`;
}
