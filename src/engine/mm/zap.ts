import { ok, type Effect } from '../kernels/effect.ts';
import { factsOf } from '../kernels/of_host.ts';
import { has } from '../model/conditions.ts';
import type { DaxDevice, Host, Mapping } from '../model/host.ts';
import { anonymousMappingsOf, deviceOf, mappingsOfDevice, must } from '../model/lookup.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import { common, pfnList, rangesOf, setOf, setOfRanges, without, type PfnSet } from '../model/pfn_set.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import { addDax, EVERY } from '../model/scan_entries.ts';
import { emit, entriesOf, patch, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import {
  kindsOf,
  mayBeStale,
  onceADevice,
  ramInUse,
  staleEffects,
  staleWithin,
  type ZapVerb,
} from './stale.ts';

/** print_bad_pte() and bad_page() are limited to 60 lines a minute. */
const LINES_MAX = 60;

/** The reference counts of the device's new pages are wrong: what they meet later is not known (R161). */
const BAD_PAGE_STATE = {
  type: 'bad_page_state',
  detail: 'a stale mapping was zapped over pages of another process: their reference counts are wrong',
} as const;

/**
 * What zapping the stale entries of mappings, from a page index up to another, does to the kernel: ok, or the oops at the
 * first entry, in their order, that has one (ST2). Nothing may change meanwhile.
 */
export function zapEffect(
  host: Host,
  mappings: readonly Mapping[],
  verb: ZapVerb,
  index = 0,
  end = Number.POSITIVE_INFINITY,
): Effect {
  const effectAt = staleEffects(host);
  const whichOf = onceADevice((device) => staleWithin(device, index, end));
  const passedOf = onceADevice<Passed>(({ name }) => {
    return { areAlike: memoryRangesOf(host, name).length === 0, pte: false, pmd: false };
  });
  for (const mapping of mappings) {
    const device = deviceOf(host, mapping.dax_device);
    const passed = passedOf(device);
    if (!mayBeStale(device) || hasPassed(passed, mapping)) continue;
    for (const run of kindsOf(device, entriesOf(host, mapping.id), whichOf(device))) {
      const effect = effectAt(mapping, run, verb);
      if (effect.do === 'oops') return effect;
      passed[run.level === 'pte' ? 'pte' : 'pmd'] = passed.areAlike;
    }
  }
  return ok;
}

/** Whether a zap has come to a stale entry of a device, by its size, and went on: it does so at all whose struct pages are alike. */
interface Passed {
  readonly areAlike: boolean;
  pte: boolean;
  pmd: boolean;
}

function hasPassed({ pte, pmd }: Passed, { present }: Mapping): boolean {
  return (pte || present.pte === 0) && (pmd || present.pmd + present.pud === 0);
}

/**
 * What the kernel logs while it zaps the stale PTEs of mappings, from a page index up to another, over pages that have
 * struct pages again: one line for each page that no file mapping of a new owner maps. Where they are anonymous memory
 * their reference counts are wrong from then on.
 * Source: mm/memory.c print_bad_pte(), mm/page_alloc.c bad_page(), v7.3; R160-R162, ST3.
 */
export function zapLog(
  tx: Transaction,
  mappings: readonly Mapping[],
  comm: string,
  index = 0,
  end = Number.POSITIVE_INFINITY,
): string[] {
  if (!factsOf(tx.host).repurpose.bad_page_map) return [];
  const filesOf = onceADevice((device) => filePages(tx, device));
  const ramOf = onceADevice((device) => ramInUse(tx.host, device));
  return mappings.flatMap((mapping) => {
    const device = deviceOf(tx.host, mapping.dax_device);
    if (!mayBeStale(device)) return [];
    const zapped = pfnList();
    addDax(zapped, entriesOf(tx.host, mapping.id), 'pte', staleWithin(device, index, end));
    if (zapped.length === 0) return [];
    const bad = without(setOf(zapped), filesOf(device));
    const ram = common(bad, setOfRanges(ramOf(device)));
    if (ram.length > 0) markBadPages(tx, device);
    return [
      ...lines(bad, (pfn) => `BUG: Bad page map in process ${comm}  pte:${pteOf(pfn)}`),
      ...lines(ram, (pfn) => `BUG: Bad page state in process ${comm}  pfn:${pfn.toString(16)}`),
    ];
  });
}

function markBadPages(tx: Transaction, device: DaxDevice): void {
  if (has(device, BAD_PAGE_STATE)) return;
  const conditions = [...device.conditions, BAD_PAGE_STATE];
  patch(tx, 'dax_devices', device.name, { conditions });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { conditions });
}

/** Pages that a file of the present owner maps: their mapcount takes the zap. */
function filePages(tx: Transaction, device: DaxDevice): PfnSet {
  const fresh = pfnList();
  if (device.mode !== 'fsdax') return setOf(fresh);
  for (const { id } of mappingsOfDevice(tx.host, device.name))
    addDax(fresh, entriesOf(tx.host, id), null, { ...EVERY, only: device.pgmap });
  return setOf(fresh);
}

/** R161: right after the zap the tenant's data is intact; once the pages are given out again, nothing is known. */
export function badPagesMet(tx: Transaction, mapping: Mapping): Refusal | null {
  const device = deviceOf(tx.host, mapping.dax_device);
  if (!mapping.anonymous || !has(device, BAD_PAGE_STATE)) return null;
  const newest = must(anonymousMappingsOf(tx.host, device.name).at(-1), 'newest mapping');
  if (newest.id === mapping.id) return null;
  return unknownOutcome('its pages had wrong reference counts when memory was given out again (R161)');
}

function lines(pages: PfnSet, line: (pfn: number) => string): string[] {
  const found: string[] = [];
  for (const [pfn, nr_pages] of rangesOf(pages, LINES_MAX)) {
    for (let at = 0; at < nr_pages && found.length < LINES_MAX; at += 1) found.push(line(pfn + at));
  }
  return found;
}

function pteOf(pfn: number): string {
  return (BigInt(pfn) * BigInt(PAGE_BYTES) + 0x67n).toString(16).padStart(16, '0');
}
