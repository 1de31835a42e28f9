import { added } from '../model/append.ts';
import type { Spans } from '../model/coverage.ts';
import type { Window } from '../model/exposure.ts';
import type { Host } from '../model/host.ts';
import { windowFinder } from '../model/window.ts';

/** What becomes of the windows of one exposure; where both lists are empty, none has changed. */
export interface Moved {
  /** Those that come to it, or reach other pages than before. */
  come: Window[];
  /** The mappings and pins that leave it. */
  gone: string[];
  /** Positions of the first event that brought one and of the last that took one. */
  come_at: number;
  gone_at: number;
}

const NONE: never[] = [];

/**
 * What the mappings and pins, each with the position of the event that touched it, do to the exposures they are windows
 * of, by key: nothing of those that were windows of none and are of none.
 */
export function movedWindows(host: Host, touched: ReadonlyMap<string, number>): Map<string, Moved> {
  const { windows } = host.open_exposures;
  const windowOf = windowFinder(host);
  const moved = new Map<string, Moved>();
  for (const [id, at] of touched) {
    const before = windows.get(id) ?? null;
    const now = windowOf(id);
    if (before !== null && before.onto.key !== now?.onto.key) {
      const from = movedOf(moved, before.onto.key);
      from.gone = added(from.gone, id);
      from.gone_at = Math.max(from.gone_at, at);
    }
    if (now === null) continue;
    const to = movedOf(moved, now.onto.key);
    if (before !== null && isAs(before, now)) continue;
    to.come_at = to.come.length === 0 ? at : Math.min(to.come_at, at);
    to.come = added(to.come, now);
  }
  return moved;
}

function movedOf(moved: Map<string, Moved>, key: string): Moved {
  const known = moved.get(key);
  if (known !== undefined) return known;
  const none: Moved = { come: NONE, gone: NONE, come_at: -1, gone_at: -1 };
  moved.set(key, none);
  return none;
}

function isAs(before: Window, now: Window): boolean {
  return (
    before.onto.key === now.onto.key &&
    isEqual(before.reached, now.reached) &&
    isEqual(before.writable, now.writable)
  );
}

function isEqual(a: Spans, b: Spans): boolean {
  return a.length === b.length && a.every((pfn, at) => pfn === b[at]);
}
