import type { Kind, RecordOf } from './host.ts';
import type { Extent } from './inode.ts';

/**
 * What happened to a host. `type` is the domain's verb for the reader; `changes` is the whole effect, and
 * `apply()` of them is the only way a host changes: `events.reduce(apply, before)` equals `after`.
 * Ranges and sets, never single pages.
 */
export interface Event {
  readonly type: EventType;
  /** The resource it is about, as `kind/id`. */
  readonly subject: string;
  /** Facts for the reader of the journal; nothing is computed from them. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly changes: readonly Change[];
}

/** One change of one record, or of the entries of one mapping: what apply() carries out. */
export type Change =
  | {
      [K in Kind]: {
        readonly op: 'put';
        readonly kind: K;
        readonly id: string;
        readonly record: RecordOf<K>;
      };
    }[Kind]
  | { readonly op: 'delete'; readonly kind: Kind; readonly id: string }
  /** A hole of a file gets blocks: the record without them would grow with each. */
  | ({ readonly op: 'give_blocks'; readonly file: string } & Extent)
  /** New or replaced entries of one mapping: rows of `[index, nr_pages, pfn, bits]` (see mapping_table.ts). */
  | { readonly op: 'insert_entries'; readonly owner: string; readonly rows: readonly number[] }
  /** Zap of `[index, index + nr_pages)`: device and page-cache entries go; `anon` says whether copies go too. */
  | {
      readonly op: 'drop_entries';
      readonly owner: string;
      readonly index: number;
      readonly nr_pages: number;
      readonly anon: boolean;
    }
  /** No entries are left of these mappings, which have no copies. */
  | { readonly op: 'empty_entries'; readonly owners: readonly string[] }
  /** The table of `to`, which has no entries, becomes that of `from`: all of it, or its entries of 4 KiB. */
  | { readonly op: 'copy_entries'; readonly from: string; readonly to: string; readonly only_pte: boolean }
  /** Write-protect every shared device entry of the named mappings. */
  | { readonly op: 'protect_entries'; readonly owners: readonly string[] }
  /** What these mappings and pins reach of another owner's now is counted anew (open_exposures.ts). */
  | { readonly op: 'count_windows'; readonly ids: readonly string[] }
  /** What is mapped of its device now is what was mapped when this removal began (mapped_before.ts). */
  | { readonly op: 'note_mapped'; readonly removal: string }
  /** What was mapped when this removal began is told: pairs of a pfn and a count of pages (pfn_set.ts). */
  | { readonly op: 'set_mapped'; readonly removal: string; readonly pfns: readonly number[] };

/** What may happen to a host, in the journal's words. */
export const EVENT_TYPES = [
  'host_created',
  'host_changed',
  'host_deleted',
  'host_rebooted',
  'host_snapshotted',
  'snapshot_deleted',
  'host_restored',
  'host_forked',
  'inventory_imported',
  'dax_device_created',
  'dax_device_changed',
  'dax_device_deleted',
  'dax_device_bound',
  'memory_range_added',
  'memory_range_changed',
  'memory_range_leaked',
  'memory_range_removed',
  'memory_failed',
  'cxl_memdev_changed',
  'cxl_region_changed',
  'exposure_opened',
  'exposure_changed',
  'exposure_closed',
  'mount_created',
  'mount_changed',
  'mount_deleted',
  'file_created',
  'file_changed',
  'file_unlinked',
  'file_deleted',
  'process_created',
  'process_changed',
  'process_ended',
  'open_file_created',
  'open_file_deleted',
  'mapping_created',
  'mapping_deleted',
  'page_faulted',
  'file_synced',
  'pin_created',
  'pin_deleted',
  'entries_zapped',
  'kernel_oopsed',
  'kernel_livelocked',
  'removal_started',
  'removal_step_done',
  'removal_waiting',
  'removal_stuck',
  'removal_completed',
  'removal_undetermined',
  'removal_retried',
  'hotplug_event_recorded',
] as const;

/** What an event says has happened. */
export type EventType = (typeof EVENT_TYPES)[number];
