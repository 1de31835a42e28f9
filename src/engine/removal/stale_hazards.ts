import { dependsOn } from '../kernels/depends_on.ts';
import { inEveryWorld } from '../kernels/worlds.ts';
import { kindsOf, staleEffects, triggersOf, type Triggers } from '../mm/stale.ts';
import { ROWS_MAX } from '../model/cut.ts';
import type { Dependent } from '../model/depends_on.ts';
import type { HazardKind } from '../model/hazard_kind.ts';
import type { DaxDevice, Host, Mapping } from '../model/host.ts';
import { livingMappings, mappingsOfDevice } from '../model/lookup.ts';
import { encodeRun, type Run } from '../model/mapping_table.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import type { Hazard } from '../model/removal.ts';
import { EVERY, firstDaxRanges } from '../model/scan_entries.ts';
import { entriesOf } from '../model/transaction.ts';

/** What sets off the entries of a mapping that are left, and where what oopses does. */
interface SetOff extends Pick<Triggers, 'reach' | 'oops' | 'livelock'> {
  readonly oopses_in: string;
  readonly dependent: Dependent;
}

type StaleKind = Extract<HazardKind, 'stale_mapping' | 'kernel_oops' | 'gup_livelock'>;

/**
 * The hazards of each mapping that has entries left. Which pfns those are is told in the first rows and the first of each
 * kind: no other is shown (CUT1). O(mappings, extents).
 */
export function staleHazards(host: Host, device: DaxDevice): Hazard[] {
  const hazards: Hazard[] = [];
  const setOffBy = askOnce(host, device);
  const seen = new Set<HazardKind>();
  for (const mapping of livingMappings(host, mappingsOfDevice(host, device.name))) {
    const entries = entriesOf(host, mapping.id);
    const kinds = kindsOf(device, entries, EVERY);
    if (kinds.length === 0) continue;
    const setOff = setOffBy(mapping, kinds);
    const found = hazardKinds(setOff);
    const isShown = hazards.length < ROWS_MAX || found.some((kind) => !seen.has(kind));
    const pfn_ranges = isShown ? firstDaxRanges(entries, ROWS_MAX) : [];
    for (const kind of found) {
      seen.add(kind);
      hazards.push(hazardOf(kind, device, mapping, setOff, pfn_ranges));
    }
  }
  return hazards;
}

/** Asks once for mappings that are alike, as most of many are; for each where struct pages differ by pfn. */
function askOnce(host: Host, device: DaxDevice): (mapping: Mapping, kinds: readonly Run[]) => SetOff {
  const effectAt = staleEffects(host);
  const ask = (mapping: Mapping, kinds: readonly Run[]): SetOff => {
    const triggers = inAnyCase(host, () => triggersOf(effectAt, mapping, kinds));
    const { reach, oops, oopses, livelock, ...dependent } = triggers;
    return { reach, oops, livelock, oopses_in: functionWords(oops, oopses), dependent };
  };
  if (memoryRangesOf(host, device.name).length > 0) return ask;
  const known = new Map<string, SetOff>();
  return (mapping, kinds) => {
    const bits = kinds.map((run) => encodeRun(run)[3]);
    const key = [mapping.prot, mapping.file, ...mapping.flags, ...bits].join();
    const setOff = known.get(key) ?? ask(mapping, kinds);
    known.set(key, setOff);
    return setOff;
  };
}

function hazardKinds({ oops, livelock }: SetOff): readonly StaleKind[] {
  const kinds: StaleKind[] = ['stale_mapping'];
  if (oops.length > 0) kinds.push('kernel_oops');
  if (livelock.length > 0) kinds.push('gup_livelock');
  return kinds;
}

function hazardOf(
  kind: StaleKind,
  { name }: DaxDevice,
  { pid, id: mapping }: Mapping,
  { reach, oops, oopses_in, livelock, dependent }: SetOff,
  pfn_ranges: Hazard['pfn_ranges'],
): Hazard {
  const base = { pid, mapping, pin: null, pfn_ranges };
  switch (kind) {
    case 'stale_mapping': {
      const writable = reach.includes('store');
      const detail = `process ${String(pid)} still ${writable ? 'reads and writes' : 'reads'} pfns of ${name}`;
      return { ...base, writable, triggered_by: reach, kind, detail, source: 'SPEC.md D1', ...dependent };
    }
    case 'kernel_oops': {
      const detail = `the kernel oopses on the stale entry, ${oopses_in}`;
      return { ...base, writable: false, triggered_by: oops, kind, detail, source: 'C3, C4' };
    }
    case 'gup_livelock': {
      const detail = 'gup spins on the stale PTE until SIGKILL';
      return { ...base, writable: false, triggered_by: livelock, kind, detail, source: 'C3' };
    }
  }
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
