import type { FileName, MappingName } from '../model/topology.ts';
import { keyOf, type StandingLists } from './export.ts';

/** Finds what stands by what a document names it by; undefined where nothing does. */
export interface Names {
  readonly mount: (path: string) => string | undefined;
  readonly file: (name: FileName) => string | undefined;
  readonly mapping: (pid: number, name: MappingName) => string | undefined;
}

/** Indexes what stands. O(elements). */
export function namesIn({ mounts, files, mappings }: StandingLists): Names {
  const byPath = new Map(mounts.map(({ id, item }) => [item.path, id]));
  const byName = new Map(files.map(({ id, item }) => [fileKey(item), id]));
  const alike = new Map<string, string[]>();
  for (const { id, item } of mappings) {
    const key = keyOf(item.pid, item);
    const ids = alike.get(key);
    if (ids === undefined) alike.set(key, [id]);
    else ids.push(id);
  }
  return {
    mount: (path) => byPath.get(path),
    file: (name) => byName.get(fileKey(name)),
    mapping: (pid, { nth = 0, ...name }) => alike.get(keyOf(pid, name))?.[nth],
  };
}

/** A file's name as a text that no other has. */
export function fileKey({ mount, path }: FileName): string {
  return JSON.stringify([mount, path]);
}
