import type { Applied } from './applied.ts';
import type { Attempted, Attempts, Together } from './attempt.ts';
import type { RemovalMark } from './port.ts';

/**
 * Does work on a host, and goes on with the removals that it leaves running; the marks are of all that. `isHeldUp` says
 * whether somebody waits for the writer.
 */
export type Way = <Done>(
  host: string,
  act: (together: Together) => Done,
  isHeldUp: () => boolean,
) => Attempted<Done>;

/**
 * Prepares going on behind a command with the removals that it left running, in the same commit, for as long as nobody
 * else has sent a command for their host and the turn is not over. Those that the command has woken go on in any case:
 * whoever sends the next finds them at rest, as on a kernel.
 *
 * The command and all steps are one attempt, so that their rows are written once, at its end; where it gave a device
 * another name its rows are written first, for what is not in memory is found in them by that. For the careful each is an
 * attempt of its own. A step that fails then, or takes more than one run, is the executor's, which sees by the commit that
 * it is due.
 */
export function prepareGoOn(
  { bold, careful }: Attempts,
  advance: (together: Together, mark: RemovalMark) => void,
): Readonly<Record<keyof Attempts, Way>> {
  const goOn = (together: Together, marks: readonly RemovalMark[], isHeldUp: () => boolean): void => {
    takeTurns(marks, isHeldUp, (mark) => {
      const from = together.marks.length;
      advance(together, mark);
      return together.marks.slice(from);
    });
  };
  return {
    bold: (host, act, isHeldUp) => {
      let behind: readonly RemovalMark[] = [];
      const attempted = bold(host, (together) => {
        const done = act(together);
        if (givesNames(together.applied)) behind = [...together.marks];
        else goOn(together, together.marks, isHeldUp);
        return done;
      });
      if (!behind.some(isRunning)) return attempted;
      const steps = bold(host, (together) => {
        goOn(together, behind, isHeldUp);
      });
      return { ...attempted, marks: [...attempted.marks, ...steps.marks] };
    },
    careful: (host, act, isHeldUp) => {
      const attempted = careful(host, act);
      const marks = [...attempted.marks];
      takeTurns(attempted.marks, isHeldUp, (mark) => {
        const { marks: left } = careful(host, (together) => {
          advance(together, mark);
        });
        marks.push(...left);
        return left;
      });
      return { ...attempted, marks };
    },
  };
}

/** Whether a device may have another name: then it was deleted under the former. */
function givesNames({ events }: Applied): boolean {
  return events.some(({ changes }) =>
    changes.some((change) => change.op === 'delete' && change.kind === 'dax_devices'),
  );
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
