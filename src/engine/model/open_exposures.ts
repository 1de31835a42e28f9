import { cover, coverageOf, noCoverage, type Coverage, type Spans } from './coverage.ts';
import type { Change } from './event.ts';
import type { Exposure, OpenExposure, OpenExposures, Window } from './exposure.ts';
import type { Host } from './host.ts';
import { mappingsOfDevice, pinsOfDevice } from './lookup.ts';
import { firstEndingAfter } from './pfn_range.ts';
import type { UndoList } from './undo.ts';
import { keyOf, windowOf } from './window.ts';

/** Of a host without exposures. */
export function noOpenExposures(): OpenExposures {
  return { windows: new Map(), by_key: new Map() };
}

/** The exposure that a mapping or pin has open, or null. */
export function exposureThrough({ open_exposures: open }: Host, id: string): string | null {
  const window = open.windows.get(id);
  return window === undefined ? null : open.by_key.get(window.key)!.exposure;
}

/** The window that a mapping or pin is now, or none. */
export interface Counted {
  readonly id: string;
  readonly window: Window | null;
}

type CountWindows = Extract<Change, { op: 'count_windows' }>;

/** What was found when changes were decided: who decides takes all back and applies the same ones to the same host again. */
const found = new WeakMap<CountWindows, readonly Counted[]>();

/** The change that counts what was found. */
export function countingOf(windows: readonly Counted[]): CountWindows {
  const change: CountWindows = { op: 'count_windows', ids: windows.map(({ id }) => id) };
  found.set(change, windows);
  return change;
}

/** Counts what mappings and pins reach now, instead of what they reached before. In place. */
export function applyCounting(host: Host, change: CountWindows, undo: UndoList): void {
  countWindows(host, found.get(change) ?? lookUp(host, change.ids), undo);
}

function lookUp(host: Host, ids: readonly string[]): Counted[] {
  return ids.map((id) => ({ id, window: windowOf(host, id) }));
}

function countWindows({ open_exposures: open }: Host, windows: readonly Counted[], undo: UndoList): void {
  const fresh = new Set<string>();
  for (const { id, window: now } of windows) {
    const before = open.windows.get(id);
    if (before !== undefined) detach(open, before, undo);
    if (now === null) continue;
    if (!open.by_key.has(now.key)) fresh.add(now.key);
    if (fresh.has(now.key)) place(open, now);
    else attach(open, now, undo);
  }
  for (const key of fresh) coverAll(open.by_key.get(key)!);
  undo?.push(() => {
    for (const key of fresh) drop(open, key, null);
  });
}

function attach(open: OpenExposures, window: Window, undo: UndoList): void {
  place(open, window);
  coverWindow(open.by_key.get(window.key)!.coverage, window, 1);
  undo?.push(() => {
    detach(open, window, null);
  });
}

function place(open: OpenExposures, window: Window): void {
  const { windows } = entryOf(open, window.key);
  const isLast = (windows.at(-1)?.number ?? -1) < window.number;
  if (isLast) windows.push(window);
  else windows.splice(placeOf(windows, window), 0, window);
  open.windows.set(window.id, window);
}

/** Up to so many windows are counted one by one: their sorted edges would cost more. */
const FEW = 8;

/** Windows of which none was counted before. */
function coverAll(entry: OpenExposure): void {
  if (entry.windows.length <= FEW) {
    for (const window of entry.windows) coverWindow(entry.coverage, window, 1);
    return;
  }
  const reached = entry.windows.map((window) => window.reached);
  const writable = entry.windows.map((window) => window.writable);
  entry.coverage = coverageOf(reached, writable);
}

function detach(open: OpenExposures, window: Window, undo: UndoList): void {
  const entry = open.by_key.get(window.key)!;
  entry.windows.splice(placeOf(entry.windows, window), 1);
  open.windows.delete(window.id);
  coverWindow(entry.coverage, window, -1);
  undo?.push(() => {
    attach(open, window, null);
  });
}

function entryOf({ by_key }: OpenExposures, key: string): OpenExposure {
  const known = by_key.get(key);
  if (known !== undefined) return known;
  const entry = { exposure: null, windows: [], coverage: noCoverage() };
  by_key.set(key, entry);
  return entry;
}

function placeOf(windows: readonly Window[], { number }: Window): number {
  return firstEndingAfter(number - 1, windows.length, (at) => windows[at]!.number);
}

/** Pages of which all are writable are passed through once. */
function coverWindow(coverage: Coverage, { reached, writable }: Window, ways: 1 | -1): void {
  const isAll = reached === writable;
  coverSpans(coverage, reached, ways, isAll ? ways : 0);
  if (!isAll) coverSpans(coverage, writable, 0, ways);
}

function coverSpans(coverage: Coverage, spans: Spans, readers: number, writers: number): void {
  for (let at = 0; at < spans.length; at += 2) cover(coverage, spans[at]!, spans[at + 1]!, readers, writers);
}

/** Forgets an exposure with all its windows at once. */
function drop(open: OpenExposures, key: string, undo: UndoList): void {
  const entry = open.by_key.get(key)!;
  open.by_key.delete(key);
  for (const { id } of entry.windows) open.windows.delete(id);
  undo?.push(() => {
    open.by_key.set(key, entry);
    for (const window of entry.windows) open.windows.set(window.id, window);
  });
}

/** Keeps in step with an exposure that opens, closes, goes, or whose device has another name. */
export function keepOpen(
  { open_exposures: open }: Host,
  before: Exposure | undefined,
  now: Exposure | undefined,
  undo: UndoList,
): void {
  const was = before?.open === true ? keyOf(before) : null;
  const is = now?.open === true ? keyOf(now) : null;
  if (was === is) return;
  if (was === null) {
    name(open, is!, now!.id, undo);
    return;
  }
  // Of a journal that is older than this index, several had one key.
  if (open.by_key.get(was)?.exposure !== before!.id) return;
  if (is === null) drop(open, was, undo);
  else rename(open, was, is, now!, undo);
}

function name(open: OpenExposures, key: string, id: string, undo: UndoList): void {
  const known = open.by_key.get(key);
  if (known === undefined) {
    entryOf(open, key).exposure = id;
    undo?.push(() => {
      open.by_key.delete(key);
    });
    return;
  }
  const before = known.exposure;
  known.exposure = id;
  undo?.push(() => {
    known.exposure = before;
  });
}

function rename(
  open: OpenExposures,
  from: string,
  to: string,
  { id, dax_device }: Exposure,
  undo: UndoList,
): void {
  const { windows, coverage } = open.by_key.get(from)!;
  drop(open, from, undo);
  const renamed = windows.map((window): Window => ({ ...window, key: to, dax_device }));
  open.by_key.set(to, { exposure: id, windows: renamed, coverage });
  for (const window of renamed) open.windows.set(window.id, window);
  undo?.push(() => {
    drop(open, to, null);
  });
}

/** Counts all windows of a host that was loaded, whose open exposures keepOpen() has seen. O(what their devices map). */
export function countLoaded(host: Host, opened: readonly Exposure[]): void {
  const devices = new Set(opened.map(({ dax_device }) => dax_device));
  const uses = [...devices].flatMap((device) => [
    ...mappingsOfDevice(host, device),
    ...pinsOfDevice(host, device),
  ]);
  const ids = uses.map(({ id }) => id);
  countWindows(host, lookUp(host, ids), null);
}
