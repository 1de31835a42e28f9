import type { Answer } from './answer.ts';
import type { Command } from './model/command.ts';
import type { Decision } from './decide.ts';
import { handle } from './handle.ts';
import type { Host } from './model/host.ts';
import { must } from './model/lookup.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';
import { begunBy, withBegun } from './begun.ts';
import type { RemovalRecord } from './model/removal.ts';
import { begin, rollback, type Context, type Transaction } from './model/transaction.ts';

/**
 * Decides a command that is not to happen: what it would answer in the end, and no events. Removals that it begins are
 * run to rest: completed, stuck, or waiting for somebody else; one that begins none is answered as decide() answers
 * it. Leaves the host as it was.
 *
 * Each step is a command of its own, as the executor submits it, all running removals taking turns: who is woken and
 * which windows open in between is the same.
 */
export function foresee(host: Host, command: Command, context: Context): Decision | Refusal {
  const played: Transaction[] = [];
  const play = (next: Command): Answer | Refusal => {
    const tx = begin(host, context);
    played.push(tx);
    return handle(tx, next);
  };
  try {
    const answer = play(command);
    if (isRefusal(answer)) return answer;
    if (begunBy(answer).length === 0) return { answer, events: [] };
    for (let due = running(host); due.length > 0; due = running(host)) {
      for (const { id } of due) play({ type: 'advance_removal', removal: id });
    }
    return { answer: asItStands(host, answer), events: [] };
  } finally {
    for (const tx of played.reverse()) rollback(tx);
  }
}

function running(host: Host): RemovalRecord[] {
  return host.tables.removals.where(({ state }) => state === 'running');
}

/** The same answer with its removals, and the CXL records beside them, as they are now. */
function asItStands({ tables }: Host, answer: Answer): Answer {
  const now = withBegun(answer, ({ id }) => must(tables.removals.get(id), `removal ${id}`));
  if (now.cxl === undefined) return now;
  const { cxl_memdev, cxl_regions, removals } = now.cxl;
  return {
    cxl: {
      cxl_memdev: must(tables.cxl_memdevs.get(cxl_memdev.name), cxl_memdev.name),
      cxl_regions: cxl_regions.map(({ name }) => must(tables.cxl_regions.get(name), name)),
      removals,
    },
  };
}
