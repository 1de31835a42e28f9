import { actualAnswer, aliveWords, verdictWords } from './answer.ts';
import type { Check, Reply, World } from './step.ts';
import type { RecordingView } from './view.ts';

/**
 * A recording's verdict on a process, told by a read of its touched page: with the process, and once more in the
 * list of all. A process that had ended before it could read is judged by its end.
 */
export function verdictChecks(view: RecordingView, process: string): Check[] {
  return checksOf(view, process, (reply, world) => verdictWords(actualAnswer(reply, world, process)));
}

/** The verdict on a process that was dead at rest. */
export function deadVerdictChecks(view: RecordingView, process: string): Check[] {
  return checksOf(view, process, async ({ body }, world) => {
    const end = body.end as { killed_by?: string } | null | undefined;
    const alive = await aliveWords(world, process);
    return alive === 'dead' ? verdictWords(`dead ${end?.killed_by ?? '?'}`) : alive;
  });
}

function checksOf(
  { observed }: RecordingView,
  process: string,
  actual: (reply: Reply, world: World) => string | Promise<string>,
): Check[] {
  const told = [
    ['verdict', observed.processes?.[process]?.verdict],
    ['verdict in the list', observed.verdicts?.[process]],
  ] as const;
  return told.flatMap(([what, expected]): Check[] =>
    expected === undefined || expected === null
      ? []
      : [{ name: `${process} ${what}`, class: 'core', expected, actual }],
  );
}
