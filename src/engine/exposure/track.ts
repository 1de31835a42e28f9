import { processOf, must } from '../model/lookup.ts';
import type { Event } from '../model/event.ts';
import type { Exposure } from '../model/exposure.ts';
import { cutLists, ROWS_MAX } from '../model/cut.ts';
import { emit, identity, patch, put, type Transaction } from '../model/transaction.ts';
import { touchedBy } from './touched.ts';
import { windowOf, type Window } from './window.ts';

interface Opening {
  readonly window: Window;
  readonly by: string;
}

/**
 * Opens, changes and closes exposures after a command, from what its events left (EX1-EX5).
 *
 *   (none) ──pfns have another owner──▶ open ──pages, tenant──▶ open
 *                                        │ munmap, exit, zap, unpin, reboot, medium gone, yet another owner
 *                                        ▼
 *                                      closed (for good: what reaches again opens another)
 *
 * Looks only at what the events touched: O(mapped extents) of a device that changed, nothing else.
 */
export function trackExposures(tx: Transaction): void {
  // A host that was deleted has taken its exposures along.
  if (tx.host.tables.hosts.size === 0) return;
  const opening = new Map<string, Opening[]>();
  for (const [id, event] of touchedBy(tx)) {
    const window = follow(tx, id, event);
    if (window === null) continue;
    const { dax_device } = window;
    const onto = opening.get(dax_device) ?? [];
    onto.push({ window, by: nameOf(event) });
    opening.set(dax_device, onto);
  }
  for (const [dax_device, onto] of opening) open(tx, dax_device, onto);
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

/** Keeps an open window in step, or closes it. Returns the one to open. */
function follow(tx: Transaction, id: string, event: Event): Window | null {
  const window = windowOf(tx.host, id);
  const open_id = tx.host.open_exposures.get(id);
  if (open_id === undefined) return window;
  const exposure = must(tx.host.tables.exposures.get(open_id), open_id);
  if (window === null || !isOnto(window, exposure)) {
    close(tx, exposure, nameOf(event));
    return window;
  }
  if (!shows(exposure, window)) {
    patch(tx, 'exposures', exposure.id, window);
    const { pages, writable_pages } = window;
    emit(tx, 'exposure_changed', `exposures/${exposure.id}`, { pages, writable_pages });
  }
  return null;
}

/** Whether a window is onto the same owner still: a tenant that was corrected is, one that it was handed to is not. */
function isOnto(window: Window, { reason, to_generation, to_tenant }: Exposure): boolean {
  if (window.to_generation !== to_generation || window.reason !== reason) return false;
  return reason === 'generation' || window.to_tenant === to_tenant;
}

function shows(exposure: Exposure, window: Window): boolean {
  return (
    exposure.to_tenant === window.to_tenant &&
    exposure.pages === window.pages &&
    exposure.writable_pages === window.writable_pages &&
    exposure.pfn_ranges.flat().join() === window.pfn_ranges.flat().join()
  );
}

function close(tx: Transaction, exposure: Exposure, closed_by: string): void {
  patch(tx, 'exposures', exposure.id, { open: false, closed_by, closed_at: tx.context.now });
  emit(tx, 'exposure_closed', `exposures/${exposure.id}`, { closed_by });
}

/** Opens windows onto one device, and names them in the report of its last removal. */
function open(tx: Transaction, dax_device: string, opening: readonly Opening[]): void {
  const opened = opening.map(({ window, by }): Exposure => {
    const process = processOf(tx.host, window.pid);
    const born = identity(tx);
    return {
      ...born,
      id: born.uid,
      ...window,
      comm: process.comm,
      tenant: process.tenant,
      open: true,
      opened_by: by,
      opened_at: tx.context.now,
      closed_by: null,
      closed_at: null,
    };
  });
  report(
    tx,
    dax_device,
    opened.filter(({ reason }) => reason === 'generation'),
  );
  for (const exposure of opened) {
    put(tx, 'exposures', exposure.id, exposure);
    const { opened_by, pages, writable_pages } = exposure;
    emit(tx, 'exposure_opened', `exposures/${exposure.id}`, { opened_by, pages, writable_pages });
  }
}

/** EX5: a removal's report names the first windows that open on its device until the next removal ends. */
function report(tx: Transaction, dax_device: string, opened: readonly Exposure[]): void {
  const ended = tx.host.tables.removals.where(
    (removal) => removal.dax_device === dax_device && removal.completed_at !== null,
  );
  const last = ended.at(-1);
  if (last === undefined) return;
  const exposures = [...last.report.exposures, ...opened.map(({ id }) => id)];
  const { rows, told } = cutLists({ exposures }, last.cut);
  patch(tx, 'removals', last.id, { ...told, report: { ...last.report, ...rows } });
}
