import type { Dependent } from './depends_on.ts';
import type { Condition } from './host.ts';
import type { AccessResult, Errno } from './vocabulary.ts';

/** What a process gets when it touches memory, calls the kernel, exits, unmaps or unpins. */
export interface Outcome extends Dependent {
  readonly result: AccessResult;
  /** True where the bytes came through an entry that outlived its pgmap. */
  readonly stale: boolean;
  readonly data_of: {
    readonly generation: number;
    readonly tenant: string | null;
    readonly file: string | null;
  } | null;
  readonly signal: string | null;
  readonly si_code: string | null;
  readonly si_addr: string | null;
  readonly si_addr_lsb: number | null;
  readonly errno: Errno | null;
  readonly faults: { readonly pte: number; readonly pmd: number; readonly pud: number };
  /** False once the process has ended and was reaped; a task that oopsed is neither. */
  readonly process_alive: boolean;
  /** How it ended, when this ended it. */
  readonly end: { readonly killed_by: string } | { readonly exit: number } | null;
  /** Oopses of the kernel, innermost function first, and in which task. Null: in one of several functions. */
  readonly kernel_oopses: readonly {
    readonly at: string | null;
    readonly task: 'process' | 'caller' | 'worker';
  }[];
  /** Who spins in the kernel until SIGKILL: the mapping's own process, or who looked into it. */
  readonly livelocked: 'process' | 'caller' | null;
  /** Where it waits or spins, when blocked. */
  readonly blocked_in: string | null;
  readonly kernel_log: readonly string[];
  /** Of a close: what it has made of the device, as that says from then on. */
  readonly conditions?: readonly Condition[];
}

/** An outcome with nothing in it but `ok`; the builders below fill what differs. */
const OK: Outcome = {
  result: 'ok',
  stale: false,
  data_of: null,
  signal: null,
  si_code: null,
  si_addr: null,
  si_addr_lsb: null,
  errno: null,
  faults: { pte: 0, pmd: 0, pud: 0 },
  process_alive: true,
  end: null,
  kernel_oopses: [],
  livelocked: null,
  blocked_in: null,
  kernel_log: [],
};

/** It went well. */
export function okOutcome(more: Partial<Outcome> = {}): Outcome {
  return { ...OK, ...more };
}

/** The call returned an errno. */
export function errnoOutcome(errno: Errno, more: Partial<Outcome> = {}): Outcome {
  return { ...OK, result: 'errno', errno, ...more };
}

/** State D or a wait that does not end by itself. */
export function blockedOutcome(blocked_in: string, more: Partial<Outcome> = {}): Outcome {
  return { ...OK, result: 'blocked', blocked_in, ...more };
}

/** The kernel oopsed, in this task. */
export function oopsOutcome(
  at: string,
  task: 'process' | 'caller' | 'worker',
  more: Partial<Outcome> = {},
): Outcome {
  return { ...OK, result: 'kernel_oops', kernel_oopses: [{ at, task }], ...more };
}

/** Where the kernel oopsed, and in which task. */
export type Oops = Outcome['kernel_oopses'][number];
