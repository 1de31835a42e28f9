import { bindStep, readerOf, readStep } from './acts.ts';
import { actualCommand, expectedAnswer, expectedEvent } from './answer.ts';
import type { Answer, FollowUp } from './recording.ts';
import { daxctlStep } from './listings.ts';
import { remember } from './processes.ts';
import { hostPath, idOf, unplayable } from './step.ts';
import type { Step } from './step.ts';
import type { RecordingView } from './view.ts';

/** Follow-ups of a device-dax scenario: open and mmap of the node, bind through sysfs, data. */
export function devdaxFollowUp(
  view: RecordingView,
  said: string,
  result: NonNullable<FollowUp['result']>,
): Step[] {
  const expected = expectedAnswer(result);
  if (said.startsWith('open the device node')) return [unplayable(said, said, expected)];
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

/** mmap by a process that has the node open: through that descriptor, or one that it opens anew. */
function mmapAgain(view: RecordingView, said: string, result: Answer): Step[] {
  if (afterOpen(result)) return [];
  const expected = expectedAnswer(result);
  const nodeWent = (view.observed.state_after?.devices?.dax ?? []).length === 0;
  if (nodeWent && /descriptor/.test(said)) return [unplayable(said, `${said}, node gone`, expected)];
  return [
    {
      label: said,
      request: async (world) => {
        const reader = readerOf(view);
        const old = /descriptor/.test(said) ? world.ids.get(`open:${reader}`) : undefined;
        const body = {
          pid: Number(idOf(world, `pid:${reader}`)),
          ...(old === undefined ? { dax_device: view.device } : { open_file: old }),
          offset: 0,
          length: 8388608,
          flags: ['shared'],
          prot: 'rw',
        };
        const reply = await world.call('POST', hostPath(world, '/mappings'), body);
        if (reply.status < 300) remember(world, 'mmap', reply.body);
        return reply;
      },
      checks: [{ name: said, class: 'core', expected, actual: actualCommand }],
    },
  ];
}
