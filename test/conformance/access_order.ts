import type { Answer } from './recording.ts';
import type { RecordingView } from './view.ts';

/** One recorded access or file call of one process. */
export interface Access {
  readonly process: string;
  readonly name: string;
  readonly answer: Answer;
}

/**
 * On 6.1 and 6.12 each process made all its accesses before the next began; on 5.10 (and the kernels built
 * from it) and 7.3 every process first read a touched page. This is how the probe ran, not what kernels do.
 */
const ONE_BY_ONE = new Set(['v6.1', 'v6.12']);

/** Every access that was tried, in the order in which it was tried. */
export function accessesOf(view: RecordingView): Access[] {
  const all = Object.entries(view.observed.processes ?? {}).map(([process, { on_access }]) =>
    Object.entries(on_access ?? {})
      .filter(([, answer]) => typeof answer.blocked !== 'string')
      .map(([name, answer]) => ({ process, name, answer })),
  );
  if (ONE_BY_ONE.has(view.kernel)) return all.flat();
  const isFirst = (access: Access): boolean => /^read_(?:touched|first)_page$/.test(access.name);
  return [
    ...all.flatMap((one) => one.filter(isFirst)),
    ...all.flatMap((one) => one.filter((a) => !isFirst(a))),
  ];
}
