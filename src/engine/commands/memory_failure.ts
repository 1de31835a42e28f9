import type { Answer } from '../answer.ts';
import type { MemoryFailure } from '../model/command.ts';
import type { DaxDevice, Host, Mapping } from '../model/host.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import {
  decodes,
  findActor,
  findDevice,
  mappingsOfDevice,
  mappingsOfPid,
  superblockOf,
} from '../model/lookup.ts';
import { runs } from '../model/mapping_table.ts';
import { processOf } from '../mm/process_end.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { entriesOf, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { conclude, mappedPages } from '../memory_failure/conclude.ts';
import { failDaxPages, type Current } from '../memory_failure/dax.ts';
import { newLedger, type Ledger } from '../memory_failure/ledger.ts';
import { madviseHwpoison, softOffline, type Advised } from '../memory_failure/madvise.ts';
import { placeOf } from '../memory_failure/place.ts';
import type { MemoryFailureReport } from '../memory_failure/report.ts';
import { failRamPages } from '../memory_failure/system_ram.ts';

/**
 * memory_failure() or soft_offline_page() of each page of a range of a device, ascending (A.9). What the kernel
 * answers, errno or not, is the outcome. Refused: a range outside the device, a process that does not map it,
 * a device that is being removed (`outcome_unknown`).
 */
export function memoryFailure(tx: Transaction, command: MemoryFailure): Answer | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  const refusal = refuses(tx, command, device);
  if (refusal !== null) return refusal;
  const offset = placeOf(tx.host, command, device);
  if (isRefusal(offset)) return offset;
  const outside = refusesRange(offset, command.length, device);
  if (outside !== null) return outside;
  const first = Math.floor(offset / PAGE_BYTES);
  const end = Math.ceil((offset + command.length) / PAGE_BYTES);
  const report = perform(tx, command, device, [device.base_pfn + first, end - first]);
  return isRefusal(report) ? report : { memory_failure: report };
}

function refuses(tx: Transaction, command: MemoryFailure, device: DaxDevice): Refusal | null {
  if (command.length < 1) return refuse('invalid_field', 'length must be positive', { pointer: '/length' });
  if (command.source !== 'mce' && command.offset % PAGE_BYTES !== 0)
    return refuse('invalid_field', 'offset must be a multiple of 4096: only a machine check tells a byte', {
      pointer: '/offset',
    });
  if (device.removal !== null)
    return unknownOutcome(
      'memory_failure() while the device is being removed is neither recorded nor in the sources read',
    );
  if (!decodes(tx.host, device))
    return unknownOutcome('nothing answers at these addresses: the medium is gone or the decoders are reset');
  if (command.by_pid === undefined) return null;
  if (command.source === 'debugfs')
    return refuse('invalid_field', 'corrupt-pfn is written by nobody who maps', { pointer: '/by_pid' });
  const process = findActor(tx.host, command.by_pid, '/by_pid');
  return isRefusal(process) ? process : null;
}

function refusesRange(offset: number, length: number, { size }: DaxDevice): Refusal | null {
  if (offset >= size)
    return refuse('out_of_range', 'the offset is past the end of the device', { pointer: '/offset' });
  if (offset + length <= size) return null;
  return refuse('out_of_range', 'the range reaches past the end of the device', { pointer: '/length' });
}

function perform(
  tx: Transaction,
  command: MemoryFailure,
  device: DaxDevice,
  range: PfnRange,
): MemoryFailureReport | Refusal {
  const isRam = memoryRangesOf(tx.host, device.name).length > 0;
  switch (command.source) {
    case 'madvise': {
      const advised = whoMaps(tx.host, command, device, range);
      return isRefusal(advised) ? advised : madviseHwpoison(tx, advised);
    }
    case 'soft_offline': {
      if (isRam)
        return unknownOutcome('where soft offline moves a page of system RAM is not in the sources read');
      const advised = command.by_pid === undefined ? null : whoMaps(tx.host, command, device, range);
      return isRefusal(advised) ? advised : softOffline(tx, device.name, range[0], advised);
    }
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
  return conclude(ledger, mapped, command.source === 'mce' ? range : null);
}

/**
 * Who consumed poison that memory_failure() could not handle gets plain SIGBUS, once a call; EHWPOISON ends quietly.
 * Source: arch/x86/kernel/cpu/mce/core.c kill_me_maybe(), force_sig(); A.1.
 */
function endConsumer({ tx, results, signals }: Ledger, { pid }: Current): void {
  const failed = results.filter(({ errno }) => errno !== null && errno !== 'EHWPOISON');
  const count = failed.reduce((sum, { pages }) => sum + pages, 0);
  if (count === 0) return;
  const { comm } = processOf(tx, pid);
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
  return refuse('invalid_field', 'a load of that process does not reach the page: it has no entry there', {
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
    if (host.tables.processes.get(String(mapping.pid))?.state !== 'running') continue;
    const index = indexOf(host, device, mapping, pfn);
    if (index === null) continue;
    if (indexOf(host, device, mapping, pfn + nr_pages - 1) === index + nr_pages - 1)
      return { mapping, index, nr_pages };
    return refuse('out_of_range', 'madvise() takes a range of one mapping', { pointer: '/length' });
  }
  const who =
    command.by_pid === undefined
      ? 'no process that runs maps'
      : `process ${String(command.by_pid)} does not map`;
  const pointer = command.by_pid === undefined ? '/source' : '/by_pid';
  return refuse('invalid_field', `madvise() names memory by its mapping: ${who} the first page`, {
    pointer,
  });
}

/** The page index of a mapping that shows a pfn of the device, touched or not; null where none does. */
function indexOf(host: Host, device: DaxDevice, mapping: Mapping, pfn: number): number | null {
  const index =
    mapping.file === null ? ofNode(host, device, mapping, pfn) : ofFile(host, device, mapping, pfn);
  return index !== null && index >= 0 && index < mapping.length / PAGE_BYTES ? index : null;
}

function ofNode(host: Host, device: DaxDevice, mapping: Mapping, pfn: number): number | null {
  if (device.mode === 'devdax') return pfn - device.base_pfn - mapping.offset / PAGE_BYTES;
  const run = [...runs(entriesOf(host, mapping.id))].find((own) => {
    return own.kind === 'ram' && own.pfn >= 0 && own.pfn <= pfn && pfn < own.pfn + own.nr_pages;
  });
  return run === undefined ? null : run.index + (pfn - run.pfn);
}

function ofFile(host: Host, device: DaxDevice, mapping: Mapping, pfn: number): number | null {
  const file = host.tables.files.get(mapping.file!)!;
  const mount = superblockOf(host, file.file_system);
  const extent = file.extents.find((own) => own.pfn <= pfn && pfn < own.pfn + own.nr_pages);
  if (mount?.device_instance !== device.instance || extent === undefined) return null;
  return extent.offset + (pfn - extent.pfn) - mapping.offset / PAGE_BYTES;
}
