import { perform } from '../memory_failure/perform.ts';
import type { MemoryFailureReport } from '../memory_failure/report.ts';
import type { MemoryFailure } from '../model/device_command.ts';
import type { DaxDevice } from '../model/host.ts';
import { decodes, findActor, findModelled } from '../model/lookup.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Transaction } from '../model/transaction.ts';
import { PAGE_BYTES, SECTOR_BYTES } from '../model/vocabulary.ts';
import { placeOf } from '../memory_failure/place.ts';

/**
 * memory_failure() or soft_offline_page() of each page of a range of a device, ascending (MF1), or a scrub that finds
 * it bad (MF22). What the kernel answers, errno or not, is the outcome; that of the process alone where its madvise does
 * not come back (R135). Refused: a range outside the device, a process that does not map it, a device that is being
 * removed (`outcome_unknown`).
 */
export function memoryFailure(
  tx: Transaction,
  command: MemoryFailure,
): MemoryFailureReport | Outcome | Refusal {
  const device = findModelled(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  const refusal = refuses(tx, command, device);
  if (refusal !== null) return refusal;
  const offset = placeOf(tx.host, command, device);
  if (isRefusal(offset)) return offset;
  const outside = refusesRange(offset, command.length, device);
  if (outside !== null) return outside;
  const first = Math.floor(offset / PAGE_BYTES);
  const end = Math.ceil((offset + command.length) / PAGE_BYTES);
  return perform(tx, { ...command, offset }, device, [device.base_pfn + first, end - first]);
}

/** What a source counts in; bytes. */
const PAGES = { offset: PAGE_BYTES, length: 1, why: 'only a machine check or a scrub reports a byte' };
const BYTES = { offset: 1, length: 1, why: '' };
const UNITS: Readonly<Record<MemoryFailure['source'], typeof PAGES>> = {
  madvise: PAGES,
  mce: BYTES,
  debugfs: PAGES,
  soft_offline: PAGES,
  ars: BYTES,
  inject_error: { offset: SECTOR_BYTES, length: SECTOR_BYTES, why: 'ndctl inject-error takes blocks of 512' },
};

/** Who makes no call for a process, by source. */
const BY_NOBODY: Readonly<Partial<Record<MemoryFailure['source'], string>>> = {
  debugfs: 'a write to corrupt-pfn comes from no process that maps the page',
  ars: 'a scrub is of the bus',
  inject_error: 'what the tool makes bad, the bus finds',
};

function refuses(tx: Transaction, command: MemoryFailure, device: DaxDevice): Refusal | null {
  if (command.length < 1) return refuse('invalid_field', 'length must be positive', { pointer: '/length' });
  const unit = UNITS[command.source];
  const unaligned = (['offset', 'length'] as const).find((field) => command[field] % unit[field] !== 0);
  if (unaligned !== undefined)
    return refuse(
      'invalid_field',
      `${unaligned} must be a multiple of ${String(unit[unaligned])}: ${unit.why}`,
      {
        pointer: `/${unaligned}`,
      },
    );
  if (device.removal !== null)
    return unknownOutcome(
      'memory_failure() while the device is being removed is neither recorded nor in the sources read',
    );
  if (!decodes(tx.host, device))
    return unknownOutcome('nothing answers at these addresses: the medium is gone or the decoders are reset');
  if (command.by_pid === undefined) return null;
  const nobody = BY_NOBODY[command.source];
  if (nobody !== undefined)
    return refuse('invalid_field', `${command.source} takes no by_pid: ${nobody}`, { pointer: '/by_pid' });
  const process = findActor(tx.host, command.by_pid, '/by_pid');
  return isRefusal(process) ? process : null;
}

function refusesRange(offset: number, length: number, { size }: DaxDevice): Refusal | null {
  if (offset >= size)
    return refuse('out_of_range', 'the offset is past the end of the device', { pointer: '/offset' });
  if (offset + length <= size) return null;
  return refuse('out_of_range', 'the range reaches past the end of the device', { pointer: '/length' });
}
