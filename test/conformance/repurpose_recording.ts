import type { Answer, Command, End, Given, Observed, Oops } from './recording.ts';
import type { RecordingView } from './view.ts';

/** Every page of a mapping looked at: how many begin with a text, how many not, how many could not be read. */
export interface Scan extends Answer {
  readonly text?: string;
  readonly pages_match?: number;
  readonly pages_other?: number;
  readonly pages_faulted?: number;
  readonly first_fault?: Answer;
  /** How the first page begins that does not begin with the text. */
  readonly first_other?: string;
}
export interface Repurposed extends Observed {
  readonly file_system_shut_down_before?: Command;
  readonly old_mapping_after_unbind?: Scan;
  readonly hammering_writer?: Answer & { readonly fault?: Answer };
  readonly hammering_writer_can_still_write?: Answer;
  readonly old_mapping_shows_new_tenant?: Scan;
  readonly old_writer_stores?: readonly Answer[];
  readonly old_hammer_stores?: readonly Answer[];
  readonly new_tenant_pages_intact?: { readonly before?: Scan; readonly after?: Scan };
  readonly verdict?: Verdict;
  readonly old_owner_ends?: OldOwnerEnds;
}
export interface Verdict {
  readonly old_owner_reads_new_tenants_data: boolean;
  readonly old_owner_corrupts_new_tenant: boolean;
  readonly pages_exposed: number;
}
export interface OldOwnerEnds {
  readonly processes: readonly { readonly process: string; readonly end: End | null }[];
  readonly kernel_oopses: readonly Oops[];
  readonly kernel_log?: Readonly<Record<string, number>>;
  readonly new_tenant_pages_intact?: Scan;
  readonly third_tenant_fill?: Scan & { readonly pages_ok?: number };
  readonly new_tenant_shows_third_tenants_data?: Scan;
  readonly third_tenant_pages_intact?: Scan;
  readonly new_tenant_alive?: boolean;
  readonly new_tenant_ends?: { readonly end: End | null };
}

/** What such a recording was given beside the rest. */
export interface RepurposeGiven extends Given {
  readonly file?: string;
  readonly old_reader_entries?: string;
  readonly next_tenant?: string;
  readonly next_tenant_filesystem?: string;
}
export type RepurposeView = RecordingView & { readonly given: RepurposeGiven };
