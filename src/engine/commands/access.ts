import type { Command } from '../model/command.ts';
import { blockedOutcome, errnoOutcome, okOutcome, oopsOutcome, type Outcome } from '../model/outcome.ts';
import { touch, type Failure } from '../mm/fault.ts';
import { isReset } from '../device/cxl/chain.ts';
import { badPagesMet, zapEffect } from '../mm/zap.ts';
import type { DaxDevice, Mapping, Process } from '../model/host.ts';
import {
  decodes,
  deviceOf,
  findActor,
  findMapping,
  isStale,
  memmapGone,
  processOf,
} from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { findRun, type Run } from '../model/mapping_table.ts';
import { madviseHwpoison } from '../memory_failure/madvise.ts';
import { endProcess, livelock, recordOops, strike } from '../mm/process_end.ts';
import { survivesSigbus } from '../mm/signals.ts';
import { releaseUnknown } from '../mm/pin_release.ts';
import type { ByLevel, Effect, GupEffect } from '../kernels/effect.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { levelOf } from '../mm/stale.ts';
import { dropEntries, emit, entriesOf, patch, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES, type AccessKind } from '../model/vocabulary.ts';
import { dataOf } from '../mm/data_of.ts';
import { syncFile } from '../fs/sync.ts';

type Access = Extract<Command, { type: 'access' }>;
type Oops = Extract<Effect, { do: 'oops' }>;

interface Site {
  readonly tx: Transaction;
  readonly mapping: Mapping;
  readonly device: DaxDevice;
  readonly process: Process;
  readonly command: Access;
  /**
   * Who looks into the process; `self` where it is the process, null where it is a process that the host does not
   * record.
   */
  readonly caller: Process | 'self' | null;
  /** First page and count of pages of the mapping that the access covers. */
  readonly index: number;
  readonly nr: number;
}

/**
 * A process, or the kernel for it, uses mapped memory. Before a removal it faults pages in; after it, it shows
 * what the process and the kernel would get. Refused: `out_of_range`, `mapping_is_read_only`,
 * `process_ended`, `process_unavailable`, `outcome_unknown`.
 */
export function access(tx: Transaction, command: Access): Outcome | Refusal {
  const mapping = findMapping(tx.host, command.mapping);
  if (isRefusal(mapping)) return mapping;
  const process = findActor(tx.host, mapping.pid);
  if (isRefusal(process)) return process;
  const caller = callerOf(tx, command, process);
  if (isRefusal(caller)) return caller;
  const length = Math.max(1, command.length);
  if (command.offset + length > mapping.length) {
    return refuse('out_of_range', 'the access leaves the mapping', { pointer: '/offset' });
  }
  const index = Math.floor(command.offset / PAGE_BYTES);
  const nr = Math.floor((command.offset + length - 1) / PAGE_BYTES) - index + 1;
  const device = deviceOf(tx.host, mapping.dax_device);
  const site: Site = { tx, mapping, device, process, command, caller, index, nr };
  const absent = readsAbsentMedia(site) ?? badPagesMet(tx, mapping);
  if (absent !== null) return absent;
  const unknown = releaseUnknown(tx, process.pid);
  const outcome = perform(site);
  // What was not mapped before may be served by a fault of a device that is still alive.
  const served = !isRefusal(outcome) && outcome.result === 'ok' ? readsAbsentMedia(site) : null;
  if (served !== null) return served;
  // A death by signal or oops drops the pins too: where the outcome of that is not known, neither is this.
  return !isRefusal(outcome) && !outcome.process_alive && unknown !== null ? unknown : outcome;
}

/** What another process may do to the memory of this one. */
const FROM_OUTSIDE: ReadonlySet<AccessKind> = new Set([
  'process_vm_readv',
  'ptrace',
  'smaps',
  'pagemap',
  'numa_maps',
]);

function callerOf(
  tx: Transaction,
  { kind, by_pid }: Access,
  process: Process,
): Process | 'self' | null | Refusal {
  if (!FROM_OUTSIDE.has(kind)) {
    if (by_pid === undefined || by_pid === process.pid) return 'self';
    const detail = `${kind} is what process ${String(process.pid)} does itself: nobody else can`;
    return refuse('invalid_field', detail, { pointer: '/by_pid' });
  }
  if (by_pid === process.pid) return 'self';
  return by_pid === undefined ? null : findActor(tx.host, by_pid, '/by_pid');
}

/**
 * R165: what a load from memory that is physically gone returns depends on the bus: refused. Where only the decoders
 * are reset, loads read zeros (M98); what a store, or a touch of system RAM, meets there is not recorded (CX13).
 */
function readsAbsentMedia(site: Site): Refusal | null {
  if (decodes(site.tx.host, site.device)) return null;
  const run = findRun(entriesOf(site.tx.host, site.mapping.id), site.index);
  if (run?.kind !== 'dax' && run?.kind !== 'ram') return null;
  if (!site.device.media_present && !isReset(site.tx.host, site.device)) {
    return unknownOutcome(
      'a load or store through an entry to memory that is physically gone depends on the bus (R165)',
    );
  }
  const stores = site.command.kind === 'write' && run.writable;
  if (run.kind === 'dax' && !stores) return null;
  return unknownOutcome(
    'what nothing decodes takes stores, or serves as system RAM, in an unrecorded way (CX13)',
  );
}

function perform(site: Site): Outcome | Refusal {
  const { command } = site;
  const verbs = factsOf(site.tx.host).stale;
  switch (command.kind) {
    case 'read':
    case 'write':
      return byProcessor(site, command.kind === 'write');
    case 'copy_out':
      return copyOut(site);
    case 'msync':
      return msync(site);
    case 'vmsplice':
    case 'direct_io':
    case 'madvise_hwpoison':
    case 'process_vm_readv':
    case 'ptrace':
      return gup(site, verbs[command.kind]);
    case 'io_uring_register':
      return ioUringRegister(site);
    case 'mlock':
    case 'smaps':
    case 'pagemap':
    case 'numa_maps':
      return kernelWalk(site, verbs[command.kind]);
    case 'mprotect':
      return mprotect(site);
    case 'madvise_dontneed':
      return dontneed(site);
  }
}

/** A load or store of the process itself. */
function byProcessor(site: Site, write: boolean): Outcome | Refusal {
  if (write && site.mapping.prot === 'r')
    return refuse('mapping_is_read_only', 'the mapping has no PROT_WRITE');
  const { failure, faults } = touch(site.tx, site.mapping, site.index, site.nr, write);
  emit(site.tx, 'page_faulted', `mappings/${site.mapping.id}`, {
    index: site.index,
    nr_pages: site.nr,
    write,
  });
  if (failure === null) return okOutcome({ faults, ...served(site) });
  if (failure.why === 'refused') return failure.refusal;
  return { ...failed(site, failure), faults };
}

function served(site: Site): Pick<Outcome, 'stale' | 'data_of'> {
  const run = findRun(entriesOf(site.tx.host, site.mapping.id), site.index)!;
  return {
    stale: isStale(site.device, run),
    data_of: dataOf(site.tx.host, site.device, site.mapping, run, site.index),
  };
}

/** What a page that cannot be faulted in does to the process. */
function failed(site: Site, failure: Exclude<Failure, { why: 'refused' }>): Outcome {
  const { tx, mapping, process } = site;
  if (failure.why === 'oops') return strike(tx, process.pid, failure.effect);
  if (failure.why === 'blocked') {
    patch(tx, 'processes', String(process.pid), { state: 'blocked' });
    emit(tx, 'process_changed', `processes/${String(process.pid)}`, { blocked_in: failure.in });
    return blockedOutcome(failure.in);
  }
  const touched = Math.max(site.command.offset, failure.index * PAGE_BYTES);
  const si_addr = `0x${(BigInt(mapping.address) + BigInt(touched)).toString(16)}`;
  const signal =
    failure.hwpoison_lsb === undefined
      ? { signal: 'SIGBUS', si_code: 'BUS_ADRERR', si_addr }
      : {
          signal: 'SIGBUS',
          si_code: 'BUS_MCEERR_AR',
          si_addr,
          si_addr_lsb: failure.hwpoison_lsb,
          kernel_log: [
            `MCE: Killing ${process.comm}:${String(process.pid)} due to hardware memory corruption fault at ${si_addr.slice(2)}`,
          ],
        };
  if (survivesSigbus(process, true)) return { ...okOutcome(signal), result: 'signal' };
  const ended = endProcess(tx, process.pid, { killed_by: 'SIGBUS' });
  return ended.result === 'kernel_oops' ? { ...ended, ...signal } : { ...ended, ...signal, result: 'signal' };
}

/** write(2) out of the mapping: copy_from_user() answers EFAULT where a load would get SIGBUS. */
function copyOut(site: Site): Outcome | Refusal {
  const { failure, faults } = touch(site.tx, site.mapping, site.index, site.nr, false);
  emit(site.tx, 'page_faulted', `mappings/${site.mapping.id}`, {
    index: site.index,
    nr_pages: site.nr,
    write: false,
  });
  if (failure === null) return okOutcome({ faults, ...served(site) });
  if (failure.why === 'refused') return failure.refusal;
  return errnoOutcome('EFAULT', { faults });
}

/** R38: only a shared VMA of a file that is open for writing is written back. */
function msync(site: Site): Outcome | Refusal {
  const { tx, mapping } = site;
  if (mapping.flags.includes('private') || mapping.prot === 'r') return okOutcome();
  if (mapping.file === null)
    return unknownOutcome('msync of a device node is neither recorded nor in the sources read');
  return syncFile(tx, mapping.file, mapping.pid);
}

/** get_user_pages() of a page: C2 on a live entry, C3 on a stale one. */
function gup(site: Site, effects: ByLevel<GupEffect>): Outcome | Refusal {
  const { tx, mapping, command } = site;
  const run = findRun(entriesOf(tx.host, mapping.id), site.index);
  const stale = run !== null && isStale(site.device, run);
  if (stale && site.device.mode === 'system-ram') {
    return unknownOutcome('gup through a stale entry to what is system RAM now is neither recorded nor read');
  }
  if (stale && !pgmapServes(site, run)) {
    return onStale(site, levelOf(effects, run));
  }
  if (command.kind === 'madvise_hwpoison') return hwpoison(site);
  const { failure } = touch(tx, mapping, site.index, site.nr, false);
  emit(tx, 'page_faulted', `mappings/${mapping.id}`, { index: site.index, nr_pages: site.nr, write: false });
  if (failure === null) return okOutcome(served(site));
  if (failure.why === 'refused') return failure.refusal;
  return errnoOutcome(command.kind === 'ptrace' ? 'EIO' : 'EFAULT');
}

/** MADV_HWPOISON of pages that a pgmap serves: what the process gets is AR, or the errno of the call. */
function hwpoison({ tx, mapping, index, nr }: Site): Outcome | Refusal {
  const report = madviseHwpoison(tx, { mapping, index, nr_pages: nr });
  if (isRefusal(report)) return report;
  const { errno, kernel_log } = report;
  const process = processOf(tx, mapping.pid);
  const ended = { process_alive: process.state !== 'dead', end: process.end };
  const ar = report.processes.find((row) => row.pid === mapping.pid);
  if (ar === undefined)
    return errno === null ? okOutcome({ kernel_log }) : errnoOutcome(errno, { kernel_log });
  const { signal, si_code, si_addr, si_addr_lsb } = ar;
  return okOutcome({ result: 'signal', signal, si_code, si_addr, si_addr_lsb, errno, kernel_log, ...ended });
}

/** R164: once the pfns have a pgmap again, the lookup succeeds and pins the new owner's pages. */
function pgmapServes(site: Site, run: Run): boolean {
  return site.device.pgmap_state === 'live' && run.pgmap !== site.device.pgmap;
}

function onStale(site: Site, effect: GupEffect): Outcome | Refusal {
  switch (effect.do) {
    case 'errno':
      return errnoOutcome(effect.errno, { stale: true });
    case 'livelock':
      return spins(site);
    case 'oops':
      if (!memmapGone(site.device))
        return unknownOutcome('gup while the pgmap is being killed is not recorded on this kernel');
      return struck(site, effect);
  }
}

/** R132, R133: the process that looks is the one that spins; the process whose memory it reads is untouched. */
function spins({ tx, mapping, caller }: Site): Outcome {
  if (caller === 'self') return okOutcome({ ...livelock(tx, mapping.pid), livelocked: 'process' });
  const where = livelock(tx, caller === null ? null : caller.pid);
  return okOutcome({ ...where, stale: true, livelocked: 'caller' });
}

/** Whose task it is, seen from the process that was looked into. */
const SEEN_FROM_OUTSIDE = { process: 'caller', caller: 'caller', worker: 'worker' } as const;

/**
 * R131, R133: the oops strikes the process that looks. Its pins go with it: where the outcome of that is not known,
 * neither is this.
 */
function struck({ tx, mapping, caller }: Site, effect: Oops): Outcome | Refusal {
  if (caller === 'self') return strike(tx, mapping.pid, effect);
  if (caller === null) {
    recordOops(tx, effect.at);
    return oopsOutcome(effect.at, 'caller', { stale: true });
  }
  const unknown = releaseUnknown(tx, caller.pid);
  if (unknown !== null) return unknown;
  const { kernel_oopses, kernel_log } = strike(tx, caller.pid, effect);
  const named = kernel_oopses.map(({ at, task }) => ({ at, task: SEEN_FROM_OUTSIDE[task] }));
  return okOutcome({ result: 'kernel_oops', stale: true, kernel_oopses: named, kernel_log });
}

/** IORING_REGISTER_BUFFERS: a FOLL_LONGTERM | FOLL_WRITE pin, given back at once here (POST …/pins keeps one). */
function ioUringRegister(site: Site): Outcome | Refusal {
  const { tx, mapping, device } = site;
  const facts = factsOf(tx.host);
  const run = findRun(entriesOf(tx.host, mapping.id), site.index);
  if (mapping.prot === 'r') return errnoOutcome('EFAULT');
  if (device.mode === 'devdax') {
    if (facts.io_uring_longterm_on_devdax === 'EOPNOTSUPP') return errnoOutcome('EOPNOTSUPP');
    return gupForWrite(site);
  }
  const stale = run !== null && isStale(device, run);
  if (stale && facts.io_uring_register_stale === 'write_fault_first') {
    const { failure } = touch(tx, mapping, site.index, site.nr, true);
    emit(tx, 'page_faulted', `mappings/${mapping.id}`, { index: site.index, nr_pages: site.nr, write: true });
    return failure === null ? errnoOutcome('EOPNOTSUPP') : errnoOutcome('EFAULT', { stale: true });
  }
  return errnoOutcome(facts.longterm_on_fsdax, { stale });
}

function gupForWrite(site: Site): Outcome | Refusal {
  const { failure } = touch(site.tx, site.mapping, site.index, site.nr, true);
  emit(site.tx, 'page_faulted', `mappings/${site.mapping.id}`, {
    index: site.index,
    nr_pages: site.nr,
    write: true,
  });
  if (failure === null) return okOutcome(served(site));
  return errnoOutcome('EFAULT');
}

/** mlock and the /proc files walk the page tables; only a freed struct page can hurt them. */
function kernelWalk(site: Site, effects: ByLevel): Outcome | Refusal {
  const run = findRun(entriesOf(site.tx.host, site.mapping.id), site.index);
  if (run === null || !isStale(site.device, run) || !memmapGone(site.device)) return okOutcome();
  const effect = levelOf(effects, run);
  if (effect.do !== 'oops') return okOutcome({ stale: true });
  return struck(site, effect);
}

function mprotect(site: Site): Outcome | Refusal {
  const run = findRun(entriesOf(site.tx.host, site.mapping.id), site.index);
  if (run === null || !isStale(site.device, run)) return okOutcome();
  return unknownOutcome('mprotect of a stale entry is neither recorded nor in the sources read');
}

function dontneed(site: Site): Outcome | Refusal {
  const { tx, mapping } = site;
  const effect = zapEffect(tx, [mapping], factsOf(tx.host).stale.madvise_dontneed);
  if (effect.do === 'oops') return strike(tx, mapping.pid, effect);
  dropEntries(tx, mapping.id, site.index, site.nr, true);
  emit(tx, 'entries_zapped', `mappings/${mapping.id}`, { index: site.index, nr_pages: site.nr });
  return okOutcome();
}
