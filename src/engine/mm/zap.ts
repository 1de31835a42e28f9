import type { DaxDevice, Mapping } from '../model/host.ts';
import { usedPages } from '../model/memory_range.ts';
import {
  anonymousMappingsOf,
  deviceOf,
  mappingsOfDevice,
  memmapGone,
  must,
  staleRuns,
} from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { runs, type Run } from '../model/mapping_table.ts';
import { countPages, intersect, normalize, subtract, type PfnRange } from '../model/pfn_range.ts';
import type { ByLevel, Effect } from '../kernels/effect.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import { levelOf } from './stale.ts';
import { emit, entriesOf, patch, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';

/** print_bad_pte() and bad_page() are limited to 60 lines a minute. */
const LINES_MAX = 60;

/** The reference counts of the device's new pages are wrong: what they meet later is not known (R161). */
const BAD_PAGE_STATE = {
  type: 'bad_page_state',
  detail: 'a stale mapping was zapped over pages of another process: their reference counts are wrong',
} as const;

/** What is asked of a device's present owner: the pages it uses. */
type PagesOf = (device: DaxDevice) => PfnRange[];

/** Looks each device up once: a process may map one by thousands of mappings. Holds while nothing changes. */
function onceADevice(pagesOf: PagesOf): PagesOf {
  const known = new Map<string, PfnRange[]>();
  return (device) => {
    const pages = known.get(device.name) ?? pagesOf(device);
    known.set(device.name, pages);
    return pages;
  };
}

/**
 * Zapping stale entries whose pfns were given to system-ram: the first that is a page of another process decides.
 * Asked mapping by mapping, in their order; nothing may change meanwhile.
 * Source: mm/huge_memory.c zap_huge_pmd(), mm/memory.c zap_pte_range(), v7.3; R161.
 */
function zapOfGiven(tx: Transaction): (mapping: Mapping) => Effect {
  const { zap_of_ram } = factsOf(tx.host).repurpose;
  const ramOf = onceADevice((device) => usedPages(tx.host, device.name));
  return (mapping) => {
    const stale = staleRuns(tx.host, mapping);
    if (stale.length === 0) return { do: 'ok' };
    const ram = ramOf(deviceOf(tx.host, mapping.dax_device));
    const hit = stale.find((run) => intersect([pfnsOf(run)], ram).length > 0);
    return hit === undefined ? { do: 'ok' } : levelOf(zap_of_ram, hit);
  };
}

/**
 * What the kernel logs while it zaps the stale PTEs of mappings over pages that have struct pages again: a line a
 * page that nobody new maps as a file's. Where they are anonymous memory their reference counts are wrong from then on.
 * Source: mm/memory.c print_bad_pte(), mm/page_alloc.c bad_page(), v7.3; R160-R162.
 */
export function zapLog(tx: Transaction, mappings: readonly Mapping[], comm: string): string[] {
  if (!factsOf(tx.host).repurpose.bad_page_map) return [];
  const filesOf = onceADevice((device) => filePages(tx, device));
  const ramOf = onceADevice((device) => usedPages(tx.host, device.name));
  return mappings.flatMap((mapping) => {
    const device = deviceOf(tx.host, mapping.dax_device);
    const stale = normalize(
      staleRuns(tx.host, mapping)
        .filter(({ level }) => level === 'pte')
        .map(pfnsOf),
    );
    if (stale.length === 0) return [];
    const bad = subtract(stale, filesOf(device));
    const ram = intersect(bad, ramOf(device));
    if (ram.length > 0) markBadPages(tx, device);
    return [
      ...lines(bad, (pfn) => `BUG: Bad page map in process ${comm}  pte:${pteOf(pfn)}`),
      ...lines(ram, (pfn) => `BUG: Bad page state in process ${comm}  pfn:${pfn.toString(16)}`),
    ];
  });
}

function markBadPages(tx: Transaction, device: DaxDevice): void {
  if (hasBadPages(device)) return;
  const conditions = [...device.conditions, BAD_PAGE_STATE];
  patch(tx, 'dax_devices', device.name, { conditions });
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { conditions });
}

/** Pages that a file of the present owner maps: their mapcount takes the zap. */
function filePages(tx: Transaction, device: DaxDevice): PfnRange[] {
  if (device.mode !== 'fsdax') return [];
  const fresh = mappingsOfDevice(tx.host, device.name).flatMap(({ id }) =>
    [...runs(entriesOf(tx.host, id))].filter((run) => run.kind === 'dax' && run.pgmap === device.pgmap),
  );
  return normalize(fresh.map(pfnsOf));
}

/** R161: right after the zap the tenant's data is intact; once the pages are given out again, nothing is known. */
export function badPagesMet(tx: Transaction, mapping: Mapping): Refusal | null {
  const device = deviceOf(tx.host, mapping.dax_device);
  if (!mapping.anonymous || !hasBadPages(device)) return null;
  const newest = must(anonymousMappingsOf(tx.host, device.name).at(-1), 'newest mapping');
  if (newest.id === mapping.id) return null;
  return unknownOutcome('its pages had wrong reference counts when memory was given out again (R161)');
}

function hasBadPages({ conditions }: DaxDevice): boolean {
  return conditions.some(({ type }) => type === BAD_PAGE_STATE.type);
}

function pfnsOf({ pfn, nr_pages }: Run): PfnRange {
  return [pfn, nr_pages];
}

function lines(ranges: readonly PfnRange[], line: (pfn: number) => string): string[] {
  const found: string[] = [];
  const count = Math.min(LINES_MAX, countPages(ranges));
  for (const [pfn, nr_pages] of ranges) {
    for (let at = 0; at < nr_pages && found.length < count; at += 1) found.push(line(pfn + at));
  }
  return found;
}

function pteOf(pfn: number): string {
  return (BigInt(pfn) * BigInt(PAGE_BYTES) + 0x67n).toString(16).padStart(16, '0');
}

/** What zapping the entries of mappings, in this order, does to the kernel: ok, or the first oops. */
export function zapEffect(tx: Transaction, mappings: readonly Mapping[], effects: ByLevel): Effect {
  const ofGiven = zapOfGiven(tx);
  for (const mapping of mappings) {
    const gone = memmapGone(deviceOf(tx.host, mapping.dax_device));
    const effect = gone ? zapOfGone(tx, mapping, effects) : ofGiven(mapping);
    if (effect.do === 'oops') return effect;
  }
  return { do: 'ok' };
}

/** Without struct pages the first stale entry decides. */
function zapOfGone(tx: Transaction, mapping: Mapping, effects: ByLevel): Effect {
  const [first] = staleRuns(tx.host, mapping);
  return first === undefined ? { do: 'ok' } : levelOf(effects, first);
}
