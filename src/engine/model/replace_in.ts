import type { UndoList } from './undo.ts';

/** Sets what a map has under an id, or takes it out. In place. */
export function replaceIn<T>(map: Map<string, T>, id: string, value: T | undefined, undo: UndoList): void {
  const before = map.get(id);
  if (before === undefined && value === undefined) return;
  write(map, id, value);
  undo?.push(() => {
    write(map, id, before);
  });
}

function write<T>(map: Map<string, T>, id: string, value: T | undefined): void {
  if (value === undefined) map.delete(id);
  else map.set(id, value);
}
