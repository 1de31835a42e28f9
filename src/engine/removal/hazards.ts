import { dependsOn } from '../kernels/depends_on.ts';
import { inEveryWorld } from '../kernels/worlds.ts';
import { append } from '../model/append.ts';
import type { Dependent } from '../model/depends_on.ts';
import type { DaxDevice, Host, Mapping, Pin } from '../model/host.ts';
import { decodes, mappingsOfDevice, mountsOfDevice, pinsOfDevice, livingMappings } from '../model/lookup.ts';
import { spelled } from '../model/memory_block.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import { runs, type Run } from '../model/mapping_table.ts';
import { countPages, normalize } from '../model/pfn_range.ts';
import { entriesOf } from '../model/transaction.ts';
import { pinTriggers } from '../mm/pin_release.ts';
import { staleEffects, triggersOf, type EffectAt, type Triggers } from '../mm/stale.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { ROWS_MAX } from '../model/cut.ts';
import type { Hazard, RemovalRecord, StepRecord } from '../model/removal.ts';
import { nodeHazards } from './node_hazards.ts';

const NONE = { pid: null, mapping: null, pin: null, pfn_ranges: [], writable: false, triggered_by: [] };

/** What a removal leaves when it ends, or is stuck: what is dangerous now, and the data that it has lost. */
export function hazardsOf(host: Host, removal: RemovalRecord, device: DaxDevice): Hazard[] {
  return [...dangersOf(host, removal, device), ...dataLoss(host, removal, device)];
}

/** What is dangerous now about a device that a removal has left: who, which pfns, and what sets it off. */
export function dangersOf(host: Host, { steps }: Pick<RemovalRecord, 'steps'>, device: DaxDevice): Hazard[] {
  const hazards: Hazard[] = [];
  const effectAt = staleEffects(host);
  for (const mapping of livingMappings(host, mappingsOfDevice(host, device.name))) {
    const left = [...runs(entriesOf(host, mapping.id))].filter((run) => run.kind === 'dax');
    if (left.length > 0) append(hazards, staleHazards(host, effectAt, device, mapping, left));
  }
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

function staleHazards(
  host: Host,
  effectAt: EffectAt,
  device: DaxDevice,
  mapping: Mapping,
  left: readonly Run[],
): Hazard[] {
  const triggers = inAnyCase(host, () => triggersOf(effectAt, device, mapping, left));
  const { reach, oops, oopses, livelock, ...dependent } = triggers;
  const writable = reach.includes('store');
  const told = {
    ...NONE,
    pid: mapping.pid,
    mapping: mapping.id,
    pfn_ranges: normalize(left.map((run) => [run.pfn, run.nr_pages] as const)).slice(0, ROWS_MAX),
  };
  const hazards: Hazard[] = [
    {
      ...told,
      kind: 'stale_mapping',
      detail: `process ${String(mapping.pid)} still ${writable ? 'reads and writes' : 'reads'} pfns of ${device.name}`,
      writable,
      triggered_by: reach,
      source: 'SPEC.md D1',
      ...dependent,
    },
  ];
  if (oops.length > 0)
    hazards.push({
      ...told,
      kind: 'kernel_oops',
      detail: `the kernel oopses on the stale entry, ${functionWords(oops, oopses)}`,
      triggered_by: oops,
      source: 'C3, C4',
    });
  if (livelock.length > 0)
    hazards.push({
      ...told,
      kind: 'gup_livelock',
      detail: 'gup spins on the stale PTE until SIGKILL',
      triggered_by: livelock,
      source: 'C3',
    });
  return hazards;
}

/**
 * What sets it off whatever the facts are that are not known of the kernel, and on which the rest depends. That the
 * entry is there, and so the verdict, depends on none of them (UNK10).
 */
function inAnyCase(host: Host, triggers: () => Triggers): Triggers & Dependent {
  return inEveryWorld<Triggers & Dependent>(host, triggers, (worlds) => {
    const [first, ...others] = worlds.tried.map(({ outcome }) => outcome);
    const shared = (does: 'oops' | 'livelock'): Triggers['oops'] =>
      first![does].filter((verb) => others.every((other) => other[does].includes(verb)));
    const { reach } = first!;
    const oopses = first!.oopses.filter(({ at, verb }) =>
      others.every((other) => other.oopses.some((one) => one.at === at && one.verb === verb)),
    );
    const either = { oops: shared('oops'), livelock: shared('livelock') };
    return { reach, ...either, oopses, depends_on: dependsOn(worlds) };
  });
}

/** Where what oopses does: of each function what comes there, in the order of the verbs (C3, C4). */
function functionWords(oops: Triggers['oops'], oopses: Triggers['oopses']): string {
  const untold = oops
    .filter((verb) => oopses.every((one) => one.verb !== verb))
    .map((verb) => ({ at: 'a function that is not known', verb }));
  const byFunction = new Map<string, Set<string>>();
  for (const { at, verb } of [...oopses, ...untold])
    byFunction.set(at, (byFunction.get(at) ?? new Set()).add(verb));
  return [...byFunction].map(([at, verbs]) => `in ${at} (${[...verbs].join(', ')})`).join(', ');
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
function unsavedBytes({ report, mapped_before }: RemovalRecord, { mode }: DaxDevice): number {
  const memory = mode === 'system-ram' ? countPages(mapped_before) * PAGE_BYTES : 0;
  return (report.blast_radius?.dirty_bytes ?? 0) + memory;
}
