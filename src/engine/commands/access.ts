import type { Access } from '../model/use_command.ts';
import { isReset } from '../device/cxl/chain.ts';
import { syncFile } from '../fs/sync.ts';
import { madviseHwpoison } from '../memory_failure/madvise.ts';
import { gup, registerBuffers } from '../mm/gup.ts';
import { accessError, copyOut, loadOrStore } from '../mm/load_store.ts';
import { dontneed } from '../mm/madvise.ts';
import { mmLocked } from '../mm/mm_locked.ts';
import { runAt, type Site } from '../mm/site.ts';
import { isStale } from '../mm/stale.ts';
import { staleInTheWay } from '../mm/stale_outcome.ts';
import { badPagesMet } from '../mm/zap.ts';
import type { Process } from '../model/host.ts';
import { decodes, deviceOf, findActor, findMapping, hasEnded, processOf } from '../model/lookup.ts';
import { clipRun } from '../model/mapping_table.ts';
import { errnoOutcome, okOutcome, type Outcome } from '../model/outcome.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { lackStructPages } from '../model/struct_pages.ts';
import type { Transaction } from '../model/transaction.ts';
import { PAGE_BYTES, type AccessKind } from '../model/vocabulary.ts';

/**
 * A process, or the kernel for it, uses mapped memory. Before a removal it faults pages in; after it, it shows
 * what the process and the kernel would get. Refused: `out_of_range`, `process_ended`, `process_unavailable`,
 * `outcome_unknown`.
 */
export function access(tx: Transaction, command: Access): Outcome | Refusal {
  const site = siteOf(tx, command);
  if (isRefusal(site)) return site;
  const { mapping, process } = site;
  const absent = readsAbsentMedia(site, command.kind) ?? badPagesMet(tx, mapping);
  if (absent !== null) return absent;
  const outcome = perform(site, command.kind);
  if (isRefusal(outcome)) return outcome;
  const locked = mmLocked(process);
  if (locked !== null && !isServedAsMapped(command.kind, outcome)) return locked;
  // What was not mapped before may be served by a fault of a device that is still alive.
  const served = outcome.result === 'ok' ? readsAbsentMedia(site, command.kind) : null;
  return served ?? outcome;
}

/** The processor found all that it came to: nothing of the kernel was asked. */
function isServedAsMapped(kind: AccessKind, { result, faults }: Outcome): boolean {
  const byProcessor = kind === 'read' || kind === 'write' || kind === 'copy_out';
  return byProcessor && result === 'ok' && faults.pte + faults.pmd + faults.pud === 0;
}

function siteOf(tx: Transaction, command: Access): Site | Refusal {
  const mapping = findMapping(tx.host, command.mapping);
  if (isRefusal(mapping)) return mapping;
  const process = findActor(tx.host, mapping.pid);
  if (isRefusal(process)) return process;
  const caller = callerOf(tx, command, process);
  if (isRefusal(caller)) return caller;
  const { offset } = command;
  const length = Math.max(1, command.length);
  if (offset + length > mapping.length) {
    return refuse('out_of_range', 'the access reaches past the end of the mapping', { pointer: '/offset' });
  }
  const index = Math.floor(offset / PAGE_BYTES);
  const nr = Math.floor((offset + length - 1) / PAGE_BYTES) - index + 1;
  return { tx, mapping, device: deviceOf(tx.host, mapping.dax_device), process, caller, offset, index, nr };
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
    const detail = `${kind} is a call of process ${String(process.pid)} itself: no other process can make it`;
    return refuse('invalid_field', detail, { pointer: '/by_pid' });
  }
  if (by_pid === process.pid) return 'self';
  return by_pid === undefined ? null : findActor(tx.host, by_pid, '/by_pid');
}

/**
 * R165: what a load from memory that is physically gone returns depends on the bus: refused. Where only the decoders
 * are reset, loads read zeros (M98); what a store, or a touch of system RAM, meets there is not recorded (CX13).
 */
function readsAbsentMedia(site: Site, kind: AccessKind): Refusal | null {
  if (decodes(site.tx.host, site.device) || lacksWrite(site, kind)) return null;
  const run = runAt(site);
  if (run?.kind !== 'dax' && run?.kind !== 'ram') return null;
  if (!site.device.media_present && !isReset(site.tx.host, site.device)) {
    return unknownOutcome(
      'what a load or store through an entry to memory that is physically gone does depends on the bus (R165)',
    );
  }
  const stores = kind === 'write' && run.writable;
  if (run.kind === 'dax' && !stores) return null;
  return unknownOutcome(
    'a store to an address that nothing decodes, or system RAM there, was not recorded (CX13)',
  );
}

/** A store that the VMA forbids: it reaches no page. */
function lacksWrite({ mapping }: Site, kind: AccessKind): boolean {
  return kind === 'write' && mapping.prot === 'r';
}

/** The processor meets entries page by page, a zap all of its range; all else the one it comes to first. */
function perform(site: Site, kind: AccessKind): Outcome | Refusal {
  switch (kind) {
    case 'read':
    case 'write':
      return lacksWrite(site, kind) ? accessError(site) : loadOrStore(site, kind === 'write');
    case 'copy_out':
      return copyOut(site);
    case 'madvise_dontneed':
      return dontneed(site);
    case 'vmsplice':
    case 'direct_io':
    case 'madvise_hwpoison':
    case 'process_vm_readv':
    case 'ptrace':
    case 'io_uring_register':
    case 'mlock':
    case 'smaps':
    case 'pagemap':
    case 'numa_maps':
    case 'msync':
    case 'mprotect':
      return byKernel(site, kind);
  }
}

type ByKernel = Exclude<AccessKind, 'read' | 'write' | 'copy_out' | 'madvise_dontneed'>;

/** What the kernel does for who asks: a stale entry in its way decides, else it goes on. */
function byKernel(site: Site, kind: ByKernel): Outcome | Refusal {
  const stale = staleInTheWay(site, kind);
  if (stale !== null) return stale;
  switch (kind) {
    case 'vmsplice':
    case 'direct_io':
    case 'process_vm_readv':
      return gup(site, 'EFAULT');
    case 'ptrace':
      return gup(site, 'EIO');
    case 'madvise_hwpoison':
      return hwpoison(site);
    case 'io_uring_register':
      return registerBuffers(site);
    case 'msync':
      return msync(site);
    case 'mlock':
    case 'smaps':
    case 'pagemap':
    case 'numa_maps':
    case 'mprotect':
      return okOutcome({ stale: meetsNoStructPages(site) });
  }
}

/** Whether the entry of the first page outlived its pgmap, and what it maps has no struct pages since. */
function meetsNoStructPages(site: Site): boolean {
  const { tx, device, index, nr } = site;
  const met = runAt(site);
  const run = met && clipRun(met, index, index + nr)!;
  return run !== null && isStale(device, run) && lackStructPages(tx.host, device, [[run.pfn, run.nr_pages]]);
}

/** MADV_HWPOISON of pages that a pgmap serves: what the process gets is AR, or the errno of the call. */
function hwpoison({ tx, mapping, index, nr }: Site): Outcome | Refusal {
  const report = madviseHwpoison(tx, { mapping, index, nr_pages: nr });
  if (isRefusal(report)) return report;
  const { errno, kernel_log } = report;
  const process = processOf(tx.host, mapping.pid);
  const ended = { process_alive: !hasEnded(process), end: process.end };
  const ar = report.processes.find((row) => row.pid === mapping.pid);
  if (ar === undefined)
    return errno === null ? okOutcome({ kernel_log }) : errnoOutcome(errno, { kernel_log });
  const { signal, si_code, si_addr, si_addr_lsb } = ar;
  return okOutcome({ result: 'signal', signal, si_code, si_addr, si_addr_lsb, errno, kernel_log, ...ended });
}

/** R38: only a shared VMA of a file that is open for writing is written back. */
function msync(site: Site): Outcome | Refusal {
  const { tx, mapping } = site;
  if (mapping.flags.includes('private') || mapping.prot === 'r') return okOutcome();
  if (mapping.file === null)
    return unknownOutcome('msync of a device node is neither recorded nor in the sources read');
  return syncFile(tx, mapping.file, mapping.pid);
}
