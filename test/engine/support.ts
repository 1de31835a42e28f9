import type { AnswerTo, AnswerToQuestion } from '../../src/engine/answer.ts';
import { ask } from '../../src/engine/ask.ts';
import type { QuestionOf, QuestionType } from '../../src/engine/model/question.ts';
import { apply, emptyHost } from '../../src/engine/model/apply.ts';
import type { Command, CommandOf, CommandType } from '../../src/engine/model/command.ts';
import type { CreateDaxDevice, RemoveDaxDevice } from '../../src/engine/model/device_command.ts';
import type { CreateHost } from '../../src/engine/model/host_command.ts';
import type {
  CreateMapping,
  CreateMount,
  CreatePin,
  CreateProcess,
} from '../../src/engine/model/use_command.ts';
import type { Outcome } from '../../src/engine/model/outcome.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Decision } from '../../src/engine/handle.ts';
import type { Event } from '../../src/engine/model/event.ts';
import type { Host, Mapping, Mount, Process } from '../../src/engine/model/host.ts';
import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import type { Context } from '../../src/engine/model/transaction.ts';
import type { AccessKind, IoKind, KernelName } from '../../src/engine/model/vocabulary.ts';

export const MIB = 2 ** 20;
export const PAGE = 4096;
export const DEVICE = 'pmem0';

/** Time stands still and identifiers count up, so that the same commands make the same events. */
export function steadyContext(prefix = 'uid'): Context {
  let last = 0;
  return {
    now: '2026-01-01T00:00:00Z',
    uid: () => {
      last += 1;
      return `${prefix}-${String(last)}`;
    },
  };
}

/** One host under test: it runs commands and remembers what happened. */
export interface Machine {
  readonly kernel: KernelName;
  readonly host: Host;
  readonly events: Event[];
  /** Decides and applies; a refusal comes back as it is. */
  readonly try: <Type extends CommandType>(command: CommandOf<Type>) => Decision<Type> | Refusal;
  /** Decides and applies; a refusal is an error of the test. */
  readonly run: <Type extends CommandType>(command: CommandOf<Type>) => AnswerTo<Type>;
  /** Answers a question; a refusal comes back as it is. */
  readonly tryAsk: <Type extends QuestionType>(
    question: QuestionOf<Type>,
  ) => AnswerToQuestion<Type> | Refusal;
  /** Answers a question; a refusal is an error of the test. */
  readonly ask: <Type extends QuestionType>(question: QuestionOf<Type>) => AnswerToQuestion<Type>;
}

export function emptyMachine(kernel: KernelName): Machine {
  const host = emptyHost();
  const events: Event[] = [];
  const context = steadyContext();
  const attempt = <Type extends CommandType>(command: CommandOf<Type>): Decision<Type> | Refusal => {
    const decision = decide(host, command, context);
    if (isRefusal(decision)) return decision;
    for (const event of decision.events) apply(host, event);
    events.push(...decision.events);
    return decision;
  };
  const tryAsk: Machine['tryAsk'] = (question) => ask(host, question, context);
  return {
    kernel,
    host,
    events,
    try: attempt,
    run: (command) => granted(command.type, attempt(command)).answer,
    tryAsk,
    ask: (question) => granted(question.type, tryAsk(question)),
  };
}

function granted<Answer>(type: string, answer: Answer | Refusal): Answer {
  if (isRefusal(answer)) throw new Error(`${type}: ${answer.code}: ${answer.detail}`);
  return answer;
}

export function machine(kernel: KernelName, early_kill: 0 | 1 = 0, more: Partial<CreateHost> = {}): Machine {
  const made = emptyMachine(kernel);
  const sysctl = { memory_failure_early_kill: early_kill };
  made.run({ type: 'create_host', name: 'h', kernel, sysctl, ...more });
  return made;
}

export function addDevice(made: Machine, more: Partial<CreateDaxDevice> = {}): string {
  const name = more.name ?? DEVICE;
  made.run({ type: 'create_dax_device', name, mode: 'fsdax', size: 64 * MIB, ...more });
  return name;
}

export function addMount(made: Machine, more: Partial<CreateMount> = {}): Mount {
  const path = more.path ?? '/mnt/a';
  made.run({
    type: 'create_mount',
    dax_device: DEVICE,
    path,
    fs_type: 'ext4',
    dax: 'always',
    mkfs: true,
    ...more,
  });
  return only([...made.host.tables.mounts.values()].filter((mount) => mount.path === path).slice(-1));
}

export function addFile(made: Machine, mount: string, path: string, size = 4 * MIB, dax?: boolean): string {
  const command = { type: 'create_file', mount, path, size } as const;
  made.run(dax === undefined ? command : { ...command, dax });
  return only([...made.host.tables.files.values()].slice(-1)).id;
}

export function addProcess(made: Machine, more: Partial<CreateProcess> = {}): number {
  made.run({ type: 'create_process', comm: 'probe', sigbus: 'handled', ...more });
  return only([...made.host.tables.processes.values()].slice(-1)).pid;
}

/** The page index, or the first of several, that an access starts at. */
export interface Spot {
  readonly page?: number;
  readonly pages?: number;
}

export function accessCommand(
  mapping: string,
  kind: AccessKind,
  { page = 0, pages = 1 }: Spot = {},
): Command {
  return { type: 'access', mapping, offset: page * PAGE, length: pages * PAGE, kind };
}

export function access(made: Machine, mapping: string, kind: AccessKind, spot: Spot = {}): Outcome {
  return outcomeOf(made.run(accessCommand(mapping, kind, spot)));
}

export function fileIo(made: Machine, pid: number, file: string, kind: IoKind, page = 0): Outcome {
  return outcomeOf(made.run({ type: 'file_io', file, pid, kind, offset: page * PAGE, length: PAGE }));
}

/** The record that a call made which may not come back, and did. */
export function returned<Answer extends object>(answer: Answer): Exclude<Answer, Outcome> {
  if ('kernel_oopses' in answer) throw new Error(`an outcome: ${JSON.stringify(answer)}`);
  return answer as Exclude<Answer, Outcome>;
}

export function outcomeOf(answer: AnswerTo): Outcome {
  if (answer === null || typeof answer === 'string' || !('kernel_oopses' in answer))
    throw new Error('the answer has no outcome');
  return answer;
}

/** A process with one mapping of the first 2 MiB, touched as asked. */
export interface MapperOptions extends Partial<Omit<CreateMapping, 'type' | 'pid'>> {
  readonly mce_kill?: CreateProcess['mce_kill'];
  readonly sigbus?: CreateProcess['sigbus'];
  readonly tenant?: string;
  /** `cow` writes page 0 and reads the rest. */
  readonly touched?: 'none' | 'read' | 'write' | 'cow';
  /** By 4 KiB entries: the address moved so that no larger one fits. */
  readonly small?: boolean;
  readonly parent_pid?: number;
}

export interface Mapper {
  readonly pid: number;
  readonly mapping: string;
}

export function addMapper(made: Machine, options: MapperOptions): Mapper {
  const { mce_kill, sigbus, tenant, touched = 'read', small = false, ...more } = options;
  const pid = addProcess(made, {
    mce_kill: mce_kill ?? 'default',
    sigbus: sigbus ?? 'handled',
    tenant: tenant ?? null,
  });
  const base = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;
  made.run({
    type: 'create_mapping',
    pid,
    ...base,
    ...(small ? { page_size: 4096 as const } : {}),
    ...more,
  });
  const mapping = only([...made.host.tables.mappings.values()].slice(-1));
  const pages = mapping.length / PAGE;
  if (touched === 'read' || touched === 'write') access(made, mapping.id, touched, { pages });
  if (touched === 'cow') {
    access(made, mapping.id, 'write');
    access(made, mapping.id, 'read', { pages });
  }
  return { pid, mapping: mapping.id };
}

/** Forks; the child's mapping is its parent's. */
export function fork(made: Machine, parent_pid: number): Mapper {
  const pid = addProcess(made, { parent_pid });
  const mapping = only([...made.host.tables.mappings.values()].slice(-1));
  return { pid, mapping: mapping.id };
}

export type PinOptions = Pick<CreatePin, 'kind' | 'holder'>;
export const PIPE: PinOptions = { kind: 'transient', holder: 'vmsplice' };
export const UMEM: PinOptions = { kind: 'longterm', holder: 'xdp' };
export const FIXED_BUFFER: PinOptions = { kind: 'longterm', holder: 'io_uring' };

export function pinCommand({ pid, mapping }: Mapper, how: PinOptions): Command {
  return { type: 'create_pin', pid, mapping, offset: 0, length: PAGE, ...how };
}

export function addPin(made: Machine, mapper: Mapper, how: PinOptions): string {
  made.run(pinCommand(mapper, how));
  return only([...made.host.tables.pins.values()].slice(-1)).id;
}

/** Starts a removal and runs its steps until it ends, waits, or is stuck. */
export function removeDevice(made: Machine, more: Partial<RemoveDaxDevice> = {}): RemovalRecord {
  made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind', ...more });
  return settle(made);
}

/** Runs the newest removal on until nothing moves it any more. */
export function settle(made: Machine): RemovalRecord {
  for (;;) {
    const removal = only([...made.host.tables.removals.values()].slice(-1));
    if (removal.state !== 'running') return removal;
    made.run({ type: 'advance_removal', removal: removal.id });
  }
}

export function processOf(made: Machine, pid: number): Process {
  return found(made.host.tables.processes.get(String(pid)));
}

export function mappingOf(made: Machine, id: string): Mapping {
  return found(made.host.tables.mappings.get(id));
}

export function mountOf(made: Machine, id: string): Mount {
  return found(made.host.tables.mounts.get(id));
}

export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is no such record');
  return value;
}

function only<T>(list: readonly T[]): T {
  const [first, second] = list;
  if (first === undefined || second !== undefined) throw new Error(`wanted one, got ${String(list.length)}`);
  return first;
}
