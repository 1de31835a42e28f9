import { aliveWords, look, refusalWords, text } from './answer.ts';
import type { Command, Event, ObservedProcess } from './recording.ts';
import { atRest, removeToRest } from './rest.ts';
import { signalChecks } from './signals.ts';
import { hostPath, idOf } from './step.ts';
import type { Body, Check, Reply, Step, World } from './step.ts';
import { deadVerdictChecks } from './verdicts.ts';
import type { RecordingView } from './view.ts';

/** Tools by the command line that calls them. `create-namespace -f` reconfigures: it begins as destroying does. */
const TOOLS: readonly (readonly [RegExp, string])[] = [
  [/^ndctl disable-namespace namespace/, 'ndctl_disable_namespace'],
  [/^ndctl (?:destroy-namespace|create-namespace -f) /, 'ndctl_destroy_namespace'],
  [/^ndctl disable-region /, 'ndctl_disable_region'],
  [/^daxctl disable-device /, 'daxctl_disable_device'],
];

/** Refused attempts, the removal itself, and what every process has got when nothing was touched yet. */
export function eventSteps(view: RecordingView): Step[] {
  const { event, attempts_before } = view.observed;
  if (event === undefined) return [];
  const attempts = (attempts_before ?? []).flatMap((attempt) => attemptStep(view, attempt));
  const rest = Object.entries(view.observed.processes ?? {}).flatMap(([name, process]) =>
    restStep(view, name, process),
  );
  return [...attempts, removeStep(view, event), ...rest];
}

function attemptStep(view: RecordingView, attempt: Command): Step[] {
  const cmd = attempt.cmd ?? '';
  const label = `attempt: ${cmd}`;
  const expected = /Device or resource busy/.test(attempt.stderr ?? '') ? 'EBUSY' : `rc ${attempt.rc ?? '?'}`;
  const refused: Check = {
    name: cmd,
    class: 'core',
    expected,
    actual: (reply) => (reply.status < 300 ? 'ok' : refusalWords(reply)),
  };
  const via = toolOf(cmd);
  // A usage error of the tool says nothing about the kernel.
  if (via === null || attempt.rc === 129) return [];
  const checks = [refused, ...boundChecks(view, cmd, attempt)];
  return [{ label, request: (world) => remove(view, world, { via }), checks }];
}

/** Whether the driver has the device still, where a recording looked. */
function boundChecks(view: RecordingView, name: string, { still_bound }: Command): Check[] {
  if (still_bound === undefined) return [];
  return [
    {
      name: `${name}, still bound`,
      class: 'core',
      expected: still_bound.length > 0 ? 'bound' : 'not bound',
      actual: async (_reply, world) => {
        const device = await look(world, `/dax-devices/${view.device}`);
        return device.state === 'bound' ? 'bound' : 'not bound';
      },
    },
  ];
}

function toolOf(cmd: string): string | null {
  return TOOLS.find(([pattern]) => pattern.test(cmd))?.[1] ?? null;
}

function devicePath(view: RecordingView, world: World, rest = ''): string {
  return hostPath(world, `/dax-devices/${view.device}${rest}`);
}

export async function remove(view: RecordingView, world: World, how: Body): Promise<Reply> {
  const body = { trigger: 'unbind', ...how };
  const shown = await removeToRest(world, devicePath(view, world, '/remove'), body);
  if (shown.status < 300) {
    world.records.set('removal', shown.body);
    world.ids.set('removal', String(shown.body.uid ?? shown.body.id));
  }
  return shown;
}

export function removeStep(view: RecordingView, event: Event): Step {
  return {
    label: 'remove',
    request: (world) => remove(view, world, howOf(event, world)),
    checks: [
      { name: 'event', class: 'core', expected: expectedRemoval(event), actual: removalWords },
      ...boundChecks(view, 'event', event),
    ],
  };
}

/** Which driver was unbound, by which tool or by which of the recorded processes. */
function howOf(event: Event, world: World): Body {
  const said = event.do ?? event.cmd ?? '';
  const via = /(nd_pmem|device_dax|dax_pmem)\/unbind/.exec(said)?.[1] ?? toolOf(said);
  const by = /the process '([^']+)'/.exec(said)?.[1];
  return {
    ...(via === null ? {} : { via }),
    ...(by === undefined ? {} : { by_pid: Number(idOf(world, `pid:${by}`)) }),
  };
}

/** `completed`; `waiting` sleeps until something is released, `stuck` runs for ever; or what was refused. */
function expectedRemoval(event: Event): string {
  const state = event.answer?.state ?? event.state;
  if (event.blocked === true) return state === 'R' ? 'stuck' : 'waiting';
  if ((event.still_bound ?? []).length > 0) return 'nothing removed';
  return event.errno ?? 'completed';
}

export function removalWords(reply: Reply): string {
  if (reply.status < 300) return text(reply.body.state);
  // A tool that fails says so in its own words, with or without an errno.
  if (reply.body.code === 'tool_refused') return 'nothing removed';
  return refusalWords(reply);
}

export function restStep(view: RecordingView, name: string, process: ObservedProcess): Step[] {
  const rest = process.at_rest;
  if (rest === undefined) return [];
  const died = rest.end?.killed_by ?? '?';
  const checks: Check[] = [
    {
      name: `${name} alive at rest`,
      class: 'core',
      expected: rest.alive ? 'alive' : `dead ${died}`,
      actual: async (reply, world) => {
        const alive = await aliveWords(world, name);
        const end = reply.body.end as { killed_by?: string } | null | undefined;
        return alive === 'dead' ? `dead ${end?.killed_by ?? '?'}` : alive;
      },
    },
  ];
  if (Array.isArray(rest.signals))
    checks.push(...signalChecks(name, rest.signals, rest.signals_delivered_total ?? 0));
  if (!rest.alive) checks.push(...deadVerdictChecks(view, name));
  return [
    {
      label: `${name}: at rest`,
      request: (world) => world.call('GET', hostPath(world, `/processes/${idOf(world, `pid:${name}`)}`)),
      checks,
    },
  ];
}

/** The removal once it has stopped for now: waiting, stuck, or completed. */
export function removalNow(world: World): Promise<Reply> {
  return atRest(world, `/v1/removals/${idOf(world, 'removal')}`);
}
