import type { Outcome } from './command.ts';
import type { Kind, RecordOf } from './host.ts';
import type { Holder } from './holder.ts';

/** What a command answers. At most one of the fields is set. */
export interface Answer {
  readonly record?: RecordOf<Kind>;
  readonly outcome?: Outcome;
  readonly bind?: { readonly result: 'ok' | 'blocked'; readonly blocked_in: string | null };
  readonly imported?: unknown;
  readonly holders?: readonly Holder[];
}
