import type { Attempts, Together } from './attempt.ts';
import type { RemovalMark } from './port.ts';

/** Goes on with the removals of a host that a command has changed; returns how that leaves them, after each step. */
export type GoOn = (
  host: string,
  marks: readonly RemovalMark[],
  isHeldUp: () => boolean,
) => readonly RemovalMark[];

/**
 * Prepares going on behind a command with the removals that it left running, in the same commit, for as long as nobody
 * else has sent a command for their host and the turn is not over. Those that the command has woken go on in any case:
 * whoever sends the next finds them at rest, as on a kernel.
 *
 * All steps are one attempt, so that their rows are written once, at its end; for the careful each is one of its own. One
 * that fails then, or takes more than one run, is the executor's, which sees by the commit that it is due.
 */
export function prepareGoOn(
  { bold, careful }: Attempts,
  advance: (together: Together, mark: RemovalMark) => void,
): Readonly<Record<keyof Attempts, GoOn>> {
  return {
    bold: (host, marks, isHeldUp) => {
      if (!marks.some(isRunning)) return [];
      const atOnce = bold(host, (together) => {
        takeTurns(marks, isHeldUp, (mark) => {
          const from = together.marks.length;
          advance(together, mark);
          return together.marks.slice(from);
        });
      });
      return atOnce.marks;
    },
    careful: (host, marks, isHeldUp) => {
      const left: RemovalMark[] = [];
      takeTurns(marks, isHeldUp, (mark) => {
        const { marks: after } = careful(host, (together) => {
          advance(together, mark);
        });
        left.push(...after);
        return after;
      });
      return left;
    },
  };
}

/** A step of each that runs, in turn; `step` returns how it leaves the removals that it has changed. */
function takeTurns(
  marks: readonly RemovalMark[],
  isHeldUp: () => boolean,
  step: (mark: RemovalMark) => readonly RemovalMark[],
): void {
  const due = new Map(marks.filter(isRunning).map((mark) => [mark.uid, mark]));
  for (const [uid, mark] of due) {
    due.delete(uid);
    if (mark.before !== 'waiting' && isHeldUp()) continue;
    for (const after of step(mark).filter(isRunning)) due.set(after.uid, after.uid === uid ? mark : after);
  }
}

function isRunning({ state }: RemovalMark): boolean {
  return state === 'running';
}
