import { bindStep, readerOf, readStep } from './acts.ts';
import { actualCommand, expectedAnswer, expectedEvent } from './answer.ts';
import type { Answer, FollowUp } from './recording.ts';
import { daxctlStep } from './listings.ts';
import { nodeBody, remember } from './processes.ts';
import { hostPath, idOf } from './step.ts';
import type { Step } from './step.ts';
import type { RecordingView } from './view.ts';

/** Follow-ups of a device-dax scenario: open and mmap of the node, bind through sysfs, data. */
export function devdaxFollowUp(
  view: RecordingView,
  said: string,
  result: NonNullable<FollowUp['result']>,
): Step[] {
  if (said.startsWith('open the device node')) return [openStep(view, said, result)];
  if (said.startsWith('mmap')) return mmapAgain(view, said, result);
  if (said.startsWith('data')) return afterOpen(result) ? [] : [readStep('mmap', said, result)];
  if (said.startsWith('old mapping')) return [readStep(readerOf(view), said, result)];
  if (said === 'daxctl list') return [daxctlStep(said, result, { placed: false })];
  const driver = /drivers\/(\w+)\/bind/.exec(result.do ?? '')?.[1];
  return [bindStep(view, said, expectedEvent(result as FollowUp), driver === undefined ? {} : { driver })];
}

/** The open(2) before it failed, and this call met only that. */
function afterOpen(result: Answer): boolean {
  return result.errno === 'EBADF' || result.signal === 'SIGSEGV';
}

/** open(2) of the node by the process that has it open from before. */
function openStep(view: RecordingView, said: string, result: Answer): Step {
  return {
    label: said,
    request: async (world) => {
      const reply = await world.call(
        'POST',
        hostPath(world, '/open-files'),
        nodeBody(view, world, readerOf(view)),
      );
      if (reply.status < 300) world.ids.set('fd:node', String(reply.body.id));
      return reply;
    },
    checks: [{ name: said, class: 'core', expected: expectedAnswer(result), actual: actualCommand }],
  };
}

/** mmap of the node through the descriptor from before the removal, or through that of the open(2) before it. */
function mmapAgain(view: RecordingView, said: string, result: Answer): Step[] {
  if (afterOpen(result)) return [];
  const reader = readerOf(view);
  const descriptor = /descriptor/.test(said) ? `fd:${reader}` : 'fd:node';
  return [
    {
      label: said,
      request: async (world) => {
        const body = {
          pid: Number(idOf(world, `pid:${reader}`)),
          open_file: idOf(world, descriptor),
          offset: 0,
          length: 8388608,
          flags: ['shared'],
          prot: 'rw',
        };
        const reply = await world.call('POST', hostPath(world, '/mappings'), body);
        if (reply.status < 300) remember(world, 'mmap', reply.body);
        return reply;
      },
      checks: [{ name: said, class: 'core', expected: expectedAnswer(result), actual: actualCommand }],
    },
  ];
}
