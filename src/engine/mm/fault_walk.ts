import { factsOf } from '../kernels/of_host.ts';
import type { OopsEffect } from '../kernels/effect.ts';
import type { DaxDevice, File, Mapping, Mount } from '../model/host.ts';
import { superblockOf, fileOf } from '../model/lookup.ts';
import { nextRun, type Run } from '../model/mapping_table.ts';
import type { Refusal } from '../model/refusal.ts';
import { entriesOf } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import type { KnownMemory } from './anonymous.ts';
import { isFrozen, WAITS_IN } from './freeze.ts';
import { gather, type Gathering } from './gather.ts';
import { dirtied } from './page_cache.ts';
import { updateTimes } from './times.ts';

/** One touch of neighbouring pages on its way: what serves a fault reads it, and counts the entries that it makes. */
export interface Walk extends Gathering {
  readonly mapping: Mapping;
  readonly device: DaxDevice;
  readonly write: boolean;
  readonly end: number;
  readonly faults: { pte: number; pmd: number; pud: number };
  readonly known: KnownMemory;
}

/** The page index to look at next, or why the page at hand cannot be faulted in. */
export type Step = number | Failure;

/** Why a touch of a page does not succeed, and at which page of the mapping. */
export type Failure =
  /** BUS_ADRERR, or BUS_MCEERR_AR with this lsb where the fault met poison (VM_FAULT_HWPOISON). */
  | { readonly why: 'sigbus'; readonly index: number; readonly hwpoison_lsb?: number }
  | { readonly why: 'blocked'; readonly index: number; readonly in: string }
  | { readonly why: 'oops'; readonly index: number; readonly effect: OopsEffect }
  /** `full`: no page of the memory is free, which the OOM killer mends for a load or store of the process itself. */
  | { readonly why: 'refused'; readonly refusal: Refusal; readonly full?: true };

/** Whether a store copies the page. */
export function isPrivate(mapping: Mapping): boolean {
  return mapping.flags.includes('private');
}

/** Whether the walk stores to pages that others see. */
export function storesShared({ write, mapping }: Walk): boolean {
  return write && !isPrivate(mapping);
}

/** The file behind the mapping as it stands now. */
export function fileBehind(walk: Walk): File {
  return fileOf(walk.tx.host, walk.mapping.file!);
}

/** The superblock of that file. */
export function mountOf(walk: Walk): Mount {
  return superblockOf(walk.tx.host, fileBehind(walk).file_system)!;
}

/** Where the next entry at or behind a page begins; Infinity where there is none. */
export function nextRunStart(walk: Walk, from: number): number {
  return nextRun(entriesOf(walk.tx.host, walk.mapping.id), from)?.index ?? Number.POSITIVE_INFINITY;
}

/** The end of the gap a missing page lies in, within the walk. */
export function nextPresent(walk: Walk, index: number): number {
  return Math.min(walk.end, nextRunStart(walk, index));
}

/** Pages `[index, end)` become copies in RAM (A13). */
export function copyOnWrite(walk: Walk, index: number, end: number): number {
  walk.faults.pte += end - index;
  const anon: Run = {
    index,
    nr_pages: end - index,
    pfn: -1,
    level: 'pte',
    kind: 'anon',
    writable: true,
    pgmap: 0,
  };
  gather(walk, walk.mapping.id, [anon]);
  return end;
}

/** The pages of the file behind `[from, to)` are dirty; a device node has no file. */
export function dirtyFile(walk: Walk, from: number, to: number): void {
  if (walk.mapping.file === null) return;
  const file = fileBehind(walk);
  const shift = walk.mapping.offset / PAGE_BYTES;
  gather(walk, file.id, dirtied(walk.tx.host, file, from + shift, to + shift));
}

/** dax_direct_access() of a badblock: -EIO, from v6.12 on -EHWPOISON. Source: drivers/nvdimm/pmem.c. */
export function poisoned(walk: Walk, index: number): Failure {
  const lsb = factsOf(walk.tx.host).memory_failure.badblock_fault_lsb;
  return { why: 'sigbus', index, ...(lsb === null ? {} : { hwpoison_lsb: lsb }) };
}

/**
 * What a shared store does before it asks the file system or the device for blocks: it waits for the thaw (S38), and
 * changes the times of the file. Source: fs/super.c sb_start_pagefault(), fs/inode.c file_update_time().
 */
export function startStore(walk: Walk, mount: Mount, index: number): Failure | null {
  if (isFrozen(mount)) return { why: 'blocked', index, in: WAITS_IN };
  updateTimes(walk.tx, mount, fileBehind(walk));
  return null;
}
