import type { Exposure } from '../model/exposure.ts';
import type { DaxDevice, Host, Mapping, Pin, Process } from '../model/host.ts';
import { decodes, deviceOf, generationOf, hasEnded, nrPages, processOf } from '../model/lookup.ts';
import { runs, type Run } from '../model/mapping_table.ts';
import { countPages, intersect, normalize, subtract, type PfnRange } from '../model/pfn_range.ts';
import { entriesOf } from '../model/transaction.ts';

/** What an exposure says of the present state; the rest of it is its story. */
export type Window = Pick<
  Exposure,
  | 'dax_device'
  | 'mapping'
  | 'pin'
  | 'pid'
  | 'reason'
  | 'generation'
  | 'to_tenant'
  | 'to_generation'
  | 'pages'
  | 'writable_pages'
  | 'pfn_ranges'
>;

const RANGES_MAX = 100;

/**
 * The window that a mapping or pin is now, or null: no such mapping or pin, nothing reached, or its own
 * generation's pfns, which it was not told to leave (EX1, EX2, EX14). O(1) where the generations agree, else O(runs).
 */
export function windowOf(host: Host, id: string): Window | null {
  const mapping = host.tables.mappings.get(id);
  if (mapping !== undefined) return throughMapping(host, mapping);
  const pin = host.tables.pins.get(id);
  return pin === undefined ? null : throughPin(host, pin);
}

function throughMapping(host: Host, mapping: Mapping): Window | null {
  const device = deviceOf(host, mapping.dax_device);
  const generation = generationOf(host, mapping);
  const process = processOf(host, mapping.pid);
  const reason = reasonOf(device, generation, process);
  if (reason === null || hasEnded(process)) return null;
  const reached = [...runs(entriesOf(host, mapping.id))].filter(isTranslation);
  const through = { mapping: mapping.id, pin: null, pid: mapping.pid, reason, generation };
  const writable = reached.filter((run) => run.writable);
  return onto(host, device, through, pfnsOf(device, mapping, reached), pfnsOf(device, mapping, writable));
}

/** Why a process that maps or pins what was given out under a generation reaches another owner's pfns; null: its own. */
function reasonOf(device: DaxDevice, generation: number, { tenant }: Process): Window['reason'] | null {
  if (generation !== device.generation) return 'generation';
  // Pages of system RAM are the kernel's to give out, whoever has the device.
  if (device.mode === 'system-ram' || tenant === null) return null;
  return device.former_tenants.includes(tenant) ? 'tenant' : null;
}

/** A hwpoison entry whose memory is gone has no pfn. */
function isTranslation({ kind, pfn }: Run): boolean {
  return (kind === 'dax' || kind === 'ram') && pfn >= 0;
}

/** A poisoned page of system RAM has a hwpoison entry, which translates to nothing. */
function pfnsOf(device: DaxDevice, { anonymous }: Mapping, list: readonly Run[]): PfnRange[] {
  const pfns = normalize(list.map(({ pfn, nr_pages }): PfnRange => [pfn, nr_pages]));
  return anonymous ? subtract(pfns, device.hwpoisoned) : pfns;
}

/** EX2: DMA by a longterm pin reads and writes; a transient reference reaches nothing by itself (RM2). */
function throughPin(host: Host, pin: Pin): Window | null {
  const device = deviceOf(host, pin.dax_device);
  const { generation, pid } = pin;
  const reason = reasonOf(device, generation, processOf(host, pid));
  if (reason === null || pin.kind !== 'longterm') return null;
  const through = { mapping: null, pin: pin.id, pid, reason, generation };
  const ranges = normalize(pin.pfn_ranges);
  return onto(host, device, through, ranges, ranges);
}

function onto(
  host: Host,
  device: DaxDevice,
  through: Pick<Window, 'mapping' | 'pin' | 'pid' | 'reason' | 'generation'>,
  reached: readonly PfnRange[],
  writable: readonly PfnRange[],
): Window | null {
  const present: PfnRange[] = decodes(host, device) ? [[device.base_pfn, nrPages(device)]] : [];
  const pfn_ranges = intersect(reached, present);
  if (pfn_ranges.length === 0) return null;
  return {
    ...through,
    dax_device: device.name,
    to_tenant: device.tenant,
    to_generation: device.generation,
    pages: countPages(pfn_ranges),
    writable_pages: countPages(intersect(writable, present)),
    pfn_ranges: pfn_ranges.slice(0, RANGES_MAX),
  };
}
