import { append } from '../model/append.ts';
import type { DaxDevice, Host, Pin } from '../model/host.ts';
import { decodes, mountsOfDevice, pinsOfDevice } from '../model/lookup.ts';
import { spelled } from '../model/memory_block.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import { pinTriggers } from '../mm/pin_release.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { ROWS_MAX } from '../model/cut.ts';
import type { Hazard, RemovalRecord, StepRecord } from '../model/removal.ts';
import { nodeHazards } from './node_hazards.ts';
import { staleHazards } from './stale_hazards.ts';

const NONE = { pid: null, mapping: null, pin: null, pfn_ranges: [], writable: false, triggered_by: [] };

/** What a removal leaves when it ends, or is stuck: what is dangerous now, and the data that it has lost. */
export function hazardsOf(host: Host, removal: RemovalRecord, device: DaxDevice): Hazard[] {
  return [...dangersOf(host, removal, device), ...dataLoss(host, removal, device)];
}

/** What is dangerous now about a device that a removal has left: who, which pfns, and what sets it off. */
export function dangersOf(host: Host, { steps }: Pick<RemovalRecord, 'steps'>, device: DaxDevice): Hazard[] {
  const hazards = staleHazards(host, device);
  for (const pin of pinsOfDevice(host, device.name)) {
    const triggered_by = pinTriggers(host, pin);
    if (triggered_by.length > 0) hazards.push({ ...pinHazard(pin), triggered_by });
  }
  for (const range of memoryRangesOf(host, device.name).filter(({ leaked }) => leaked)) {
    hazards.push({
      ...NONE,
      kind: 'leaked_range',
      detail: `${spelled(range.base_pfn, range.nr_pages)} stays System RAM, lost to any other use until a reboot`,
      pfn_ranges: [[range.base_pfn, range.nr_pages]],
      triggered_by: ['bind'],
      source: 'SPEC.md KM3, M66',
    });
  }
  for (const mount of mountsOfDevice(host, device.name)) {
    if (mount.fs_state !== 'frozen') continue;
    hazards.push({
      ...NONE,
      kind: 'frozen_file_system',
      detail: `${mount.path} stays frozen: every write to it blocks`,
      source: 'R54, R55',
    });
  }
  append(hazards, nodeHazards(host, device));
  const hung = steps.find((step) => step.state === 'running');
  if (hung !== undefined) hazards.push(neverReturns(hung));
  return hazards;
}

/** Of a task that unbinds: it spins or hangs, or it has died with the device's lock. */
function neverReturns({ name, result }: StepRecord): Hazard {
  const { oopses_in } = result;
  if (oopses_in === undefined) {
    const detail = `the unbinding task does not return from ${name} until a reboot`;
    return { ...NONE, kind: 'kernel_livelock', detail, source: 'R54, R145' };
  }
  const detail = `the unbinding task has oopsed in ${oopses_in}, the lock of the device held: nobody binds or unbinds it, and no other DAX device is taken away to its end, until a reboot`;
  return { ...NONE, kind: 'kernel_oops', detail, source: 'R54, by the source alone: nobody has recorded it' };
}

/** A longterm pin is DMA into the pfns: it reaches them. A transient one only fails when it is released. */
function pinHazard(pin: Pin): Omit<Hazard, 'triggered_by'> {
  const reaches = pin.kind === 'longterm';
  return {
    ...NONE,
    kind: 'pin_outlives_pgmap',
    detail: `${pin.holder} of process ${String(pin.pid)} holds pages whose struct pages are gone${reaches ? ', and can still reach them by DMA' : ''}`,
    pid: pin.pid,
    pin: pin.id,
    pfn_ranges: pin.pfn_ranges.slice(0, ROWS_MAX),
    writable: reaches,
    source: 'C5, R123-R126',
  };
}

/** DL1: what only the medium could have taken, once nothing decodes to it any more. Source: B6, M109. */
function dataLoss(host: Host, removal: RemovalRecord, device: DaxDevice): Hazard[] {
  const lost = decodes(host, device) ? 0 : unsavedBytes(removal, device);
  if (lost === 0) return [];
  const detail = `${String(lost)} bytes that were stored, and not written back before the medium was gone, are lost`;
  return [{ ...NONE, kind: 'data_loss', detail, triggered_by: [removal.trigger], source: 'SPEC.md DL1, B6' }];
}

/** When the removal began: dirty pages of files, and all that processes keep in system RAM, which has no other place. */
function unsavedBytes({ report }: RemovalRecord, { mode }: DaxDevice): number {
  const memory = mode === 'system-ram' ? report.pages.mapped * PAGE_BYTES : 0;
  return (report.blast_radius?.dirty_bytes ?? 0) + memory;
}
