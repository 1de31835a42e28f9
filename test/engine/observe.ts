import type { Outcome } from '../../src/engine/model/outcome.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import type { AccessKind, KernelName } from '../../src/engine/model/vocabulary.ts';
import { access, mappingOf, processOf, type Machine, type Mapper, type Spot } from './support.ts';

/** What a rule says, kernel by kernel: a cell that is absent cannot arise there (`-`). */
export type Cells = Readonly<Partial<Record<KernelName, string | undefined>>>;

export interface Rule {
  readonly rule: string;
  readonly about: string;
  /** Acts the row out on one kernel and tells what was observed. */
  readonly act: (kernel: KernelName) => string;
  readonly cells: Cells;
}

const ORDER = ['v5.10', 'force-unmap-v5.10', 'force-unmap-v5.12', 'v6.1', 'v6.12', 'v7.3'] as const;

/** The same outcome in every column of the table and in the profile of the letter, but for the cells that differ. */
export function every(outcome: string, but: Cells = {}): Cells {
  return { ...Object.fromEntries([...ORDER, 'force-unmap'].map((kernel) => [kernel, outcome])), ...but };
}

/** The same outcome in the columns of the table; the letter's profile as named (absent where it cannot arise). */
export function table(outcome: string, but: Cells = {}): Cells {
  return { ...Object.fromEntries(ORDER.map((kernel) => [kernel, outcome])), ...but };
}

export function on(kernels: readonly KernelName[], outcome: string): Cells {
  return Object.fromEntries(kernels.map((kernel) => [kernel, outcome]));
}

/** What is left of an entry after the removal that nothing unmapped: the bytes of the pfn. */
export const OLD = 'old data';
export const SIGBUS = 'SIGBUS BUS_ADRERR';

/** An outcome in the words of the table. */
export function told(outcome: Outcome): string {
  switch (outcome.result) {
    case 'ok':
      return outcome.stale ? OLD : 'ok';
    case 'signal':
      return `${outcome.signal ?? ''} ${outcome.si_code ?? ''}${outcome.process_alive ? '' : ', dies'}`;
    case 'errno':
      return String(outcome.errno);
    case 'blocked':
      return 'blocks';
    case 'livelock':
      return 'spins';
    case 'kernel_oops':
      return `oops ${outcome.kernel_oopses.map(({ at, task }) => (task === 'process' ? at : `${at} (${task})`)).join(', ')}`;
  }
}

/** What an access of the first page (or of the spot) is told. */
export function touch(made: Machine, { mapping }: Mapper, kind: AccessKind, spot: Spot = {}): string {
  return told(access(made, mapping, kind, spot));
}

/** The same, and what became of the process. */
export function fate(made: Machine, mapper: Mapper, kind: AccessKind, spot: Spot = {}): string {
  const outcome = touch(made, mapper, kind, spot);
  return `${outcome}; ${processOf(made, mapper.pid).state}`;
}

/** Present entries: `1 pmd`, `511 pte 1 anon`, `none`. */
export function shape(made: Machine, { mapping }: Mapper): string {
  const counts = Object.entries(mappingOf(made, mapping).present).filter(([, count]) => count > 0);
  return counts.length === 0 ? 'none' : counts.map(([level, count]) => `${String(count)} ${level}`).join(' ');
}

/** `ok`, or the refusal's errno, or its code where it is no errno. */
export function answered(made: Machine, command: Command): string {
  const decision = made.try(command);
  if (!isRefusal(decision)) return 'ok';
  return decision.errno ?? decision.code;
}

/** The signals a removal sent at rest to a process: `AO lsb 21 x1`, or `none`. */
export function atRest(removal: RemovalRecord, pid: number): string {
  const rows = removal.report.signals.filter((row) => row.pid === pid && row.delivery === 'asynchronous');
  const words = rows.map((row) => {
    const killed = row.killed ? ' killed' : '';
    return `${row.si_code.replace('BUS_MCEERR_', '')} lsb ${String(row.si_addr_lsb)} x${String(row.count)}${killed}`;
  });
  return words.length === 0 ? 'none' : words.join(', ');
}
