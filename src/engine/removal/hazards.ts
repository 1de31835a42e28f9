import { append } from '../append.ts';
import type { DaxDevice, Host, Mapping, Pin } from '../host.ts';
import { decodes, holdsMemory, mappingsOfDevice, memmapGone, must } from '../lookup.ts';
import { spelled } from '../kmem/blocks.ts';
import { memoryRangesOf } from '../kmem/range.ts';
import { runs, type Run } from '../mapping_table.ts';
import { normalize } from '../pfn_range.ts';
import { entriesOf } from '../transaction.ts';
import { verbsThat } from '../stale_entry.ts';
import type { Hazard, RemovalRecord } from './record.ts';

const NONE = { pid: null, mapping: null, pin: null, pfn_ranges: [], writable: false, triggered_by: [] };

/** What remains dangerous when a removal ends, or is stuck: who, which pfns, and what sets it off. */
export function hazardsOf(
  host: Host,
  removal: Pick<RemovalRecord, 'steps' | 'trigger'>,
  device: DaxDevice,
): Hazard[] {
  const hazards: Hazard[] = [];
  for (const mapping of mappingsOfDevice(host, device.name).filter((own) => alive(host, own))) {
    const left = [...runs(entriesOf(host, mapping.id))].filter((run) => run.kind === 'dax');
    if (left.length > 0) append(hazards, staleHazards(host, device, mapping, left));
  }
  const ranges = memoryRangesOf(host, device.name);
  for (const pin of host.tables.pins.values()) {
    if (pin.dax_device !== device.name || pin.pfn_ranges.length === 0) continue;
    // Memory that stays System RAM keeps its struct pages: such a pin outlives nothing.
    if (ranges.length === 0 || pin.pgmap !== device.pgmap) hazards.push(pinHazard(pin));
  }
  for (const range of ranges.filter((own) => own.leaked)) {
    hazards.push({
      ...NONE,
      kind: 'leaked_range',
      detail: `${spelled(range.base_pfn, range.nr_pages)} stays System RAM, burnt for any other use until reboot`,
      pfn_ranges: [[range.base_pfn, range.nr_pages]],
      triggered_by: ['bind'],
      source: 'SPEC.md KM, M66',
    });
  }
  for (const mount of host.tables.mounts.values()) {
    if (mount.dax_device !== device.name || mount.fs_state !== 'frozen') continue;
    hazards.push({
      ...NONE,
      kind: 'frozen_file_system',
      detail: `${mount.path} stays frozen: every write to it blocks`,
      source: 'R54, R55',
    });
  }
  const hung = removal.steps.find((step) => step.state === 'running');
  if (hung !== undefined) {
    const detail = `the unbinding task does not return from ${hung.name} until a reboot`;
    hazards.push({ ...NONE, kind: 'kernel_livelock', detail, source: 'R54, R145' });
  }
  if (removal.trigger === 'surprise_removal' || !decodes(host, device))
    hazards.push(...dataLoss(host, device));
  return hazards;
}

function alive(host: Host, mapping: Mapping): boolean {
  return holdsMemory(must(host.tables.processes.get(String(mapping.pid)), `process ${String(mapping.pid)}`));
}

function staleHazards(host: Host, device: DaxDevice, mapping: Mapping, left: readonly Run[]): Hazard[] {
  const own = {
    ...NONE,
    pid: mapping.pid,
    mapping: mapping.id,
    pfn_ranges: normalize(left.map((run) => [run.pfn, run.nr_pages] as const)).slice(0, 100),
  };
  const writable = left.some((run) => run.writable);
  const hazards: Hazard[] = [
    {
      ...own,
      kind: 'stale_mapping',
      detail: `process ${String(mapping.pid)} still ${writable ? 'reads and writes' : 'reads'} pfns of ${device.name}`,
      writable,
      triggered_by: ['load', ...(writable ? ['store'] : [])],
      source: 'SPEC.md D: stale(e)',
    },
  ];
  if (!memmapGone(device)) return hazards;
  const oopses = verbsThat('oops', host, mapping, left);
  if (oopses.length > 0)
    hazards.push({
      ...own,
      kind: 'kernel_oops',
      detail: 'the kernel oopses on the stale entry',
      triggered_by: oopses,
      source: 'C3, C4',
    });
  const spins = verbsThat('livelock', host, mapping, left);
  if (spins.length > 0)
    hazards.push({
      ...own,
      kind: 'gup_livelock',
      detail: 'gup spins on the stale PTE until SIGKILL',
      triggered_by: spins,
      source: 'C3',
    });
  return hazards;
}

/** A longterm pin is DMA into the pfns: it reaches them. A transient one only fails when it is released. */
function pinHazard(pin: Pin): Hazard {
  const reaches = pin.kind === 'longterm';
  return {
    ...NONE,
    kind: 'pin_outlives_pgmap',
    detail: `${pin.holder} of process ${String(pin.pid)} holds pages whose struct pages are gone${reaches ? ', and can still reach them by DMA' : ''}`,
    pid: pin.pid,
    pin: pin.id,
    pfn_ranges: pin.pfn_ranges.slice(0, 100),
    writable: reaches,
    triggered_by: ['unpin', 'exit'],
    source: 'C5, R123-R126',
  };
}

/** What was stored and not written back is lost with the medium. */
function dataLoss(host: Host, device: DaxDevice): Hazard[] {
  const lost = [...host.tables.mappings.values()].filter(
    (mapping) => mapping.dax_device === device.name && mapping.prot === 'rw',
  );
  if (lost.length === 0) return [];
  const detail = 'everything not flushed before the medium went is lost';
  return [
    {
      ...NONE,
      kind: 'data_loss',
      detail,
      triggered_by: ['surprise_removal'],
      source: 'SPEC.md B6',
    },
  ];
}
