import type { Outcome } from './command.ts';
import type { Errno } from './vocabulary.ts';

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

export function okOutcome(more: Partial<Outcome> = {}): Outcome {
  return { ...OK, ...more };
}

export function errnoOutcome(errno: Errno, more: Partial<Outcome> = {}): Outcome {
  return { ...OK, result: 'errno', errno, ...more };
}

/** State D or a wait that does not end by itself. */
export function blockedOutcome(blocked_in: string, more: Partial<Outcome> = {}): Outcome {
  return { ...OK, result: 'blocked', blocked_in, ...more };
}

export function oopsOutcome(
  at: string,
  task: 'process' | 'caller' | 'worker',
  more: Partial<Outcome> = {},
): Outcome {
  return { ...OK, result: 'kernel_oops', kernel_oopses: [{ at, task }], ...more };
}
