import { access, bindStep, killStep, readStep } from './acts.ts';
import {
  actualAnswer,
  actualCommand,
  aliveWords,
  expectedAnswer,
  expectedCommand,
  expectedEvent,
} from './answer.ts';
import { removeStep } from './event.ts';
import { inherited, probeSteps } from './processes.ts';
import { munmap } from './pins.ts';
import type { Operation } from './recording.ts';
import { isOops, oopsStep } from './state.ts';
import { hostPath, idOf, setup } from './step.ts';
import type { Body, Check, Reply, Step, World } from './step.ts';
import { fileStep } from './topology.ts';
import type { RecordingView } from './view.ts';

const MIB = 1048576;
const VICTIM = 'victim';
/** Who looks into the victim's memory. */
const LOOKER = 'looker';
const LOOKS: ReadonlySet<string> = new Set([
  'process_vm_readv',
  'ptrace-peek',
  'smaps',
  'pagemap',
  'numa_maps',
]);
const FILE = '/mnt/a/f';

/** Operations that are an access of one kind, with the part of the mapping they touch. */
const ACCESSES: Readonly<Record<string, Body>> = {
  store: { kind: 'write', offset: 8192, length: 11 },
  odirect: { kind: 'direct_io', offset: 0, length: 4096 },
  vmsplice: { kind: 'vmsplice', offset: 4096, length: 16384 },
  process_vm_readv: { kind: 'process_vm_readv', offset: 4096, length: 24 },
  'ptrace-peek': { kind: 'ptrace', offset: 4096, length: 8 },
  'io_uring-register': { kind: 'io_uring_register', offset: 0, length: 2 * MIB },
  mlock: { kind: 'mlock', offset: 0, length: 2 * MIB },
  'madvise-dontneed': { kind: 'madvise_dontneed', offset: 0, length: 2 * MIB },
  'madvise-hwpoison': { kind: 'madvise_hwpoison', offset: 0, length: 4096 },
  'mprotect-via-msync': { kind: 'msync', offset: 0, length: 2 * MIB },
  smaps: { kind: 'smaps', offset: 0, length: 4 * MIB },
  pagemap: { kind: 'pagemap', offset: 0, length: 4 * MIB },
  numa_maps: { kind: 'numa_maps', offset: 0, length: 4 * MIB },
};

/** One process with a stale mapping of an ext4 file, and one operation on it. */
export function staleSteps(view: RecordingView): Step[] {
  const { given, observed } = view;
  const mapping = given.mapping === '4 KiB entries' ? 'shared skew' : 'shared';
  const faults = given.dax_faults === undefined ? {} : { dax_faults: given.dax_faults };
  const probe = {
    name: VICTIM,
    file: FILE,
    length: 4 * MIB,
    mapping,
    handler: true,
    touched_before: 'first 2 MiB, read',
    ...faults,
  };
  const { read_before_operation, rebind, read_after_rebind } = observed;
  return [
    fileStep(given, FILE, 4 * MIB),
    ...probeSteps(view, probe),
    ...(observed.event === undefined ? [] : [removeStep(view, observed.event)]),
    ...(read_before_operation === undefined
      ? []
      : [readStep(VICTIM, 'read before operation', read_before_operation)]),
    ...(rebind === undefined ? [] : [bindStep(view, 'bind again', expectedEvent(rebind), {})]),
    ...(read_after_rebind === undefined ? [] : [readStep(VICTIM, 'read after rebind', read_after_rebind)]),
    ...operationSteps(view, given.operation ?? '', observed.operation ?? {}),
    ...afterSteps(view),
  ];
}

function operationSteps(view: RecordingView, operation: string, recorded: Operation): Step[] {
  const body = ACCESSES[operation];
  if (body !== undefined && LOOKS.has(operation)) return lookSteps(view, operation, body);
  if (body !== undefined) return [accessStep(view, operation, () => body)];
  if (operation === 'munmap') return [callStep(view, operation, (world) => munmap(world, VICTIM))];
  if (operation === 'fork') return forkSteps(recorded);
  if (operation === 'umount-lazy') return [lazyStep(recorded)];
  // exit, kill and exit after a bind: a process ends, and takes its mapping with it.
  return [killStep(VICTIM, operation, recorded.end !== undefined && recorded.end !== null)];
}

/** Whoever looks into a victim dies where the kernel oopses, and the victim lives on. */
function expectedOperation(view: RecordingView): string {
  const { operation: recorded = {}, victim_alive } = view.observed;
  if (recorded.died !== undefined) return 'kernel_oops';
  if (recorded.do !== undefined && recorded.blocked !== true) return recorded.errno ?? 'ok';
  const words = expectedAnswer(recorded);
  return words === 'kernel_oops dead' && victim_alive === true ? 'kernel_oops' : words;
}

/** Another process looks; where the recorded one died of it, this one does. */
function lookSteps(view: RecordingView, operation: string, body: Body): Step[] {
  const { died, dead } = view.observed.operation ?? {};
  const born = setup(
    'looker: start',
    (world) => world.call('POST', hostPath(world, '/processes'), { comm: 'looker' }),
    (made, world) => world.ids.set(`pid:${LOOKER}`, String(made.pid)),
  );
  const look = accessStep(view, operation, (world) => ({
    ...body,
    by_pid: Number(idOf(world, `pid:${LOOKER}`)),
  }));
  return [born, look, ...(died === undefined && dead === undefined ? [] : [aliveStep(LOOKER, false)])];
}

function accessStep(view: RecordingView, operation: string, bodyOf: (world: World) => Body): Step {
  const recorded = view.observed.operation ?? {};
  const checks = [answerCheck(view, operation)];
  const at = (recorded.kernel_oops ?? recorded.dead?.kernel_oops)?.[0]?.at;
  if (at !== undefined) {
    checks.push({
      name: `${operation} oops at`,
      class: 'detail',
      expected: at,
      actual: (reply) => ((reply.body.kernel_oopses ?? []) as { at?: string }[])[0]?.at ?? 'none',
    });
  }
  return { label: operation, request: (world) => access(world, VICTIM, bodyOf(world)), checks };
}

function answerCheck(view: RecordingView, name: string): Check {
  const actual = (reply: Reply, world: World): string => actualAnswer(reply, world, VICTIM);
  return { name, class: 'core', expected: expectedOperation(view), actual };
}

function callStep(view: RecordingView, name: string, request: (world: World) => Promise<Reply>): Step {
  return { label: name, request, checks: [answerCheck(view, name)] };
}

function forkSteps(recorded: Operation): Step[] {
  const fork: Step = {
    label: 'fork',
    checks: [],
    request: async (world) => {
      const body = { comm: 'probe', parent_pid: Number(idOf(world, `pid:${VICTIM}`)) };
      const child = await world.call('POST', hostPath(world, '/processes'), body);
      world.ids.set('pid:child', String(child.body.pid));
      return child.status < 300 ? inherited(world, 'child') : child;
    },
  };
  const read = recorded.child_reads;
  return read === undefined ? [fork] : [fork, readStep('child', 'fork: child reads', read)];
}

function lazyStep(recorded: Operation): Step {
  return {
    label: 'umount -l',
    request: (world) =>
      world.call('DELETE', hostPath(world, `/mounts/${idOf(world, 'mount:/mnt/a')}?lazy=true`)),
    checks: [
      { name: 'umount -l', class: 'core', expected: expectedCommand(recorded), actual: actualCommand },
    ],
  };
}

/** Whether the kernel oopsed, what a read gives then, whether SIGKILL ends what spins, and who lives at last. */
function afterSteps(view: RecordingView): Step[] {
  const { victim_alive, read_after_operation, kernel_oops, blocked_process } = view.observed;
  const steps: Step[] = [];
  steps.push(oopsStep('kernel oops', isOops(kernel_oops ?? [])));
  // An answer to `exit` that comes after all is none of a read; a read that never returns met the kill before it.
  const isRead = read_after_operation?.op === 'rd' && read_after_operation.blocked !== true;
  if (isRead) steps.push(readStep(VICTIM, 'read after operation', read_after_operation, 8192));
  if (blocked_process?.after_SIGKILL !== undefined) {
    const spins = LOOKS.has(view.given.operation ?? '') ? LOOKER : VICTIM;
    steps.push(killStep(spins, 'SIGKILL afterwards', blocked_process.after_SIGKILL.gone));
  }
  if (victim_alive !== undefined) steps.push(aliveStep(VICTIM, victim_alive));
  return steps;
}

function aliveStep(process: string, alive: boolean): Step {
  return {
    label: process,
    request: (world) => world.call('GET', hostPath(world, `/processes/${idOf(world, `pid:${process}`)}`)),
    checks: [
      {
        name: `${process} alive`,
        class: 'core',
        expected: alive ? 'alive' : 'dead',
        actual: (_reply, world) => aliveWords(world, process),
      },
    ],
  };
}
