/** Sets what a map has under an id, or takes it out. In place; returns how to undo it. */
export function replaceIn<T>(map: Map<string, T>, id: string, value: T | undefined): () => void {
  const before = map.get(id);
  write(map, id, value);
  return () => {
    write(map, id, before);
  };
}

function write<T>(map: Map<string, T>, id: string, value: T | undefined): void {
  if (value === undefined) map.delete(id);
  else map.set(id, value);
}
