import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import type { Given, GivenProcess, Observed, Recorded, Recording } from './recording.ts';

/** A recording with the defaults filled in that every part of a script asks for. */
export interface RecordingView {
  readonly name: string;
  readonly kernel: KernelName;
  readonly recording: Recording;
  readonly given: Given;
  readonly observed: Observed;
  /** The device's name in the API. */
  readonly device: string;
  readonly devdax: boolean;
  readonly processes: readonly (readonly [name: string, process: GivenProcess])[];
}

export function viewOf(recorded: Recorded, kernel: KernelName): RecordingView {
  const given = recorded.recording.given ?? {};
  const devdax = isDevdax(given);
  return {
    name: recorded.name,
    kernel,
    recording: recorded.recording,
    given,
    observed: recorded.recording.observed ?? {},
    device: devdax ? 'dax0.0' : 'pmem0',
    devdax,
    processes: Object.entries(given.processes ?? {}),
  };
}

function isDevdax(given: Given): boolean {
  if (given.topology === 'cxl') return given.mode === 'devdax';
  return typeof given.device === 'object' || given.device === 'devdax';
}

/** Mount point → partition, from the lines of /proc/mounts in their order, which is that of the mounts; one whole device at /mnt/a where none is shown. */
export function mountPoints(given: Given): readonly { path: string; partition: number | null }[] {
  const lines = (given.mount_line ?? []).map((line) => line.split(' '));
  if (lines.length === 0) return [{ path: '/mnt/a', partition: null }];
  return lines.map(([source = '', path = '']) => ({
    path,
    partition: Number(/p(\d+)$/.exec(source.replace(/^\/dev\/pmem\d+/, ''))?.[1] ?? 0) || null,
  }));
}

/** The mount point a file lies under, or null for a device node. */
export function mountOf(given: Given, file: string): string | null {
  return mountPoints(given).find(({ path }) => file.startsWith(`${path}/`))?.path ?? null;
}
