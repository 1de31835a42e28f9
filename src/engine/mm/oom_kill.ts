import type { Host, Mapping, Process } from '../model/host.ts';
import { anonymousMappingsOf, hasEnded, mappingsOfPid, processOf } from '../model/lookup.ts';
import { runs, type Run } from '../model/mapping_table.ts';
import { isRefusal, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { entriesOf, type Transaction } from '../model/transaction.ts';
import { endProcess } from './process_end.ts';

/** Whom the OOM killer took, and what it logged. */
interface OomKilled {
  readonly pid: number;
  readonly kernel_log: readonly string[];
}

/**
 * The memory of a device's node is full and a page of it is asked for under MPOL_BIND: of the processes bound to that
 * node the one with most memory, wherever that is now, is killed, be it who asks or not (S54). There is no swap. Refused
 * with `outcome_unknown`: two have most, or it does not let go of its memory as it ends.
 * Source: mm/oom_kill.c out_of_memory(), select_bad_process(), oom_badness().
 */
export function killFullest(tx: Transaction, dax_device: string): OomKilled | Refusal {
  const victim = fullest(tx.host, dax_device);
  if (isRefusal(victim)) return victim;
  const { pid, comm } = victim;
  const ended = endProcess(tx, pid, { killed_by: 'SIGKILL' });
  if (isRefusal(ended)) return ended;
  const { result, kernel_log } = ended;
  if (result === 'kernel_oops') return notKnown(dax_device, `process ${String(pid)} oopses as it is killed`);
  return { pid, kernel_log: [`Out of memory: Killed process ${String(pid)} (${comm})`, ...kernel_log] };
}

function fullest(host: Host, dax_device: string): Process | Refusal {
  const pids = new Set(anonymousMappingsOf(host, dax_device).map(({ pid }) => pid));
  const bound = [...pids].map((pid) => processOf(host, pid)).filter((process) => !hasEnded(process));
  const sized = bound.map((process) => ({ process, pages: residentPages(host, process) }));
  const [most, next] = sized.sort((one, other) => other.pages - one.pages);
  const { process, pages } = most!;
  if (pages === next?.pages) return notKnown(dax_device, 'two processes have the most memory');
  if (process.state === 'running') return process;
  return notKnown(dax_device, `process ${String(process.pid)} is ${process.state} in the kernel`);
}

/** Pages that count as resident: its own and those of files in ordinary memory. O(runs). */
function residentPages(host: Host, { pid }: Process): number {
  let pages = 0;
  for (const mapping of mappingsOfPid(host, pid))
    for (const run of runs(entriesOf(host, mapping.id))) if (isResident(mapping, run)) pages += run.nr_pages;
  return pages;
}

/** Not the zero page, a hwpoison entry, or a page of a device. */
function isResident({ anonymous }: Mapping, { kind, pfn }: Run): boolean {
  return kind === 'anon' || (kind === 'ram' && pfn >= 0) || (kind === 'cache' && !anonymous);
}

/** Memory that is full, where the rest is not known. */
export function notKnown(dax_device: string, why: string): Refusal {
  return unknownOutcome(`the memory of ${dax_device} is full: ${why}`);
}
