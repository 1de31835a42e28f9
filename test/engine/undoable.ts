import { applyChange } from '../../src/engine/model/apply.ts';
import type { Change } from '../../src/engine/model/event.ts';
import type { Host } from '../../src/engine/model/host.ts';
import type { Table } from '../../src/engine/model/table.ts';
import { UndoLog } from '../../src/engine/model/undo.ts';

/** Applies changes, one after another; returns what takes all of them back. */
export function applyUndoable(host: Host, changes: readonly Change[]): () => void {
  const undo = new UndoLog();
  for (const change of changes) applyChange(host, change, undo);
  return () => {
    undo.takeBack();
  };
}

/** Puts a record into a table, or hides it where that is null; returns what takes it back. */
export function undoable<T>(table: Table<T>, id: string, record: T | null): () => void {
  const undo = new UndoLog();
  if (record === null) table.hide(id, undo);
  else table.put(id, record, undo);
  return () => {
    undo.takeBack();
  };
}
