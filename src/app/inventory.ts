import type { DaxDevice, Kind, RecordOf } from '../engine/host.ts';
import { isRefusal, refuse, type Refusal } from '../engine/refusal.ts';
import type { ExportFormat } from '../inventory/export_listing.ts';
import type { Store, Submission, Submitted } from '../store/port.ts';
import { NOTHING_LISTED, type ImportPlan, type Listed, type Modelled } from './listing.ts';
import { blockedBehind, type HeldLock } from './listing_lock.ts';
import type { ListingThread } from './listing_thread.ts';

export type ImportSubmission = Omit<Submission, 'command' | 'imported'> & { readonly text: string };

const INVENTORY_ID = 'inventory';
const PAGE_ROWS = 500;

/**
 * Works the text of a listing into a host. Refused with `malformed_inventory` where it is none, `host_not_found`.
 * Imports of one host must not run side by side: each starts from what the one before has stored.
 */
export async function importInventory(
  store: Store,
  thread: ListingThread,
  { text, ...submission }: ImportSubmission,
): Promise<Submitted> {
  const { host } = submission;
  if ((await store.get('hosts', host, host)) === null)
    return { status: 'refused', refusal: hostNotFound(host) };
  const [listed, modelled] = await load(store, host);
  const plan = await thread.run<ImportPlan | Refusal>({ do: 'import', listed, modelled, text });
  if (isRefusal(plan)) return { status: 'refused', refusal: plan };
  const { imported, ...changes } = plan;
  return store.submit({ ...submission, command: { type: 'import_inventory', ...changes }, imported });
}

/** A listing; `blocked_by` is the removal (its uid) behind which the real tool would sleep instead of printing it. */
export interface Exported {
  readonly text: string;
  readonly blocked_by: string | null;
}

/** The host's devices as `ndctl list` or `daxctl list` would print them now. */
export async function exportInventory(
  store: Store,
  thread: ListingThread,
  host: string,
  format: ExportFormat,
): Promise<Exported | Refusal> {
  const record = await store.get('hosts', host, host);
  if (record === null) return hostNotFound(host);
  const [listed, modelled] = await load(store, host);
  const held = await heldLocks(store, host, modelled.devices);
  const text = await thread.run<string>({ do: 'export', listed, modelled, format });
  return { text, blocked_by: blockedBehind(format, record.kernel, held) };
}

async function heldLocks(store: Store, host: string, devices: readonly DaxDevice[]): Promise<HeldLock[]> {
  const named = new Map(devices.map((device) => [device.name, device]));
  const waiting = await loadAll(store, 'removals', host, { state: 'waiting' });
  const stuck = await loadAll(store, 'removals', host, { state: 'stuck' });
  return [...waiting, ...stuck].flatMap((removal) => {
    const device = named.get(removal.dax_device);
    // A reboot ends the task that holds the lock, not the record of it.
    return device?.removal === removal.id ? [{ removal, device }] : [];
  });
}

function hostNotFound(host: string): Refusal {
  return refuse('host_not_found', `there is no host ${host}`);
}

async function load(store: Store, host: string): Promise<readonly [Listed, Modelled]> {
  const listed = await loadListed(store, host);
  const devices = await loadAll(store, 'dax_devices', host);
  const ranges = await loadAll(store, 'memory_ranges', host);
  const cxl_regions = await loadAll(store, 'cxl_regions', host);
  return [listed, { devices, ranges, cxl_regions }];
}

async function loadListed(store: Store, host: string): Promise<Listed> {
  const inventory = await store.get('inventories', host, INVENTORY_ID);
  return inventory === null ? NOTHING_LISTED : (inventory.record as Listed);
}

async function loadAll<K extends Kind>(
  store: Store,
  kind: K,
  host: string,
  filters: Readonly<Record<string, string>> = {},
): Promise<RecordOf<K>[]> {
  const records: RecordOf<K>[] = [];
  let from: { readonly page_token?: string } | null = {};
  while (from !== null) {
    const page = await store.list({ kind, host, filters, limit: PAGE_ROWS, ...from });
    if ('refused' in page) throw new Error(`the store refused its own page token: ${page.detail}`);
    records.push(...page.items.map((item) => JSON.parse(item) as RecordOf<K>));
    from = page.next_page === null ? null : { page_token: page.next_page };
  }
  return records;
}
