import { applyChange } from '../../src/engine/model/apply.ts';
import type { Change } from '../../src/engine/model/event.ts';
import type { Host } from '../../src/engine/model/host.ts';
import type { Undo } from '../../src/engine/model/undo.ts';

/** Applies changes, one after another; returns what takes all of them back. */
export function applyUndoable(host: Host, changes: readonly Change[]): () => void {
  const undo: Undo[] = [];
  for (const change of changes) applyChange(host, change, undo);
  return () => {
    for (const step of undo.reverse()) step();
  };
}
