import type { Answer } from './recording.ts';
import type { RecordingView } from './view.ts';

/** One recorded access or file call of one process. */
export interface Access {
  readonly process: string;
  readonly name: string;
  readonly answer: Answer;
}

/** A read of a page of the first 2 MiB, by which a recording tells who still reads the device. */
export function isFirstRead({ name }: Access): boolean {
  return /^read_(?:touched|first)_page$/.test(name);
}

/**
 * Every access that was tried: first every process reads a touched page, then each makes the others in turn. In
 * some recordings each process made all of its accesses before the next one began. What depends on the order is
 * whether a journal was aborted by then, and that is placed by the answers themselves.
 */
export function accessesOf(view: RecordingView): Access[] {
  const tried = recorded(view).filter(({ answer }) => !isUntried(answer));
  return [...tried.filter(isFirstRead), ...tried.filter((access) => !isFirstRead(access))];
}

/** Accesses that a process could not try: an earlier one of its own had not returned. */
export function untriedOf(view: RecordingView): Access[] {
  return recorded(view).filter(({ answer }) => isUntried(answer));
}

function recorded(view: RecordingView): Access[] {
  return Object.entries(view.observed.processes ?? {}).flatMap(([process, { on_access }]) =>
    Object.entries(on_access ?? {}).map(([name, answer]) => ({ process, name, answer })),
  );
}

function isUntried({ blocked }: Answer): boolean {
  return typeof blocked === 'string';
}
