import { virtualAddress } from '../model/lookup.ts';
import { errnoOutcome, okOutcome, type Outcome } from '../model/outcome.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { dataOf } from './data_of.ts';
import { withExit } from './exit_walk.ts';
import { faultIn } from './fault.ts';
import type { Failure } from './fault_walk.ts';
import { waitToStore } from './freeze.ts';
import { killFullest } from './oom_kill.ts';
import { endProcess, strike } from './process_end.ts';
import { survivesForced } from './signals.ts';
import { runAt, type Site } from './site.ts';
import { isStale } from './stale.ts';

/** A load or store of the process itself: served, or what becomes of the process at the first page that is not. */
export function loadOrStore(site: Site, write: boolean): Outcome | Refusal {
  const kernel_log: string[] = [];
  for (;;) {
    const { failure, faults } = faultIn(site.tx, site.mapping, site, write);
    if (failure === null) return okOutcome({ faults, kernel_log, ...served(site) });
    if (failure.why !== 'refused') {
      const outcome = failed(site, failure);
      return isRefusal(outcome) ? outcome : { ...outcome, faults };
    }
    if (failure.full !== true) return failure.refusal;
    const killed = killFullest(site.tx, site.mapping.dax_device);
    if (isRefusal(killed)) return killed;
    kernel_log.push(...killed.kernel_log);
    if (killed.pid === site.process.pid) return { ...KILLED, faults, kernel_log };
  }
}

/** The OOM killer took the process that asked. Source: mm/oom_kill.c __oom_kill_process(). */
const KILLED: Outcome = okOutcome({
  ...{ result: 'signal', signal: 'SIGKILL', si_code: 'SI_KERNEL' },
  ...{ process_alive: false, end: { killed_by: 'SIGKILL' } },
});

/**
 * A store where the VMA has no PROT_WRITE: the fault ends before it asks whose page it is, whatever became of the page
 * (S40). Source: arch/x86/mm/fault.c access_error().
 */
export function accessError(site: Site): Outcome | Refusal {
  return signalled(site, { signal: 'SIGSEGV', si_code: 'SEGV_ACCERR', si_addr: addressOf(site, site.index) });
}

/** write(2) out of the mapping: copy_from_user() answers EFAULT where a load would get SIGBUS. */
export function copyOut(site: Site): Outcome | Refusal {
  const { failure, faults } = faultIn(site.tx, site.mapping, site, false);
  if (failure === null) return okOutcome({ faults, ...served(site) });
  if (failure.why === 'refused') return failure.refusal;
  return errnoOutcome('EFAULT', { faults });
}

/** Whose bytes the first page is, now that it is mapped, and whether they come through a stale entry. */
export function served(site: Site): Pick<Outcome, 'stale' | 'data_of'> {
  const { tx, device, mapping, index } = site;
  const run = runAt(site)!;
  return { stale: isStale(device, run), data_of: dataOf(tx.host, device, mapping, run, index) };
}

/** What a page that cannot be faulted in does to the process. */
function failed(site: Site, failure: Exclude<Failure, { why: 'refused' }>): Outcome | Refusal {
  const { tx, process } = site;
  if (failure.why === 'oops') {
    return strike(tx, process.pid, withExit(tx.host, failure.effect, site.mapping, failure.index));
  }
  if (failure.why === 'blocked') return waitToStore(tx, site.mapping, ...bytesFrom(site, failure.index));
  const si_addr = addressOf(site, failure.index);
  if (failure.hwpoison_lsb === undefined)
    return signalled(site, { signal: 'SIGBUS', si_code: 'BUS_ADRERR', si_addr });
  return signalled(site, {
    signal: 'SIGBUS',
    si_code: 'BUS_MCEERR_AR',
    si_addr,
    si_addr_lsb: failure.hwpoison_lsb,
    kernel_log: [
      `MCE: Killing ${process.comm}:${String(process.pid)} due to hardware memory corruption fault at ${si_addr.slice(2)}`,
    ],
  });
}

/** What is left of an access from a page on. */
function bytesFrom({ offset, index, nr }: Site, page: number): readonly [offset: number, length: number] {
  const from = Math.max(offset, page * PAGE_BYTES);
  return [from, (index + nr) * PAGE_BYTES - from];
}

/** Where in a page of the mapping the access came to it. */
function addressOf({ mapping, offset }: Site, index: number): string {
  return `0x${virtualAddress(mapping, Math.max(offset, index * PAGE_BYTES)).toString(16)}`;
}

type Sent = Partial<Outcome> & { readonly signal: 'SIGBUS' | 'SIGSEGV' };

/** A signal that a fault of the process itself forces on it: its handler, or its end. */
function signalled({ tx, process }: Site, sent: Sent): Outcome | Refusal {
  if (survivesForced(process, sent.signal)) return okOutcome({ ...sent, result: 'signal' });
  const ended = endProcess(tx, process.pid, { killed_by: sent.signal });
  if (isRefusal(ended)) return ended;
  const result = ended.result === 'kernel_oops' ? 'kernel_oops' : 'signal';
  return okOutcome({ ...ended, ...sent, result });
}
