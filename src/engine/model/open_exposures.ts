import { added } from './append.ts';
import { cover, coverageOf, coverageOfOne, noCoverage, type Coverage, type Spans } from './coverage.ts';
import type { Change } from './event.ts';
import type { Exposure, OpenExposure, OpenExposures, Window } from './exposure.ts';
import type { Host } from './host.ts';
import { mappingsOfDevice, pinsOfDevice } from './lookup.ts';
import { firstEndingAfter } from './pfn_range.ts';
import type { UndoList } from './undo.ts';
import { keyOf, windowFinder } from './window.ts';

/** Of a host without exposures. */
export function noOpenExposures(): OpenExposures {
  return { windows: new Map(), by_key: new Map() };
}

/** The exposure that a mapping or pin has open, or null. */
export function exposureThrough({ open_exposures: open }: Host, id: string): string | null {
  const window = open.windows.get(id);
  return window === undefined ? null : open.by_key.get(window.onto.key)!.exposure;
}

type CountWindows = Extract<Change, { op: 'count_windows' }>;

/** The windows that mappings and pins are now, in the order of their ids; null: none. */
type Windows = readonly (Window | null)[];

interface Found {
  readonly windows: Windows;
  /** The exposures that the change began, once it was taken back: as they are counted, who applies it next takes them over. */
  begun: OpenExposure[];
}

/** What was found when changes were decided: who decides takes all back and applies the same ones to the same host again. */
const found = new WeakMap<CountWindows, Found>();

const NONE: never[] = [];

/** The change that counts what was found. */
export function countingOf(ids: readonly string[], windows: Windows): CountWindows {
  const change: CountWindows = { op: 'count_windows', ids };
  found.set(change, { windows, begun: NONE });
  return change;
}

/** Counts what mappings and pins reach now, instead of what they reached before. In place. */
export function applyCounting(host: Host, change: CountWindows, undo: UndoList): void {
  const { ids } = change;
  countWindows(host, ids, found.get(change) ?? lookUp(host, ids), undo);
}

function lookUp(host: Host, ids: readonly string[]): Found {
  return { windows: ids.map(windowFinder(host)), begun: NONE };
}

function countWindows(
  { open_exposures: open }: Host,
  ids: readonly string[],
  known: Found,
  undo: UndoList,
): void {
  let begun: OpenExposure[] = NONE;
  for (let at = 0; at < ids.length; at += 1) {
    const before = open.windows.get(ids[at]!);
    if (before !== undefined) detach(open, before, undo);
    const now = known.windows[at] ?? null;
    if (now === null) continue;
    const entry = open.by_key.get(now.onto.key) ?? begin(open, now.onto.key, NOT_YET);
    if (entry.coverage !== NOT_YET) attach(open, entry, now, undo);
    else {
      if (entry.windows.length === 0) begun = added(begun, entry);
      place(open, entry, now);
    }
  }
  if (begun.length === 0) return;
  const counted = known.begun;
  known.begun = NONE;
  begun.forEach((entry, at) => {
    entry.coverage = counted[at]?.coverage ?? coverageOfAll(entry.windows);
  });
  undo?.push(() => {
    known.begun = begun;
    for (const { windows } of begun) drop(open, windows[0]!.onto.key, null);
  });
}

/** Of an exposure while its first windows are placed: they are counted at once. */
const NOT_YET: Coverage = noCoverage();

function attach(open: OpenExposures, entry: OpenExposure, window: Window, undo: UndoList): void {
  place(open, entry, window);
  coverWindow(entry.coverage, window, 1);
  undo?.push(() => {
    detach(open, window, null);
  });
}

function place(open: OpenExposures, entry: OpenExposure, window: Window): void {
  const { windows } = entry;
  const isLast = (windows.at(-1)?.number ?? -1) < window.number;
  if (isLast) entry.windows = added(windows, window);
  else windows.splice(placeOf(windows, window), 0, window);
  open.windows.set(window.id, window);
}

/** Up to so many windows are counted one by one: their sorted edges would cost more. */
const FEW = 8;

/** Windows of which none was counted before. */
function coverageOfAll(windows: readonly Window[]): Coverage {
  if (windows.length > FEW)
    return coverageOf(
      windows.map(({ reached }) => reached),
      windows.map(({ writable }) => writable),
    );
  const [first] = windows;
  if (windows.length === 1 && isAlike(first!))
    return coverageOfOne(first!.reached, first!.pages, first!.writable_pages > 0);
  const coverage = noCoverage();
  for (const window of windows) coverWindow(coverage, window, 1);
  return coverage;
}

function detach(open: OpenExposures, window: Window, undo: UndoList): void {
  const entry = open.by_key.get(window.onto.key)!;
  entry.windows.splice(placeOf(entry.windows, window), 1);
  open.windows.delete(window.id);
  coverWindow(entry.coverage, window, -1);
  undo?.push(() => {
    attach(open, entry, window, null);
  });
}

function begin({ by_key }: OpenExposures, key: string, coverage: Coverage): OpenExposure {
  const entry: OpenExposure = { exposure: null, windows: NONE, coverage };
  by_key.set(key, entry);
  return entry;
}

function placeOf(windows: readonly Window[], { number }: Window): number {
  return firstEndingAfter(number - 1, windows.length, (at) => windows[at]!.number);
}

/** Whether all that it reaches can be written, or nothing. */
function isAlike({ pages, writable_pages }: Window): boolean {
  return writable_pages === 0 || writable_pages === pages;
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
    begin(open, key, noCoverage()).exposure = id;
    undo?.add(forget, open, key, undefined);
    return;
  }
  undo?.add(nameAgain, known, known.exposure, undefined);
  known.exposure = id;
}

function forget({ by_key }: OpenExposures, key: string): void {
  by_key.delete(key);
}

function nameAgain(entry: OpenExposure, exposure: string | null): void {
  entry.exposure = exposure;
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
  const renamed = windows.map(
    (window): Window => ({ ...window, onto: { ...window.onto, key: to, dax_device } }),
  );
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
  countWindows(host, ids, lookUp(host, ids), null);
}
