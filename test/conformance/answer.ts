import type { Answer, Command, Event } from './recording.ts';
import { hostPath, idOf } from './step.ts';
import type { Body, Check, Reply, World } from './step.ts';

/**
 * Recorded answers and the service's answers as the same short words: `ok`, an errno,
 * `SIGBUS BUS_ADRERR +4096`, `dead SIGBUS`, `blocked`, `livelock`, `kernel_oops`, `kernel_oops dead` (in the process itself or in
 * whoever looked at it; an oops of a kernel worker leaves the call its own answer).
 */
export function expectedAnswer(answer: Answer): string {
  if (answer.dead !== undefined) {
    const { killed_by, kernel_oops } = answer.dead;
    // The probe sends itself no SIGKILL: this is make_task_dead() after an oops.
    return kernel_oops !== undefined || killed_by === 'SIGKILL'
      ? 'kernel_oops dead'
      : `dead ${killed_by ?? '?'}`;
  }
  if (answer.kernel_oops !== undefined) return 'kernel_oops';
  if (answer.blocked === true) return answer.state === 'R' ? 'livelock' : 'blocked';
  if (answer.ok === true) return 'ok';
  if (typeof answer.blocked === 'string') return 'not tried';
  if (answer.signal === 'SIGSEGV') return 'SIGSEGV';
  if (answer.signal !== undefined) {
    return signalWords(
      answer.signal,
      answer.si_code ?? '?',
      answer.si_addr_offset ?? null,
      answer.si_addr_lsb ?? null,
    );
  }
  return answer.errno ?? '?';
}

/**
 * Whether the bytes are somebody's. Zeros say nothing: a page that was never written reads zeros wherever it is, and
 * so does an address that nothing decodes.
 */
export function dataChecks(name: string, { ok, data }: Answer): Check[] {
  if (ok !== true || typeof data !== 'string' || /^\0*$/.test(data)) return [];
  return [
    {
      name: `${name} data`,
      class: 'core',
      expected: "somebody's",
      actual: ({ body }) => (body.data_of === null ? "nobody's" : "somebody's"),
    },
  ];
}

/** A read's answer in the words of a recording's verdict. */
export function verdictWords(answer: string): string {
  if (answer === 'ok') return 'readable';
  if (answer.startsWith('dead ')) return `process dead (${answer.slice('dead '.length)})`;
  return answer.replace(/^(\w+) (\w+) .*/, '$1/$2');
}

export function signalWords(signal: string, code: string, offset: number | null, lsb: number | null): string {
  return `${signal} ${code} +${offset ?? '?'}${lsb === null ? '' : ` lsb ${lsb}`}`;
}

/** An access or file call through the API. A mapping that is gone reads as the SIGSEGV of its address. */
export function actualAnswer(reply: Reply, world: World, mapping: string): string {
  const { body } = reply;
  if (reply.status === 404 && body.code === 'mapping_not_found') return 'SIGSEGV';
  if (reply.status >= 300) return refusalWords(reply);
  const end = body.end as { killed_by?: string } | null | undefined;
  switch (body.result) {
    case 'ok':
    case 'blocked':
    case 'livelock':
      return body.result;
    case 'kernel_oops': {
      const oopses = body.kernel_oopses as readonly { task?: string }[];
      if (oopses.some(({ task }) => task !== 'worker')) {
        return body.process_alive === false ? 'kernel_oops dead' : 'kernel_oops';
      }
      return typeof body.blocked_in === 'string' ? 'blocked' : 'ok';
    }
    case 'errno':
      return text(body.errno);
    case 'signal': {
      if (body.process_alive === false) return `dead ${end?.killed_by ?? text(body.signal)}`;
      if (body.signal === 'SIGSEGV') return 'SIGSEGV';
      const offset = offsetIn(world, mapping, body.si_addr);
      return signalWords(text(body.signal), text(body.si_code), offset, body.si_addr_lsb as number | null);
    }
    default:
      return `status ${reply.status} without a result`;
  }
}

/** A 409 with the kernel's errno is that errno; anything else shows its code. */
export function refusalWords(reply: Reply): string {
  const { errno, code, detail } = reply.body;
  if (reply.status === 409 && typeof errno === 'string') return errno;
  return `${reply.status} ${text(code)}: ${text(detail).slice(0, 120)}`;
}

/** `ok`, or what was refused; for requests that have no outcome of their own (mount, bind, umount, mmap). */
export function actualCommand(reply: Reply): string {
  if (reply.status >= 300) return refusalWords(reply);
  const bind = reply.body.bind as { result?: unknown } | undefined;
  const result = bind?.result ?? reply.body.result;
  return result === undefined || result === null ? 'ok' : text(result);
}

const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/File exists/, 'EEXIST'],
  [/target is busy|Device or resource busy/, 'EBUSY'],
  [/wrong fs type, bad option|Invalid argument/, 'EINVAL'],
  [/Input\/output error/, 'EIO'],
  [/No such device or address/, 'ENXIO'],
  [/No such device/, 'ENODEV'],
  [/special device .* does not exist|No such file|nonexistent directory/, 'ENOENT'],
  [/Structure needs cleaning/, 'EUCLEAN'],
  [/not mounted/, 'not mounted'],
];

/** What a shell command met, from its exit code and the message it printed. */
export function expectedCommand(command: Command & { readonly blocked_after_seconds?: number }): string {
  if (command.blocked_after_seconds !== undefined) return 'blocked';
  if (command.rc === 0) return 'ok';
  const said = `${command.stderr ?? ''}\n${command.stdout ?? ''}`;
  return MESSAGES.find(([message]) => message.test(said))?.[1] ?? `rc ${command.rc ?? '?'}`;
}

/** A write to sysfs: `ok`, an errno, or `blocked`. */
export function expectedEvent(event: Event): string {
  if (event.blocked === true) return 'blocked';
  return event.errno ?? 'ok';
}

/** Bytes from the start of a mapping; null where either address is unknown. */
export function offsetIn(world: World, mapping: string, address: unknown): number | null {
  const start = world.ids.get(`address:${mapping}`);
  if (start === undefined || typeof address !== 'string') return null;
  return Number(BigInt(address) - BigInt(start));
}

export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? 'undefined' : JSON.stringify(value);
}

/** The service's record of a process, device, mount, … at this moment. */
export async function look(world: World, path: string): Promise<Body> {
  return (await world.call('GET', hostPath(world, path))).body;
}

/** `dead` once it has ended and was reaped; a task the kernel oopsed in is not. */
export async function aliveWords(world: World, process: string): Promise<string> {
  const { state } = await look(world, `/processes/${idOf(world, `pid:${process}`)}`);
  if (state === undefined) return 'unknown process';
  return state === 'dead' ? 'dead' : 'alive';
}
