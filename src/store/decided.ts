import type { Decision } from '../engine/handle.ts';
import type { Refusal } from '../engine/model/refusal.ts';
import type { Submitted } from './port.ts';

/**
 * What another thread made of a piece of work, of a state of its host that was committed: of a command its decision,
 * which holds for that state alone; of a question or a dry run its answer, which says of which state it is.
 */
export type Decided = (
  | { readonly decision: Decision | Refusal; readonly host_seq: number }
  | { readonly answered: Submitted }
) & {
  /** Of a snapshot that is granted: its content, packed (snapshot_content.ts). */
  readonly content?: Buffer;
};

/** What the writer says of work that takes more than one run: another thread is to decide it first. Nothing is done. */
export interface Undecided {
  readonly status: 'undecided';
}

/** Notes the content that comes with what was decided under the snapshot that it is of. */
export function keepContent(
  decided: Decided | undefined,
  events: Decision['events'],
  contents: Map<string, Buffer>,
): void {
  const content = decided?.content;
  if (content === undefined) return;
  for (const { type, subject } of events)
    if (type === 'host_snapshotted') contents.set(subject.slice('snapshots/'.length), content);
}
