import type { Outcome } from '../model/outcome.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';

/** An outcome in the kernel's words, or why it is not known. */
export function words(outcome: Outcome | Refusal): string {
  if (isRefusal(outcome)) return outcome.errno ?? `not known (${outcome.detail})`;
  const dies = outcome.process_alive ? '' : ', the process ends';
  switch (outcome.result) {
    case 'ok':
      return 'ok';
    case 'signal':
      return `${String(outcome.signal)} ${String(outcome.si_code)}${lsbWords(outcome.si_addr_lsb)}${dies}`;
    case 'errno':
      return String(outcome.errno);
    case 'blocked':
    case 'livelock':
      return `does not return from ${String(outcome.blocked_in)}`;
    case 'kernel_oops':
      return `the kernel oopses in ${outcome.kernel_oopses.map(({ at }) => at).join(', ')}${dies}`;
  }
}

/** The size of what a signal names. */
export function lsbWords(lsb: number | null): string {
  return lsb === null ? '' : ` lsb ${String(lsb)}`;
}
