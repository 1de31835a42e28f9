import { readStep, umountStep } from './acts.ts';
import { removeStep } from './event.ts';
import { probeSteps } from './processes.ts';
import { beforeSteps, machineStep } from './state.ts';
import { unplayable } from './step.ts';
import type { Answer } from './recording.ts';
import type { Step } from './step.ts';
import { fileStep } from './topology.ts';
import type { RecordingView } from './view.ts';

const READER = 'block-device-reader';

/** A namespace whose file system is cleanly unmounted, its block device mapped through the page cache. */
export function unmountedSteps(view: RecordingView): Step[] {
  const { observed } = view;
  const probe = {
    name: READER,
    file: '/dev/pmem0',
    length: 4194304,
    mapping: 'shared ro',
    handler: true,
    touched_before: 'first 2 MiB, read',
  };
  const reads = [
    readOf('mapped block device read', observed.mapped_block_device_read, 4096),
    readOf('mapped block device read untouched', observed.mapped_block_device_read_untouched, 3145728),
  ];
  return [
    fileStep(view.given, '/mnt/a/f', 4096),
    { ...umountStep('umount', '/mnt/a', 'ok'), checks: [] },
    ...probeSteps(view, probe),
    ...beforeSteps(view),
    ...(observed.event === undefined ? [] : [removeStep(view, observed.event)]),
    ...reads.flat(),
    ...descriptorSteps(view),
    ...(observed.state_after === undefined ? [] : [machineStep(view, 'after', observed.state_after)]),
  ];
}

function readOf(name: string, answer: Answer | undefined, offset: number): Step[] {
  return answer === undefined ? [] : [readStep(READER, name, answer, offset)];
}

function descriptorSteps(view: RecordingView): Step[] {
  const { read_open_fd_cached, read_open_fd_uncached } = view.observed;
  return [read_open_fd_cached, read_open_fd_uncached].flatMap((answer, n) => {
    if (answer === undefined) return [];
    const name = `read of the open block device, ${n === 0 ? 'cached' : 'uncached'}`;
    return [unplayable(name, name, answer.errno ?? 'ok')];
  });
}
