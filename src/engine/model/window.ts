import type { Spans } from './coverage.ts';
import type { Exposure, Onto, Window } from './exposure.ts';
import type { DaxDevice, Host, Mapping, Pin, Process } from './host.ts';
import { numberOf } from './id_list.ts';
import { decodes, deviceOf, generationOf, hasEnded, nrPages, processOf } from './lookup.ts';
import { NO_ENTRIES } from './mapping_table.ts';
import { normalize, subtract, type PfnRange } from './pfn_range.ts';
import { addSpan, translatedSpans } from './scan_entries.ts';

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
 * Finds the window that a mapping or pin is now, or null: no such mapping or pin, nothing reached, or its own
 * generation's pfns, which it was not told to leave (EX1, EX2, EX14). O(1) where the generations agree, else O(runs).
 * What is asked of a process is asked once. Holds while nothing changes.
 */
export function windowFinder(host: Host): (id: string) => Window | null {
  const wayOf = wayFinder(host);
  return (id) => {
    const mapping = host.tables.mappings.get(id);
    if (mapping !== undefined) return throughMapping(host, mapping, wayOf);
    const pin = host.tables.pins.get(id);
    return pin === undefined ? null : throughPin(host, pin, wayOf);
  };
}

/** How a process comes to a device by what it was given under one generation. */
interface Way {
  readonly device: DaxDevice;
  readonly generation: number;
  readonly has_ended: boolean;
  /** Null: it reaches nothing, or its own. */
  readonly onto: Onto | null;
}

type WayOf = (device: DaxDevice, pid: number, generation: number) => Way;

function wayFinder(host: Host): WayOf {
  const last = new Map<number, Way>();
  return (device, pid, generation) => {
    const known = last.get(pid);
    if (known?.device === device && known.generation === generation) return known;
    const process = processOf(host, pid);
    const onto = ontoOf(host, device, process, generation);
    const way = { device, generation, has_ended: hasEnded(process), onto };
    last.set(pid, way);
    return way;
  };
}

function ontoOf(host: Host, device: DaxDevice, process: Process, generation: number): Onto | null {
  const reason = reasonOf(device, generation, process);
  if (reason === null || !decodes(host, device)) return null;
  const { name: dax_device, generation: to_generation, tenant } = device;
  const { pid } = process;
  const key = keyBetween(dax_device, pid, generation, to_generation, reason, tenant);
  return { key, dax_device, pid, reason, generation, to_generation };
}

/** Why a process that maps or pins what was given out under a generation reaches another owner's pfns; null: its own. */
function reasonOf(device: DaxDevice, generation: number, { tenant }: Process): Exposure['reason'] | null {
  if (generation !== device.generation) return 'generation';
  // Pages of system RAM are the kernel's to give out, whoever has the device.
  if (device.mode === 'system-ram' || tenant === null) return null;
  return device.former_tenants.includes(tenant) ? 'tenant' : null;
}

function throughMapping(host: Host, mapping: Mapping, wayOf: WayOf): Window | null {
  const device = deviceOf(host, mapping.dax_device);
  const { has_ended, onto } = wayOf(device, mapping.pid, generationOf(host, mapping));
  if (onto === null || has_ended) return null;
  const { base_pfn } = device;
  const entries = host.entries.get(mapping.id) ?? NO_ENTRIES;
  const { all, writable } = translatedSpans(entries, base_pfn, base_pfn + nrPages(device));
  const gone = mapping.anonymous ? device.hwpoisoned : [];
  const reached = inOrder(all, gone);
  return windowOf(mapping.id, false, onto, reached, writable === all ? reached : inOrder(writable, gone));
}

/** EX2: DMA by a longterm pin reads and writes; a transient reference reaches nothing by itself (RM2). */
function throughPin(host: Host, pin: Pin, wayOf: WayOf): Window | null {
  const device = deviceOf(host, pin.dax_device);
  const { onto } = wayOf(device, pin.pid, pin.generation);
  if (onto === null || pin.kind !== 'longterm') return null;
  const { base_pfn } = device;
  let spans: number[] = [];
  for (const [pfn, nr_pages] of pin.pfn_ranges)
    spans = addSpan(spans, Math.max(pfn, base_pfn), Math.min(pfn + nr_pages, base_pfn + nrPages(device)));
  const reached = inOrder(spans, []);
  return windowOf(pin.id, true, onto, reached, reached);
}

/** Spans in any order as they are counted; a poisoned page of system RAM has a hwpoison entry, which translates to nothing. */
function inOrder(spans: Spans, hwpoisoned: readonly PfnRange[]): Spans {
  if (spans.length === 0) return NO_SPANS;
  // A copy has no room to grow: there may be many windows.
  if (hwpoisoned.length === 0 && isAscending(spans)) return spans.length > 2 ? spans.slice() : spans;
  const ranges: PfnRange[] = [];
  for (let at = 0; at < spans.length; at += 2) ranges.push([spans[at]!, spans[at + 1]! - spans[at]!]);
  return subtract(normalize(ranges), hwpoisoned).flatMap(([pfn, nr_pages]) => [pfn, pfn + nr_pages]);
}

function isAscending(spans: Spans): boolean {
  for (let at = 1; at < spans.length; at += 1) if (spans[at]! <= spans[at - 1]!) return false;
  return true;
}

function windowOf(id: string, is_pin: boolean, onto: Onto, reached: Spans, writable: Spans): Window | null {
  if (reached.length === 0) return null;
  const pages = countSpans(reached);
  const writable_pages = writable === reached ? pages : countSpans(writable);
  return { id, is_pin, number: numberOf(id), onto, reached, writable, pages, writable_pages };
}

function countSpans(spans: Spans): number {
  let pages = 0;
  for (let at = 0; at < spans.length; at += 2) pages += spans[at + 1]! - spans[at]!;
  return pages;
}
