import type { Spans } from './coverage.ts';
import type { Exposure, Window } from './exposure.ts';
import type { DaxDevice, Host, Mapping, Pin, Process } from './host.ts';
import { decodes, deviceOf, generationOf, hasEnded, nrPages, processOf } from './lookup.ts';
import { eachTranslation, NO_ENTRIES } from './mapping_table.ts';
import { normalize, subtract, type PfnRange } from './pfn_range.ts';

const NO_SPANS: Spans = [];

/** What the open exposures of a host are told apart by. */
export function keyOf(exposure: Exposure): string {
  const { dax_device, pid, generation, to_generation, reason, to_tenant } = exposure;
  return keyBetween(dax_device, pid, generation, to_generation, reason, to_tenant);
}

function keyBetween(
  dax_device: string,
  pid: number,
  generation: number,
  to_generation: number,
  reason: Exposure['reason'],
  to_tenant: string | null,
): string {
  const key = `${dax_device} ${String(pid)} ${String(generation)} ${String(to_generation)} ${reason}`;
  return reason === 'generation' || to_tenant === null ? key : `${key} ${to_tenant}`;
}

/**
 * The window that a mapping or pin is now, or null: no such mapping or pin, nothing reached, or its own
 * generation's pfns, which it was not told to leave (EX1, EX2, EX14). O(1) where the generations agree, else O(runs).
 */
export function windowOf(host: Host, id: string): Window | null {
  const mapping = host.tables.mappings.get(id);
  if (mapping !== undefined) return throughMapping(host, mapping);
  const pin = host.tables.pins.get(id);
  return pin === undefined ? null : throughPin(host, pin);
}

function throughMapping(host: Host, mapping: Mapping): Window | null {
  const device = deviceOf(host, mapping.dax_device);
  const generation = generationOf(host, mapping);
  const process = processOf(host, mapping.pid);
  const reason = reasonOf(device, generation, process);
  if (reason === null || hasEnded(process) || !decodes(host, device)) return null;
  const all: number[] = [];
  const some: number[] = [];
  let read_only = 0;
  eachTranslation(host.entries.get(mapping.id) ?? NO_ENTRIES, (pfn, nr_pages, isWritable) => {
    addWithin(device, all, pfn, nr_pages);
    if (isWritable) addWithin(device, some, pfn, nr_pages);
    else read_only += nr_pages;
  });
  const gone = mapping.anonymous ? device.hwpoisoned : [];
  const reached = spansOf(all, gone);
  const writable = read_only === 0 ? reached : spansOf(some, gone);
  return onto(device, { use: mapping, is_pin: false, reason, generation }, reached, writable);
}

/** Why a process that maps or pins what was given out under a generation reaches another owner's pfns; null: its own. */
function reasonOf(device: DaxDevice, generation: number, { tenant }: Process): Exposure['reason'] | null {
  if (generation !== device.generation) return 'generation';
  // Pages of system RAM are the kernel's to give out, whoever has the device.
  if (device.mode === 'system-ram' || tenant === null) return null;
  return device.former_tenants.includes(tenant) ? 'tenant' : null;
}

/** EX2: DMA by a longterm pin reads and writes; a transient reference reaches nothing by itself (RM2). */
function throughPin(host: Host, pin: Pin): Window | null {
  const device = deviceOf(host, pin.dax_device);
  const { generation, pid, kind, pfn_ranges } = pin;
  const reason = reasonOf(device, generation, processOf(host, pid));
  if (reason === null || kind !== 'longterm' || !decodes(host, device)) return null;
  const all: number[] = [];
  for (const [pfn, nr_pages] of pfn_ranges) addWithin(device, all, pfn, nr_pages);
  const reached = spansOf(all, []);
  return onto(device, { use: pin, is_pin: true, reason, generation }, reached, reached);
}

/** Adds what of a range lies in the device's present size; a range that goes on where the last ended is one with it. */
function addWithin(device: DaxDevice, spans: number[], pfn: number, nr_pages: number): void {
  const from = Math.max(pfn, device.base_pfn);
  const to = Math.min(pfn + nr_pages, device.base_pfn + nrPages(device));
  if (from >= to) return;
  if (spans.at(-1) === from) spans[spans.length - 1] = to;
  else spans.push(from, to);
}

/** Ranges in any order as spans; a poisoned page of system RAM has a hwpoison entry, which translates to nothing. */
function spansOf(spans: Spans, hwpoisoned: readonly PfnRange[]): Spans {
  if (spans.length === 0) return NO_SPANS;
  // A copy has no room to grow: there may be many windows.
  if (hwpoisoned.length === 0 && isAscending(spans)) return spans.slice();
  const ranges: PfnRange[] = [];
  for (let at = 0; at < spans.length; at += 2) ranges.push([spans[at]!, spans[at + 1]! - spans[at]!]);
  return subtract(normalize(ranges), hwpoisoned).flatMap(([pfn, nr_pages]) => [pfn, pfn + nr_pages]);
}

function isAscending(spans: Spans): boolean {
  for (let at = 1; at < spans.length; at += 1) if (spans[at]! <= spans[at - 1]!) return false;
  return true;
}

function countSpans(spans: Spans): number {
  let pages = 0;
  for (let at = 0; at < spans.length; at += 2) pages += spans[at + 1]! - spans[at]!;
  return pages;
}

interface Through extends Pick<Window, 'is_pin' | 'reason' | 'generation'> {
  readonly use: Mapping | Pin;
}

function onto(device: DaxDevice, through: Through, reached: Spans, writable: Spans): Window | null {
  if (reached.length === 0) return null;
  const { use, is_pin, reason, generation } = through;
  const { id, pid } = use;
  return {
    id,
    is_pin,
    number: Number(id.slice(1)),
    key: keyBetween(device.name, pid, generation, device.generation, reason, device.tenant),
    dax_device: device.name,
    pid,
    reason,
    generation,
    to_generation: device.generation,
    reached,
    writable,
    pages: countSpans(reached),
    writable_pages: countSpans(writable),
  };
}
