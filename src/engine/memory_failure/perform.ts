import type { MemoryFailure } from '../model/device_command.ts';
import { extentOfPfn } from '../model/extents.ts';
import type { DaxDevice, File, Host, Mapping } from '../model/host.ts';
import { mappingsOfDevice, superblockOf, mappingsOfPid, processOf, fileOf } from '../model/lookup.ts';
import { runs } from '../model/mapping_table.ts';
import type { Outcome } from '../model/outcome.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { entriesOf, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { madviseHwpoison, softOffline, staleAdvised, type Advised } from './madvise.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import { newLedger, type Ledger } from './ledger.ts';
import { failDaxPages, type Current } from './dax.ts';
import { mappedPages, conclude } from './conclude.ts';
import type { MemoryFailureReport } from './report.ts';
import { scrub } from './scrub.ts';
import { failRamPages } from './system_ram.ts';

/**
 * Makes the calls of a command on pages of a device, by who makes them; its `offset` counts from the start of the
 * device. Refused: `invalid_field`, `outcome_unknown`.
 */
export function perform(
  tx: Transaction,
  command: MemoryFailure,
  device: DaxDevice,
  range: PfnRange,
): MemoryFailureReport | Outcome | Refusal {
  const isRam = memoryRangesOf(tx.host, device.name).length > 0;
  switch (command.source) {
    case 'madvise': {
      const advised = whoMaps(tx.host, command, device, range);
      if (isRefusal(advised)) return advised;
      return staleAdvised(tx, command.source, advised) ?? madviseHwpoison(tx, advised);
    }
    case 'soft_offline': {
      if (isRam)
        return unknownOutcome('where soft offline moves a page of system RAM is not in the sources read');
      const advised = command.by_pid === undefined ? null : whoMaps(tx.host, command, device, range);
      if (isRefusal(advised)) return advised;
      const stale = advised === null ? null : staleAdvised(tx, command.source, advised);
      return stale ?? softOffline(tx, device.name, range[0], advised);
    }
    case 'ars':
    case 'inject_error':
      return scrub(tx, command, device);
    case 'mce':
    case 'debugfs': {
      const current = consumer(tx.host, command, device, range);
      return isRefusal(current) ? current : byPfn(tx, command, device, range, current);
    }
  }
}

/** A machine check or corrupt-pfn: one event a page, each independent of the others. */
function byPfn(
  tx: Transaction,
  command: MemoryFailure,
  device: DaxDevice,
  range: PfnRange,
  current: Current | null,
): MemoryFailureReport | Refusal {
  const ledger = newLedger(tx, device, command.source);
  const mapped = mappedPages(tx.host, device);
  if (device.mode === 'system-ram' || memoryRangesOf(tx.host, device.name).length > 0) {
    failRamPages(ledger, range, current);
  } else {
    const refusal = failDaxPages(ledger, range, current);
    if (refusal !== null) return refusal;
  }
  if (current !== null) endConsumer(ledger, current);
  return conclude(ledger, mapped, command.source === 'mce' ? { offset: command.offset, pages: range } : null);
}

/**
 * The process that consumed poison which memory_failure() could not handle gets plain SIGBUS, once a call; EHWPOISON
 * ends quietly.
 * Source: arch/x86/kernel/cpu/mce/core.c kill_me_maybe(), force_sig(); MF7.
 */
function endConsumer({ tx, results, signals }: Ledger, { pid }: Current): void {
  const failed = results.filter(({ errno }) => errno !== null && errno !== 'EHWPOISON');
  const count = failed.reduce((sum, { pages }) => sum + pages, 0);
  if (count === 0) return;
  const { comm } = processOf(tx.host, pid);
  const plain = { signal: 'SIGBUS', si_code: 'SI_KERNEL', si_addr: '0x0', si_addr_lsb: null } as const;
  signals.push({ pid, comm, ...plain, count, delivery: 'asynchronous', killed: false });
}

/** M23: the process whose load consumed the poison; it has an entry there. */
function consumer(
  host: Host,
  { by_pid }: MemoryFailure,
  device: DaxDevice,
  [pfn]: PfnRange,
): Current | null | Refusal {
  if (by_pid === undefined) return null;
  const loads = mappingsOfPid(host, by_pid)
    .filter((mapping) => mapping.dax_device === device.name)
    .flatMap((mapping) => [...runs(entriesOf(host, mapping.id))])
    .some((run) => run.pfn >= 0 && run.pfn <= pfn && pfn < run.pfn + run.nr_pages);
  if (loads) return { pid: by_pid, madvise: null };
  return refuse('invalid_field', 'a load by that process cannot reach the page: it has no entry there', {
    pointer: '/by_pid',
  });
}

/** The mapping whose process calls madvise: the one named, or the first made, of `by_pid` or of anybody, that covers the first page. */
function whoMaps(
  host: Host,
  command: MemoryFailure,
  device: DaxDevice,
  [pfn, nr_pages]: PfnRange,
): Advised | Refusal {
  for (const mapping of mappingsOfDevice(host, device.name)) {
    if (command.by_pid !== undefined && mapping.pid !== command.by_pid) continue;
    if (command.mapping !== undefined && mapping.id !== command.mapping) continue;
    if (processOf(host, mapping.pid).state !== 'running') continue;
    const places = placesIn(host, command, device, mapping);
    const index = places(pfn);
    if (index === null) continue;
    if (places(pfn + nr_pages - 1) === index + nr_pages - 1) return { mapping, index, nr_pages };
    return refuse('out_of_range', 'madvise() takes a range within one mapping', { pointer: '/length' });
  }
  const who =
    command.by_pid === undefined
      ? 'no running process maps'
      : `process ${String(command.by_pid)} does not map`;
  const pointer = command.by_pid === undefined ? '/source' : '/by_pid';
  return refuse('invalid_field', `madvise() addresses memory through a mapping: ${who} the first page`, {
    pointer,
  });
}

/**
 * The page index of a mapping that shows a pfn of the device, touched or not; null where none does. One of a file
 * whose superblock stands on an earlier instance of the device shows it where it has an entry, or is the one named.
 */
function placesIn(
  host: Host,
  command: MemoryFailure,
  device: DaxDevice,
  mapping: Mapping,
): (pfn: number) => number | null {
  return (pfn) => {
    const index = indexOf(host, command, device, mapping, pfn);
    return index !== null && index >= 0 && index < mapping.length / PAGE_BYTES ? index : null;
  };
}

function indexOf(
  host: Host,
  command: MemoryFailure,
  device: DaxDevice,
  mapping: Mapping,
  pfn: number,
): number | null {
  if (mapping.file === null) return ofNode(host, device, mapping, pfn);
  const file = fileOf(host, mapping.file);
  const isThere = superblockOf(host, file.file_system)?.device_instance === device.instance;
  return isThere || command.mapping !== undefined
    ? ofFile(host, file, mapping, pfn)
    : byEntry(host, mapping, 'dax', pfn);
}

function ofNode(host: Host, device: DaxDevice, mapping: Mapping, pfn: number): number | null {
  if (device.mode === 'devdax') return pfn - device.base_pfn - mapping.offset / PAGE_BYTES;
  return byEntry(host, mapping, 'ram', pfn);
}

function byEntry(host: Host, mapping: Mapping, kind: 'dax' | 'ram', pfn: number): number | null {
  const run = [...runs(entriesOf(host, mapping.id))].find((placed) => {
    return placed.kind === kind && placed.pfn >= 0 && placed.pfn <= pfn && pfn < placed.pfn + placed.nr_pages;
  });
  return run === undefined ? null : run.index + (pfn - run.pfn);
}

function ofFile(host: Host, file: File, mapping: Mapping, pfn: number): number | null {
  const extent = extentOfPfn(host, file, pfn);
  return extent === undefined ? null : extent.offset + (pfn - extent.pfn) - mapping.offset / PAGE_BYTES;
}
