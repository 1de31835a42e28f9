import type { DaxDevice, Mapping } from './host.ts';
import { usedPages } from './kmem/range.ts';
import { deviceOf, factsOf, mappingsOfDevice, must, staleRuns } from './lookup.ts';
import { runs, type Run } from './mapping_table.ts';
import { countPages, intersect, normalize, subtract, type PfnRange } from './pfn_range.ts';
import type { Effect } from './kernels/profile.ts';
import { unknownOutcome, type Refusal } from './refusal.ts';
import { emit, entriesOf, patch, type Transaction } from './transaction.ts';
import { PAGE_BYTES } from './vocabulary.ts';

/** print_bad_pte() and bad_page() are limited to 60 lines a minute. */
const LINES_MAX = 60;

/** The reference counts of the device's new pages are wrong: what they meet later is not known (R161). */
const BAD_PAGE_STATE = {
  type: 'bad_page_state',
  detail: 'a stale mapping was zapped over pages of another process: their reference counts are wrong',
} as const;

/**
 * Zapping stale entries whose pfns were given to system-ram: the first that is a page of another process decides.
 * Source: mm/huge_memory.c zap_huge_pmd(), mm/memory.c zap_pte_range(), v7.3; R161.
 */
export function zapOfGiven(tx: Transaction, mapping: Mapping): Effect {
  const device = deviceOf(tx.host, mapping.dax_device);
  const { zap_of_ram } = factsOf(tx.host).repurpose;
  const ram = usedPages(tx.host, device.name);
  const hit = staleRuns(tx.host, mapping).find((run) => intersect([pfnsOf(run)], ram).length > 0);
  return hit === undefined ? { do: 'ok' } : zap_of_ram[hit.level === 'pte' ? 'pte' : 'pmd'];
}

/**
 * What the kernel logs while it zaps stale PTEs over pages that have struct pages again: a line a page that nobody
 * new maps as a file's. Where they are anonymous memory their reference counts are wrong from then on.
 * Source: mm/memory.c print_bad_pte(), mm/page_alloc.c bad_page(), v7.3; R160-R162.
 */
export function zapLog(tx: Transaction, mapping: Mapping, comm: string): string[] {
  if (!factsOf(tx.host).repurpose.bad_page_map) return [];
  const device = deviceOf(tx.host, mapping.dax_device);
  const stale = normalize(
    staleRuns(tx.host, mapping)
      .filter(({ level }) => level === 'pte')
      .map(pfnsOf),
  );
  const bad = subtract(stale, filePages(tx, device));
  const ram = intersect(bad, usedPages(tx.host, device.name));
  if (ram.length > 0) {
    const conditions = [...device.conditions, BAD_PAGE_STATE];
    patch(tx, 'dax_devices', device.name, { conditions });
    emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { conditions });
  }
  return [
    ...lines(bad, (pfn) => `BUG: Bad page map in process ${comm}  pte:${pteOf(pfn)}`),
    ...lines(ram, (pfn) => `BUG: Bad page state in process ${comm}  pfn:${pfn.toString(16)}`),
  ];
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
  if (!mapping.anonymous || !device.conditions.some(({ type }) => type === BAD_PAGE_STATE.type)) return null;
  const newest = must(
    mappingsOfDevice(tx.host, device.name)
      .filter(({ anonymous }) => anonymous)
      .at(-1),
    'newest mapping',
  );
  if (newest.id === mapping.id) return null;
  return unknownOutcome('its pages had wrong reference counts when memory was given out again (R161)');
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
