import { deviceOf, must, processOf } from '../model/lookup.ts';
import type { Event } from '../model/event.ts';
import type { Exposure, OpenExposure } from '../model/exposure.ts';
import { cutLists, ROWS_MAX } from '../model/cut.ts';
import {
  add,
  countWindows,
  emit,
  FIRST_REVISION,
  hostRecord,
  patch,
  put,
  type Transaction,
} from '../model/transaction.ts';
import { movedWindows, type Moved } from './moved.ts';
import { windowFinder } from '../model/window.ts';
import { reachOf } from './reach.ts';
import { touchedBy } from './touched.ts';

/**
 * Opens, changes and closes exposures after a command, from what its events left (EX1-EX5).
 *
 *   (none) ──first window──▶ open ──windows come, change, go; tenant──▶ open
 *                             │ the last goes: munmap, exit, zap, unpin, reboot, medium gone, yet another owner
 *                             ▼
 *                           closed (for good: what reaches again opens another)
 *
 * Looks only at what the events touched: O(mapped extents) of a device that changed, nothing else. One record and one
 * event an exposure, however many of its windows a command moves.
 */
export function trackExposures(tx: Transaction): void {
  // A host that was deleted has taken its exposures along.
  if (tx.host.tables.hosts.size === 0) return;
  const touched = touchedBy(tx);
  if (touched.size === 0) return;
  const changing: [OpenExposure, Moved][] = [];
  const opening = new Map<string, Moved[]>();
  for (const [key, moved] of movedWindows(tx.host, touched)) {
    const known = tx.host.open_exposures.by_key.get(key);
    if (known === undefined) openingOnto(opening, moved.come[0]!.onto.dax_device).push(moved);
    else if (isLeftByAll(known, moved)) close(tx, known, moved);
    else changing.push([known, moved]);
  }
  for (const [known, moved] of changing) follow(tx, known, moved);
  for (const [dax_device, onto] of opening) openOnto(tx, dax_device, onto);
}

function openingOnto(opening: Map<string, Moved[]>, dax_device: string): Moved[] {
  const known = opening.get(dax_device) ?? [];
  opening.set(dax_device, known);
  return known;
}

function isLeftByAll({ windows }: OpenExposure, { come, gone }: Moved): boolean {
  return come.length === 0 && gone.length === windows.length;
}

/** The exposures that a transaction has opened: the first 100 of them (EX6). */
export function openedBy({ events, host }: Transaction): Exposure[] {
  const opened = events.filter(({ type }) => type === 'exposure_opened').slice(0, ROWS_MAX);
  return opened.map(({ subject }) => {
    const id = subject.slice('exposures/'.length);
    return must(host.tables.exposures.get(id), id);
  });
}

/** Event and subject, as the journal has them. */
function nameOf({ type, subject }: Event): string {
  return `${type} ${subject}`;
}

/** Keeps an open exposure in step with its windows. */
function follow(tx: Transaction, open: OpenExposure, moved: Moved): void {
  const { come, gone } = moved;
  const exposure = must(tx.host.tables.exposures.get(open.exposure!), open.exposure!);
  const to_tenant = deviceOf(tx.host, exposure.dax_device).tenant;
  const isMoved = come.length + gone.length > 0;
  if (!isMoved && exposure.to_tenant === to_tenant) return;
  if (isMoved) count(tx, moved);
  const { cut: _cut, ...kept } = exposure;
  const { pages, writable_pages } = put(tx, 'exposures', exposure.id, {
    ...kept,
    to_tenant,
    ...reachOf(open),
  });
  emit(tx, 'exposure_changed', `exposures/${exposure.id}`, { pages, writable_pages });
}

function count(tx: Transaction, { come, gone }: Moved): void {
  const ids = come.map(({ id }) => id);
  if (gone.length === 0) countWindows(tx, ids, come);
  else countWindows(tx, [...gone, ...ids], [...gone.map(windowFinder(tx.host)), ...come]);
}

/** Its windows go with it. */
function close(tx: Transaction, { exposure }: OpenExposure, { gone_at }: Moved): void {
  const closed_by = nameOf(tx.events[gone_at]!);
  patch(tx, 'exposures', exposure!, { open: false, closed_by, closed_at: tx.context.now });
  emit(tx, 'exposure_closed', `exposures/${exposure!}`, { closed_by });
}

/**
 * Opens exposures onto one device, and names them in the report of its last removal. Nothing is gone from what nobody had
 * open.
 */
function openOnto(tx: Transaction, dax_device: string, opening: readonly Moved[]): void {
  const uids = opening.map(() => tx.context.uid());
  const ofAnother = uids.filter((_uid, at) => opening[at]!.come[0]!.onto.reason === 'generation');
  report(tx, dax_device, ofAnother);
  // At once: a change of each would be one for each process that the command exposes.
  const come = opening.flatMap((moved) => moved.come);
  countWindows(
    tx,
    come.map(({ id }) => id),
    come,
  );
  const { tenant: to_tenant } = deviceOf(tx.host, dax_device);
  const nameAt = onceAnEvent(tx);
  for (const [at, moved] of opening.entries()) open(tx, uids[at]!, moved, to_tenant, nameAt(moved.come_at));
}

/** Many open by one event. */
function onceAnEvent({ events }: Transaction): (at: number) => string {
  let known = { at: -1, name: '' };
  return (at) => {
    if (known.at !== at) known = { at, name: nameOf(events[at]!) };
    return known.name;
  };
}

function open(tx: Transaction, uid: string, moved: Moved, to_tenant: string | null, opened_by: string): void {
  const { key, dax_device, pid, reason, generation, to_generation } = moved.come[0]!.onto;
  const { comm, tenant } = processOf(tx.host, pid);
  const { windows, cut, pages, writable_pages, pfn_ranges } = reachOf(
    tx.host.open_exposures.by_key.get(key)!,
  );
  // Written out: what is spread takes ten times as long, and there may be one for each of 20 000 processes.
  const exposure: Exposure = {
    uid,
    revision: FIRST_REVISION,
    host: hostRecord(tx.host).name,
    id: uid,
    dax_device,
    pid,
    comm,
    reason,
    tenant,
    generation,
    to_tenant,
    to_generation,
    windows,
    pages,
    writable_pages,
    pfn_ranges,
    open: true,
    opened_by,
    opened_at: tx.context.now,
    closed_by: null,
    closed_at: null,
  };
  add(tx, 'exposures', uid, cut === undefined ? exposure : { ...exposure, cut });
  emit(tx, 'exposure_opened', `exposures/${uid}`, { opened_by, pages, writable_pages });
}

/** EX5: a removal's report names the first exposures that open on its device until the next removal ends. */
function report(tx: Transaction, dax_device: string, opened: readonly string[]): void {
  const ended = tx.host.tables.removals.where(
    (removal) => removal.dax_device === dax_device && removal.completed_at !== null,
  );
  const last = ended.at(-1);
  if (last === undefined) return;
  const exposures = [...last.report.exposures, ...opened];
  const { rows, told } = cutLists({ exposures }, last.cut);
  patch(tx, 'removals', last.id, { ...told, report: { ...last.report, ...rows } });
}
