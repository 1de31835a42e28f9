import { text } from '../answer.ts';
import { hostPath } from '../step.ts';
import { numberAt, wordAt } from './args.ts';
import { listOf } from './paths.ts';
import type { RecordedStep } from './recording.ts';
import type { Stage } from './stage.ts';
import { answerWords } from './words.ts';

/**
 * jbd2 commits every 5 s of the guest's clock, and on a device that is gone that aborts the ext4 journal. A recording
 * does not say when it was, its answers do: the commit is placed just before the first answer that only an aborted
 * journal gives, as late as that allows. Every other answer then has to agree, and is compared like any other. On a
 * device that is there, or where the file system is shut down, it changes nothing.
 */
export async function commitBefore(steps: readonly RecordedStep[], n: number, stage: Stage): Promise<void> {
  const step = steps[n];
  const onlyAborted =
    step !== undefined &&
    (isReadOnly(step) || (isKept(step, steps.slice(n + 1)) && isLarge(step, steps.slice(0, n))));
  if (!onlyAborted) return;
  for (const { id, fs_type, read_only } of await listOf(stage, '/mounts?limit=200')) {
    if (fs_type !== 'ext4' || read_only === true) continue;
    await stage.call('POST', hostPath(stage, `/mounts/${text(id)}/commit`), {});
  }
}

/** EROFS of a call, or a mount that has turned read-only. */
function isReadOnly({ op: [verb], r }: RecordedStep): boolean {
  if (verb !== 'state') return r.errno === 'EROFS';
  return (r.mounts ?? []).some((line) => /^\S+ \S+ ext4 ro[, ]/.test(line));
}

const PMD_BYTES = 2097152;
/** What makes the page present again, or is about another one. */
const ENDS = new Set(['bind', 'unbind', 'map', 'remap', 'munmap', 'kill', 'todevdax', 'tofsdax', 'tokmem']);

/** A store that failed, and afterwards, nothing having come in between, the same process reaches the same 2 MiB. */
function isKept({ op, r }: RecordedStep, later: readonly RecordedStep[]): boolean {
  if (op[0] !== 'wr' || !answerWords(r).startsWith('SIGBUS')) return false;
  const end = later.findIndex(({ op: [verb] }) => ENDS.has(verb));
  return later
    .slice(0, end === -1 ? later.length : end)
    .some(
      (step) =>
        ['rd', 'copy_out'].includes(step.op[0]) && step.r.ok === true && areaOf(step) === areaOf({ op }),
    );
}

function areaOf({ op: [, ...args] }: Pick<RecordedStep, 'op'>): string {
  return `${wordAt(args, 0)} ${wordAt(args, 1)} ${Math.floor(numberAt(args, 2) / PMD_BYTES)}`;
}

/** Only of a shared entry of 2 MiB a failed store takes the mapping, and only an aborted journal keeps it from that. */
function isLarge({ op: [, process, slot] }: RecordedStep, before: readonly RecordedStep[]): boolean {
  const mapped = before.findLast(
    ({ op: [verb, ...args] }) => verb === 'map' && args[0] === process && args[1] === slot,
  );
  const how =
    mapped === undefined ? 'private' : `${wordAt(mapped.op.slice(1), 4)} ${wordAt(mapped.op.slice(1), 5)}`;
  return !/private|skew/.test(how);
}
