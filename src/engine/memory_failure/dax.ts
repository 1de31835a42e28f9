import { append } from '../model/append.ts';
import type { DaxDevice, Mount } from '../model/host.ts';
import { factsOf } from '../kernels/of_host.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { killProcs, sendingSigbus, type KillPlan, type Round } from '../mm/kill_procs.ts';
import { shutDownCorrupt } from '../fs/superblock.ts';
import type { Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { HWPOISON_RANGES_MAX } from '../mm/hwpoison.ts';
import { book, withoutStructPage, type Ledger, type PageEnd } from './ledger.ts';
import { refusesHook } from './hook.ts';
import { flagUnit, rmapHook, segmentsOf, type DaxEntry, type Segment } from './segments.ts';

/** On whose behalf the calls are made: a process, and for madvise the mapping and address it names. */
export interface Current {
  readonly pid: number;
  readonly madvise: { readonly mapping: string; readonly address: bigint } | null;
}

/** Calls on one segment: at `pfn`, and each `stride` pages on. */
interface Site {
  readonly ledger: Ledger;
  readonly pfn: number;
  readonly count: number;
  readonly stride: number;
  readonly current: Current | null;
  readonly address: bigint | null;
}

const ENDS = {
  recovered: { type: 'dax page', result: 'Recovered', errno: null },
  no_entry: { type: 'dax page', result: 'Failed', errno: 'EBUSY' },
  metadata: { type: 'dax page', result: 'Failed', errno: 'EUCLEAN' },
  /** The walk of a shut-down xfs ends as it reads the first AGF: nobody is looked for, no page flagged (S52). */
  shut_down: { type: 'dax page', result: 'Failed', errno: 'EIO' },
} as const satisfies Readonly<Record<string, PageEnd>>;

/**
 * memory_failure() of device pages, ascending, one call a page or (madvise, where the kernel steps so) a folio or
 * compound page. The first error ends the calls of madvise.
 *
 *   segment ─▶ DAX entry ─▶ flag, collect, unmap the largest victim's range, signal ─▶ Recovered
 *          └─▶ none ─▶ EBUSY │ reverse map: nobody 0, metadata EUCLEAN, shut down EIO │ no struct page ENXIO
 *
 * Source: mm/memory-failure.c memory_failure(), memory_failure_dev_pagemap(), mm/madvise.c madvise_inject_error().
 */
export function failDaxPages(ledger: Ledger, range: PfnRange, current: Current | null): Refusal | null {
  const { tx, device } = ledger;
  const hook = rmapHook(tx, device);
  const unread = hook === null ? null : refusesHook(tx, hook, range);
  if (unread !== null) return unread;
  const madvise = current?.madvise ?? null;
  let at = range[0];
  for (const segment of segmentsOf(tx, device, range)) {
    const end = segment.pfn + segment.nr_pages;
    if (at >= end) continue;
    const stride = madvise === null ? 1 : madviseStep(tx, device, segment);
    const count = Math.ceil((end - at) / stride);
    const address = madvise === null ? null : madvise.address + BigInt((at - range[0]) * PAGE_BYTES);
    const site: Site = { ledger, pfn: at, count, stride, current, address };
    const refusal = failSegment(site, segment);
    if (refusal !== null) return refusal;
    if (madvise !== null && ledger.errno !== null) return null;
    at += count * stride;
  }
  return null;
}

function madviseStep(tx: Transaction, device: DaxDevice, { fate }: Segment): number {
  const facts = factsOf(tx.host).memory_failure;
  const step = device.mode === 'devdax' ? facts.madvise_step_devdax : facts.madvise_step_fsdax;
  return fate.kind === 'entry' && step !== 'page' ? fate.unit : 1;
}

function failSegment(site: Site, segment: Segment): Refusal | null {
  const { fate } = segment;
  const { tx, device } = site.ledger;
  if (fate.kind !== 'no_struct_page' && rmapHook(tx, device)?.fs_state === 'shutdown')
    return end(site, ENDS.shut_down);
  switch (fate.kind) {
    case 'entry':
      return failEntry(site, segment, fate);
    case 'no_entry':
      return end(site, ENDS.no_entry);
    case 'unowned':
      return end(site, ENDS.recovered);
    case 'metadata':
      return failMetadata(site, fate.mount);
    case 'no_struct_page':
      return bookAll(site, withoutStructPage(site.ledger), null);
  }
}

/** Books the calls of a site; without an error that ends madvise all of them are made. */
function end(site: Site, how: PageEnd, lines?: (call: number) => readonly string[]): null {
  const { tx, device } = site.ledger;
  const counted = factsOf(tx.host).memory_failure.counts_dax;
  return bookAll(site, how, counted ? (device.numa_node ?? 0) : null, lines);
}

function bookAll(
  site: Site,
  how: PageEnd,
  node: number | null,
  lines?: (call: number) => readonly string[],
): null {
  const { ledger, pfn, stride, address } = site;
  const count = address !== null && how.errno !== null ? 1 : site.count;
  book(ledger, { pfn, count, stride, address, end: how, node, ...(lines === undefined ? {} : { lines }) });
  return null;
}

/** xfs shuts itself down over its first page: it then answers for no further one. */
function failMetadata(site: Site, mount: Mount): null {
  const log = shutDownCorrupt(site.ledger.tx, mount);
  const { pfn, count, stride } = site;
  end({ ...site, count: 1 }, ENDS.metadata, () => log);
  const isLast = count === 1 || site.address !== null;
  return isLast ? null : end({ ...site, pfn: pfn + stride, count: count - 1 }, ENDS.shut_down);
}

/** Flags, collects, unmaps and signals; the page in question may be the head of what the call was made on. */
function failEntry(site: Site, segment: Segment, entry: DaxEntry): Refusal | null {
  const { ledger, pfn, count, stride } = site;
  const { tx, device } = ledger;
  const first = entry.index + (pfn - segment.pfn);
  const last = first + (count - 1) * stride;
  const heads = flagUnit(tx, device, entry);
  const unit = entry.by_rmap ? 1 : heads;
  const flagged = flagsOf(entry, first, last, heads);
  if (flagged === null) {
    return refuse(
      'not_modelled',
      `more than ${String(HWPOISON_RANGES_MAX)} separate poisoned pages at once`,
      {
        pointer: '/length',
      },
    );
  }
  append(ledger.flagged, flagged);
  const headOf = (index: number): number => Math.floor(index / unit) * unit;
  const pace = Math.max(unit, stride);
  const made = (index: number, sites: number): number =>
    Math.ceil((Math.min(last + 1, index + sites * pace) - Math.max(first, index)) / stride);
  const plan = { ...planOf(site), stride: pace, callsAt: made };
  const killed = killProcs(tx, entry.space, headOf(first), headOf(last) + 1, plan);
  append(ledger.signals, killed.signals);
  const named = (index: number): number =>
    entry.space.pfnAt(entry.by_rmap ? Math.floor(index / entry.unit) * entry.unit : index);
  return end(site, ENDS.recovered, (call) => {
    const index = first + call * stride;
    const before = call === 0 ? null : headOf(index - stride);
    return victimsAt(killed.rounds, headOf(index), before, pace).map((victim) =>
      sendingSigbus(named(index), victim),
    );
  });
}

function planOf({ ledger, current }: Site): KillPlan {
  const facts = factsOf(ledger.tx.host).memory_failure;
  return {
    collect: facts.dax_victims,
    cowed_page_counts_as_entry: facts.private_cow_signalled,
    by_pid: current?.pid ?? null,
    refaults: current?.madvise?.mapping ?? null,
  };
}

/** PG_hwpoison: of each page, or of the heads of what they lie in; null where those are too many. */
function flagsOf(entry: DaxEntry, first: number, last: number, unit: number): PfnRange[] | null {
  if (unit === 1) return [[entry.space.pfnAt(first), last - first + 1]];
  const head = Math.floor(first / unit);
  const heads = Math.floor(last / unit) - head + 1;
  if (heads > HWPOISON_RANGES_MAX) return null;
  return Array.from({ length: heads }, (_, at) => [entry.space.pfnAt((head + at) * unit), 1] as const);
}

/**
 * Who is signalled by the call on an index: all of its round where it is the first in its unit, else those whose entry
 * stays.
 */
function victimsAt(
  rounds: readonly Round[],
  index: number,
  before: number | null,
  pace: number,
): Round['victims'] {
  const round = rounds.findLast((candidate) => candidate.index <= index);
  if (round === undefined) return [];
  const unitOf = (at: number): number => Math.floor(at / round.unit);
  const end = unitOf(round.index) * round.unit + round.count * Math.max(round.unit, pace);
  if (index >= end) return [];
  const opens = before === null || before < round.index || unitOf(before) !== unitOf(index);
  return opens ? round.victims : round.victims.filter((victim) => victim.stays);
}
