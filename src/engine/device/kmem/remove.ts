import type { MemoryRange } from '../../model/host.ts';
import { deviceOf } from '../../model/lookup.ts';
import { nodeGoes } from '../../mm/counters.ts';
import { countPages, intersect, subtract, type PfnRange } from '../../model/pfn_range.ts';
import { emit, hostRecord, patch, remove, type Transaction } from '../../model/transaction.ts';
import { PAGE_BYTES } from '../../model/vocabulary.ts';
import { replaceRam } from './offline.ts';
import { pfns } from '../../model/memory_range.ts';

/**
 * Takes a range away whose blocks are all offline: blocks, node and resource go. HardwareCorrupted is lowered by
 * the poisoned pages that leave; who mapped one keeps its hwpoison entry.
 * Source: mm/memory_hotplug.c try_remove_memory(); M65, M75, M81, M83.
 */
export function removeRange(tx: Transaction, range: MemoryRange): void {
  const device = deviceOf(tx.host, range.dax_device);
  const removed: PfnRange[] = [pfns(range)];
  replaceRam(tx, device.name, removed, 'ram');
  const poisoned = countPages(intersect(device.hwpoisoned, removed));
  patch(tx, 'dax_devices', device.name, { hwpoisoned: subtract(device.hwpoisoned, removed) });
  if (poisoned > 0) lowerCorrupted(tx, poisoned);
  forgetRange(tx, range);
  emit(tx, 'memory_range_removed', `dax-devices/${device.name}`, { nr_pages: range.nr_pages });
}

/** The record goes, and the counters of its node where it was the last memory there. */
export function forgetRange(tx: Transaction, range: MemoryRange): void {
  remove(tx, 'memory_ranges', range.id);
  for (const other of tx.host.tables.memory_ranges.values()) if (other.node === range.node) return;
  nodeGoes(tx, range.node);
}

function lowerCorrupted(tx: Transaction, pages: number): void {
  const { name, counters } = hostRecord(tx.host);
  const HardwareCorrupted_kB = counters.HardwareCorrupted_kB - (pages * PAGE_BYTES) / 1024;
  patch(tx, 'hosts', name, { counters: { ...counters, HardwareCorrupted_kB } });
}
