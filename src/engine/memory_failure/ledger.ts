import type { DaxDevice } from '../model/host.ts';
import { factsOf } from '../kernels/of_host.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { LOG_LINES } from '../mm/kill_procs.ts';
import type { SignalRow } from '../model/removal.ts';
import type { Transaction } from '../model/transaction.ts';
import {
  PAGE_BYTES,
  type Errno,
  type MemoryFailureResult,
  type MemoryFailureSource,
} from '../model/vocabulary.ts';
import { countFailed } from '../mm/counters.ts';
import type { ActionResult } from './report.ts';

/** What a series of calls has done so far; report.ts makes the answer of it. */
export interface Ledger {
  readonly tx: Transaction;
  readonly device: DaxDevice;
  readonly source: MemoryFailureSource;
  readonly results: ActionResult[];
  readonly signals: SignalRow[];
  readonly flagged: PfnRange[];
  readonly log: string[];
  /** The first errno of a call. */
  errno: Errno | null;
  /** Pages of system RAM whose entries became hwpoison entries, counted for each mapping. */
  unmapped_ram: number;
  /** "recovery action" lines so far. */
  recovery_lines: number;
}

/** Calls of memory_failure() with one end: of pages `pfn`, `pfn + stride`, … */
export interface Calls {
  readonly pfn: number;
  readonly count: number;
  readonly stride: number;
  readonly end: PageEnd;
  /** Virtual address of the first, where madvise makes them. */
  readonly address: bigint | null;
  /** Log lines of a call between those of its injection and its end. */
  readonly lines?: (call: number) => readonly string[];
  /** The node whose counters grow; null where nothing is counted. */
  readonly node: number | null;
}

/** What memory_failure() makes of a page; `result: null` where it never comes to action_result(). */
export interface PageEnd {
  readonly type: string;
  readonly result: MemoryFailureResult | null;
  readonly errno: Errno | null;
}

/** A pfn that no struct page describes, or that the kernel does not manage (M39). */
export const NO_STRUCT_PAGE = {
  outside_kernel_control: { type: 'memory outside kernel control', result: null, errno: 'ENXIO' },
  non_struct_page_pfn: { type: 'non struct page pfn', result: 'Ignored', errno: 'EBUSY' },
} as const satisfies Readonly<Record<string, PageEnd>>;

/** corrupt-pfn asks pfn_valid() before it says or does anything (M145). Source: mm/hwpoison-inject.c hwpoison_inject(). */
const INVALID_PFN: PageEnd = { type: 'invalid pfn', result: null, errno: 'ENXIO' };

/** What becomes of a pfn that no struct page describes, by who asks. */
export function withoutStructPage({ tx, source }: Ledger): PageEnd {
  if (source === 'debugfs') return INVALID_PFN;
  return NO_STRUCT_PAGE[factsOf(tx.host).memory_failure.no_struct_page];
}

/** How many "recovery action" lines the series prints in 5 seconds (M49). */
const RATE_LIMIT_BURST = 10;

/** Before the first call. */
export function newLedger(tx: Transaction, device: DaxDevice, source: MemoryFailureSource): Ledger {
  const empty = { results: [], signals: [], flagged: [], log: [] };
  return { tx, device, source, ...empty, errno: null, unmapped_ram: 0, recovery_lines: 0 };
}

/** Books calls: results, counters and log. Source: mm/memory-failure.c action_result(). */
export function book(ledger: Ledger, calls: Calls): void {
  const { type, result, errno } = calls.end;
  const last = ledger.results.at(-1);
  if (last?.type === type && last.result === result && last.errno === errno) {
    ledger.results[ledger.results.length - 1] = { ...last, pages: last.pages + calls.count };
  } else ledger.results.push({ type, result, errno, pages: calls.count });
  ledger.errno ??= errno;
  if (calls.node !== null && result !== null) countFailed(ledger.tx, result, calls.count, calls.node);
  if (calls.end === INVALID_PFN) return;
  for (let call = 0; call < calls.count && ledger.log.length < LOG_LINES; call += 1)
    print(ledger, calls, call);
}

function print(ledger: Ledger, { pfn, stride, address, end, lines }: Calls, call: number): void {
  const hex = `0x${(pfn + call * stride).toString(16)}`;
  const injected = injection(ledger.source, hex, address, call * stride);
  if (injected !== null) ledger.log.push(injected);
  ledger.log.push(...(lines?.(call) ?? []));
  if (end.result === null) {
    ledger.log.push(`Memory failure: ${hex}: ${end.type}`);
    return;
  }
  ledger.recovery_lines += 1;
  const limited = factsOf(ledger.tx.host).memory_failure.log_rate_limited;
  if (limited && ledger.recovery_lines > RATE_LIMIT_BURST) return;
  ledger.log.push(`Memory failure: ${hex}: recovery action for ${end.type}: ${end.result}`);
}

/** What the injector prints: madvise_inject_error(), hwpoison_inject(); a machine check says nothing of the page. */
function injection(
  source: MemoryFailureSource,
  hex: string,
  address: bigint | null,
  pages: number,
): string | null {
  if (source === 'debugfs') return `Injecting memory failure at pfn ${hex}`;
  if (address === null) return null;
  const at = (address + BigInt(pages * PAGE_BYTES)).toString(16);
  return `Injecting memory failure for pfn ${hex} at process virtual address 0x${at}`;
}
