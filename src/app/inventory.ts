import type { AnswerTo } from '../engine/answer.ts';
import { isRefusal, refuse, type Refusal } from '../engine/model/refusal.ts';
import type { ExportFormat } from '../inventory/export_listing.ts';
import type { PackedSubmission, Store, Submitted } from '../store/port.ts';
import { EXPORT_KINDS, IMPORT_KINDS, type Exported, type PackedImport } from './listing_job.ts';
import type { TooLarge } from './listing.ts';
import type { ListingThread } from './listing_thread.ts';
import type { TakeTurn, TurnLimits } from './listing_turns.ts';

/** `bytes` are the UTF-8 of a listing; they stay the caller's. `signal`: whoever asked has left. */
export interface ImportSubmission extends Omit<PackedSubmission, 'command'> {
  readonly bytes: Uint8Array;
  /** Whether the listing is everything of each kind in it; absent: it may be a part. */
  readonly complete?: boolean;
  readonly signal?: AbortSignal;
}

/** A listing that is not looked at further: it is too large, or too much waits. Nothing of it is stored. */
export interface NotTaken {
  readonly status: 'not_taken';
  readonly code: 'payload_too_large' | 'unavailable';
  readonly detail: string;
}

/** The thread of listings, and who waits for it. */
interface Listings {
  readonly thread: ListingThread;
  /** One host is read from the store and worked on at a time: what waits holds no records. */
  readonly turns: TakeTurn;
  /** By host: each import starts from what the one before has stored. */
  readonly imports: TakeTurn;
}

/** Listings that wait for one host, and what all of them may hold: eight of the largest. */
export const IMPORT_LIMITS: TurnLimits = { waiting: 8, bytes: 64 * 2 ** 20 };
/** Who waits here holds a connection (it leaves with it), or is counted above. */
export const READ_LIMITS: TurnLimits = { waiting: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

/**
 * Works the text of a listing into a host. Refused with `malformed_inventory` where it is none, `host_not_found`; not
 * taken where it has more objects than LISTED_OBJECTS_MAX, where too many wait (IMPORT_LIMITS), or where its client
 * leaves before it begins.
 *
 *   store ─ records ──► here ─ + text ─► listing thread ─ command ─► here ─► store        all of it bytes, none copied
 */
export async function importInventory(
  store: Store,
  { thread, turns, imports }: Listings,
  { bytes, complete = false, signal, ...submission }: ImportSubmission,
): Promise<Submitted<AnswerTo<'import_inventory'>> | NotTaken> {
  const { host } = submission;
  const plan = async (): Promise<PackedImport | Refusal | TooLarge> => {
    const records = await store.packedRecords({ host, kinds: IMPORT_KINDS });
    if (records === null) return hostNotFound(host);
    return thread.run({ do: 'import', records, text: new Uint8Array(bytes).buffer, complete });
  };
  const done = await imports({ name: host, bytes: bytes.byteLength, signal }, async () => {
    const planned = await turns({ name: LISTINGS, bytes: 0, signal }, plan);
    if ('no_turn' in planned) return planned;
    if (isRefusal(planned)) return { status: 'refused' as const, refusal: planned };
    if ('too_large' in planned) return notTaken('payload_too_large', planned.too_large);
    return store.submitPacked({ ...submission, command: planned.command });
  });
  return 'no_turn' in done ? notTaken('unavailable', done.no_turn) : done;
}

/** The host's devices as `ndctl list` or `daxctl list` would print them now. */
export async function exportInventory(
  store: Store,
  { thread, turns }: Listings,
  host: string,
  format: ExportFormat,
  signal?: AbortSignal,
): Promise<Exported | Refusal | NotTaken> {
  const done = await turns({ name: LISTINGS, bytes: 0, signal }, async () => {
    const records = await store.packedRecords({ host, kinds: EXPORT_KINDS });
    if (records === null) return hostNotFound(host);
    return thread.run<Exported>({ do: 'export', records, host, format });
  });
  return 'no_turn' in done ? notTaken('unavailable', done.no_turn) : done;
}

/** All of them wait for the one thread. */
const LISTINGS = 'listings';

function notTaken(code: NotTaken['code'], detail: string): NotTaken {
  return { status: 'not_taken', code, detail };
}

function hostNotFound(host: string): Refusal {
  return refuse('host_not_found', `there is no host ${host}`);
}
