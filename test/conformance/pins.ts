import { killStep, readStep } from './acts.ts';
import { actualAnswer, expectedAnswer, refusalWords } from './answer.ts';
import { removalNow, removeStep } from './event.ts';
import { signalChecks } from './signals.ts';
import { probeSteps } from './processes.ts';
import type { Answer } from './recording.ts';
import { isOops, machineStep, oopsStep } from './state.ts';
import { hostPath, idOf } from './step.ts';
import type { Body, Reply, Step, World } from './step.ts';
import { fileStep } from './topology.ts';
import type { RecordingView } from './view.ts';

const MIB = 1048576;
const LENGTH = 8 * MIB;

/** What the holder's calls pin, in the API's words. */
function pinBody(pin: string): Body {
  if (pin.startsWith('vmsplice')) return { offset: 0, length: 16384, kind: 'transient', holder: 'vmsplice' };
  const holder = pin.startsWith('AF_XDP') ? 'xdp' : 'io_uring';
  return { offset: 0, length: 2 * MIB, kind: 'longterm', holder };
}

/**
 * A device removed while pages of it are pinned: the pin, the event, what is read meanwhile, the release,
 * and what it ends. The pinner has written all of its 8 MiB, the bystander read the first 4.
 */
export function pinSteps(view: RecordingView): Step[] {
  const { given, observed } = view;
  const file = view.devdax ? '/dev/dax0.0' : '/mnt/a/f';
  const probe = { file, length: LENGTH, mapping: 'shared', handler: true };
  const start = [
    ...(view.devdax ? [] : [fileStep(given, file, LENGTH)]),
    ...probeSteps(view, { ...probe, name: 'pinner', touched_before: 'first 8 MiB, write' }),
    ...probeSteps(view, { ...probe, name: 'bystander', touched_before: 'first 4 MiB, read' }),
    pinStep(given.pin ?? '', given.pin_result ?? observed.pin ?? {}),
  ];
  if (observed.event === undefined) return start;
  return [
    ...start,
    removeStep(view, observed.event),
    ...meanwhileSteps(view),
    ...releaseSteps(view),
    ...endSteps(view),
  ];
}

function pinStep(pin: string, answer: Answer): Step {
  return {
    label: 'pin',
    request: async (world) => {
      const pid = Number(idOf(world, 'pid:pinner'));
      const body = { pid, mapping: idOf(world, 'mapping:pinner'), ...pinBody(pin) };
      const reply = await world.call('POST', hostPath(world, '/pins'), body);
      if (reply.status < 300) world.ids.set('pin', String(reply.body.id));
      return reply;
    },
    checks: [
      {
        name: 'pin',
        class: 'core',
        expected: expectedAnswer(answer),
        actual: (reply) => (reply.status < 300 ? 'ok' : refusalWords(reply)),
      },
    ],
  };
}

function meanwhileSteps(view: RecordingView): Step[] {
  const seen = view.observed.while_removing ?? {};
  const signals = seen.pinner_signals?.signals ?? [];
  const sent: Step = {
    label: 'signals',
    request: removalNow,
    checks: signalChecks(
      'pinner',
      signals,
      signals.filter(({ delivery }) => delivery === 'asynchronous').length,
    ),
  };
  const reads = (
    [
      ['pinner', 'pinner_read'],
      ['bystander', 'bystander_read'],
      ['bystander', 'bystander_read_untouched'],
    ] as const
  ).flatMap(([process, name]) => {
    const answer = seen[name];
    return answer === undefined ? [] : [readStep(process, `${name} while removing`, answer, offsetOf(name))];
  });
  const state =
    seen.devices === undefined ? [] : [machineStep(view, 'while removing', { devices: seen.devices })];
  return [sent, ...reads, ...state];
}

function offsetOf(name: string): number {
  return name.endsWith('untouched') ? 6 * MIB : 4096;
}

/** munmap first where the recording did; then the pin goes: dropped, or with its process. */
function releaseSteps(view: RecordingView): Step[] {
  const { observed } = view;
  const first = observed.munmap_first;
  const steps: Step[] = [];
  if (first !== undefined) steps.push(callStep('munmap', first, munmap));
  // Asked while the removal waits for it, or after a removal that did not.
  const released = observed.release ?? observed.release_afterwards;
  if (released?.SIGKILL !== undefined)
    steps.push(killStep('pinner', 'SIGKILL of the pinner', released.SIGKILL !== null));
  else if (released !== undefined) steps.push(callStep('release', released, unpin, oopsedIn(view)));
  if (observed.event_after_release === undefined)
    return [...steps, oopsStep('kernel oops on release', oopsedIn(view))];
  const completed: Step = {
    label: 'event after release',
    request: removalNow,
    checks: [
      {
        name: 'event after release',
        class: 'core',
        expected: observed.event_after_release.errno ?? 'completed',
        actual: ({ body }) => String(body.state),
      },
    ],
  };
  return [...steps, completed, oopsStep('kernel oops on release', oopsedIn(view))];
}

function oopsedIn(view: RecordingView): boolean {
  return isOops(view.observed.kernel_oops_on_release ?? []);
}

/** A task that oopses while it releases either dies or hangs in its exit, in state D. */
function callStep(
  name: string,
  answer: Answer,
  request: (world: World) => Promise<Reply>,
  oopsed = false,
): Step {
  const words = expectedAnswer(answer);
  return {
    label: name,
    request,
    checks: [
      {
        name,
        class: 'core',
        expected: oopsed && words === 'blocked' ? 'kernel_oops' : words,
        actual: (reply, world) => actualAnswer(reply, world, 'pinner'),
      },
    ],
  };
}

export function munmap(world: World, process = 'pinner'): Promise<Reply> {
  return world.call('DELETE', hostPath(world, `/mappings/${idOf(world, `mapping:${process}`)}`));
}

function unpin(world: World): Promise<Reply> {
  return world.call('DELETE', hostPath(world, `/pins/${idOf(world, 'pin')}`));
}

function endSteps(view: RecordingView): Step[] {
  const { bystander_read, state } = view.observed.afterwards ?? {};
  return [
    ...(bystander_read === undefined
      ? []
      : [readStep('bystander', 'bystander_read afterwards', bystander_read, 4096)]),
    ...(state === undefined ? [] : [machineStep(view, 'afterwards', state)]),
  ];
}
