import { memoryRangesOf } from '../model/memory_range.ts';
import { factsOf } from '../kernels/of_host.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { hasEarlyPolicy, sendingSigbus, signalRow } from '../mm/kill_procs.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import type { Current } from './dax.ts';
import { book, NO_STRUCT_PAGE, withoutStructPage, type Ledger, type PageEnd } from './ledger.ts';
import { ramPieces, type RamPiece } from './ram_pieces.ts';

const LRU = 'dirty LRU page';

/** A series of calls on system RAM; `action_required`: the page was about to be used by `current`. */
interface Site {
  readonly ledger: Ledger;
  readonly current: Current | null;
  readonly action_required: boolean;
  /** Virtual address of a pfn, where madvise makes the calls. */
  readonly addressOf: (pfn: number) => bigint | null;
}

/**
 * memory_failure() of system RAM that kmem added, ascending: a page that processes map becomes hwpoison entries, and
 * those with an early policy are signalled at once, the others when they touch it; a free page is taken away, a pinned
 * one is reported as still in use. The first error ends the calls of madvise.
 * Source: mm/memory-failure.c memory_failure(), hwpoison_user_mappings(), page_action(); M53, M56, M58.
 */
export function failRamPages(ledger: Ledger, range: PfnRange, current: Current | null): void {
  const { tx, device } = ledger;
  const facts = factsOf(tx.host).memory_failure;
  const madvise = current?.madvise ?? null;
  const site: Site = {
    ledger,
    current,
    action_required: current !== null && (madvise === null || facts.madvise_action_required),
    addressOf: (pfn) => (madvise === null ? null : madvise.address + BigInt((pfn - range[0]) * PAGE_BYTES)),
  };
  for (const piece of ramPieces(tx.host, device, range)) {
    failPiece(site, piece);
    if (madvise !== null && ledger.errno !== null) return;
  }
}

function failPiece(site: Site, piece: RamPiece): void {
  const facts = factsOf(site.ledger.tx.host).memory_failure;
  switch (piece.kind) {
    case 'none':
      end(site, piece, withoutStructPage(site.ledger), false);
      return;
    case 'offline':
      end(site, piece, NO_STRUCT_PAGE.outside_kernel_control, false);
      return;
    case 'poisoned':
      failAgain(site, piece);
      return;
    case 'used':
      failUsed(site, piece);
      return;
    case 'free':
      site.ledger.flagged.push([piece.pfn, piece.nr_pages]);
      end(site, piece, { type: 'free buddy page', result: facts.ram_free_page, errno: null }, true);
  }
}

/** M58; from v6.1 on the process that was about to use it is killed: kill_accessing_process(). */
function failAgain(site: Site, piece: RamPiece): void {
  const known = factsOf(site.ledger.tx.host).memory_failure.ram_already_poisoned;
  if (known !== 'ok' && site.action_required) signal(site, piece, ({ pid }) => pid === site.current!.pid);
  const how: PageEnd =
    known === 'EHWPOISON_failed'
      ? { type: 'already poisoned page', result: 'Failed', errno: 'EHWPOISON' }
      : { type: 'already hardware poisoned', result: null, errno: known === 'ok' ? null : known };
  end(site, piece, how, false);
}

/** M53, M141: victims by policy, or with an action required `current`, from v6.1 on both. */
function failUsed(site: Site, piece: RamPiece): void {
  const { ledger, current, action_required } = site;
  const { tx } = ledger;
  const early = !action_required || factsOf(tx.host).memory_failure.dax_victims === 'early_kill_or_current';
  const victims = signal(site, piece, (process) => {
    return (action_required && process.pid === current!.pid) || (early && hasEarlyPolicy(tx, process));
  });
  ledger.flagged.push([piece.pfn, piece.nr_pages]);
  ledger.unmapped_ram += piece.users.length * piece.nr_pages;
  const held = piece.pins > 0;
  end(
    site,
    piece,
    { type: LRU, result: held ? 'Failed' : 'Recovered', errno: held ? 'EBUSY' : null },
    true,
    (pfn) => [
      ...victims.map((victim) => sendingSigbus(pfn, victim)),
      ...(held
        ? [`Memory failure: 0x${pfn.toString(16)}: ${LRU} still referenced by ${String(piece.pins)} users`]
        : []),
    ],
  );
}

type Users = RamPiece['users'];

/** Signals those users of a piece, once a page, and returns them. */
function signal(
  { ledger, current, action_required }: Site,
  piece: RamPiece,
  chosen: (process: Users[number]['process']) => boolean,
): Users[number]['process'][] {
  const victims = piece.users.filter(({ process }) => chosen(process));
  for (const { process, address } of victims) {
    const ar = action_required && process.pid === current?.pid;
    ledger.signals.push(signalRow(process, { ar, address, lsb: 12, count: piece.nr_pages }));
  }
  return victims.map(({ process }) => process);
}

function end(
  { ledger, addressOf }: Site,
  { pfn, nr_pages }: RamPiece,
  how: PageEnd,
  counted: boolean,
  lines?: (pfn: number) => readonly string[],
): void {
  const { tx, device } = ledger;
  const address = addressOf(pfn);
  book(ledger, {
    pfn,
    count: address !== null && how.errno !== null ? 1 : nr_pages,
    stride: 1,
    address,
    end: how,
    node: counted ? (memoryRangesOf(tx.host, device.name)[0]!.node ?? 0) : null,
    ...(lines === undefined ? {} : { lines: (call: number) => lines(pfn + call) }),
  });
}
