import { isRefusal, refuse, type Refusal } from '../engine/refusal.ts';
import type { ExportFormat } from '../inventory/export_listing.ts';
import type { PackedSubmission, Store, Submitted } from '../store/port.ts';
import { EXPORT_KINDS, IMPORT_KINDS, type Exported, type PackedImport } from './listing_job.ts';
import type { TooLarge } from './listing.ts';
import type { ListingThread } from './listing_thread.ts';

/** `bytes` are the UTF-8 of a listing; they stay the caller's. */
export type ImportSubmission = Omit<PackedSubmission, 'asked'> & { readonly bytes: Uint8Array };

/** A listing that is not looked at further: it is too large, or too many wait. Nothing of it is stored. */
export interface NotTaken {
  readonly status: 'not_taken';
  readonly code: 'payload_too_large' | 'unavailable';
  readonly detail: string;
}

/**
 * Works the text of a listing into a host. Refused with `malformed_inventory` where it is none, `host_not_found`; not
 * taken where it has more objects than LISTED_OBJECTS_MAX.
 * Imports of one host must not run side by side: each starts from what the one before has stored.
 *
 *   store ─ snapshot ─► here ─ + text ─► listing thread ─ asked ─► here ─► store        all of it bytes, none copied
 */
export async function importInventory(
  store: Store,
  thread: ListingThread,
  { bytes, ...submission }: ImportSubmission,
): Promise<Submitted | NotTaken> {
  const { host } = submission;
  const records = await store.snapshot({ host, kinds: IMPORT_KINDS });
  if (records === null) return { status: 'refused', refusal: hostNotFound(host) };
  const text = new Uint8Array(bytes).buffer;
  const plan = await thread.run<PackedImport | Refusal | TooLarge>({ do: 'import', records, text });
  if (isRefusal(plan)) return { status: 'refused', refusal: plan };
  if ('too_large' in plan) return { status: 'not_taken', code: 'payload_too_large', detail: plan.too_large };
  return store.submitPacked({ ...submission, asked: plan.asked });
}

/** The host's devices as `ndctl list` or `daxctl list` would print them now. */
export async function exportInventory(
  store: Store,
  thread: ListingThread,
  host: string,
  format: ExportFormat,
): Promise<Exported | Refusal> {
  const records = await store.snapshot({ host, kinds: EXPORT_KINDS });
  if (records === null) return hostNotFound(host);
  return thread.run<Exported>({ do: 'export', records, host, format });
}

function hostNotFound(host: string): Refusal {
  return refuse('host_not_found', `there is no host ${host}`);
}
