import { aliveWords, look, offsetIn, refusalWords, signalWords, text } from './answer.ts';
import type { Command, Event, ObservedProcess } from './recording.ts';
import { atRest, removeToRest } from './rest.ts';
import { hostPath, idOf } from './step.ts';
import type { Body, Check, Reply, Step, World } from './step.ts';
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
    restStep(name, process),
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
  return [{ label, request: (world) => remove(view, world, { via }), checks: [refused] }];
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
    checks: [{ name: 'event', class: 'core', expected: expectedRemoval(event), actual: removalWords }],
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

export function restStep(name: string, process: ObservedProcess): Step[] {
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
  return [
    {
      label: `${name}: at rest`,
      request: (world) => world.call('GET', hostPath(world, `/processes/${idOf(world, `pid:${name}`)}`)),
      checks,
    },
  ];
}

type Signals = readonly {
  signal: string;
  si_code: string;
  si_addr_offset: number | null;
  si_addr_lsb: number | null;
  delivery: string;
}[];

/** The first signal that came by itself; a pending SIGBUS swallows the next, so fewer arrive than are sent. */
export function signalChecks(name: string, signals: Signals, total: number): Check[] {
  const first = signals.find(({ delivery }) => delivery === 'asynchronous');
  const expected =
    first === undefined
      ? 'none'
      : signalWords(first.signal, first.si_code, first.si_addr_offset, first.si_addr_lsb);
  const checks: Check[] = [
    {
      name: `${name} signal at rest`,
      class: 'core',
      expected,
      actual: (_reply, world) => signalSent(world, name),
    },
  ];
  if (first === undefined) return checks;
  const enough = (_reply: Reply, world: World): string => {
    const sent = rowOf(world, name)?.count;
    return typeof sent === 'number' && sent >= total ? `at least ${total}` : text(sent);
  };
  return [
    ...checks,
    { name: `${name} signals sent`, class: 'core', expected: `at least ${total}`, actual: enough },
  ];
}

function rowOf(world: World, name: string): Body | undefined {
  const report = world.records.get('removal')?.report as { signals?: readonly Body[] } | undefined;
  const pid = Number(idOf(world, `pid:${name}`));
  return report?.signals?.find((row) => row.pid === pid);
}

function signalSent(world: World, name: string): string {
  const row = rowOf(world, name);
  if (row === undefined) return 'none';
  const offset = offsetIn(world, name, row.si_addr);
  return signalWords(text(row.signal), text(row.si_code), offset, row.si_addr_lsb as number | null);
}

/** The removal once it has stopped for now: waiting, stuck, or completed. */
export function removalNow(world: World): Promise<Reply> {
  return atRest(world, `/v1/removals/${idOf(world, 'removal')}`);
}

/** What sysfs shows: a bind that never returns has linked the driver before its probe. */
export async function driverWords(view: RecordingView, world: World): Promise<string> {
  const { state, conditions } = await look(world, `/dax-devices/${view.device}`);
  const binding = ((conditions ?? []) as { type: string }[]).some(({ type }) => type === 'bind_blocked');
  return state === 'bound' || binding ? 'bound' : 'not bound';
}
