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

type StaleKind = Extract<HazardKind, 'stale_mapping' | 'kernel_oops' | 'gup_livelock'>;

/** A hazard of entries that are left, as it is told of every mapping whose entries are alike. */
interface Row extends Pick<Hazard, 'writable' | 'triggered_by' | 'source'>, Dependent {
  readonly kind: StaleKind;
  readonly detailOf: (pid: number) => string;
}

/**
 * The hazards of each mapping that has entries left. Which pfns those are is told in the first rows and the first of each
 * kind: no other is shown (CUT1). O(mappings, extents).
 */
export function staleHazards(host: Host, device: DaxDevice): Hazard[] {
  const hazards: Hazard[] = [];
  const rowsOf = askOnce(host, device);
  const seen = new Set<HazardKind>();
  for (const mapping of livingMappings(host, mappingsOfDevice(host, device.name))) {
    const entries = entriesOf(host, mapping.id);
    const kinds = kindsOf(device, entries, EVERY);
    if (kinds.length === 0) continue;
    const rows = rowsOf(mapping, kinds);
    const isShown = hazards.length < ROWS_MAX || rows.some(({ kind }) => !seen.has(kind));
    const pfn_ranges = isShown ? firstDaxRanges(entries, ROWS_MAX) : [];
    for (const row of rows) {
      seen.add(row.kind);
      hazards.push(hazardOf(row, mapping, pfn_ranges));
    }
  }
  return hazards;
}

/** Asks once for mappings that are alike, as most of many are; for each where struct pages differ by pfn. */
function askOnce(host: Host, device: DaxDevice): (mapping: Mapping, kinds: readonly Run[]) => readonly Row[] {
  const effectAt = staleEffects(host);
  const ask = (mapping: Mapping, kinds: readonly Run[]): Row[] =>
    rowsFor(
      device,
      inAnyCase(host, () => triggersOf(effectAt, mapping, kinds)),
    );
  if (memoryRangesOf(host, device.name).length > 0) return ask;
  const known = new Map<string, readonly Row[]>();
  return (mapping, kinds) => {
    let key = `${mapping.prot} ${String(mapping.file)} ${mapping.flags.join()}`;
    for (const run of kinds) key += ` ${String(encodeRun(run)[3])}`;
    const rows = known.get(key) ?? ask(mapping, kinds);
    known.set(key, rows);
    return rows;
  };
}

/** Whoever has such an entry reaches its pfns; what else it sets off is told where there is something. */
function rowsFor({ name }: DaxDevice, { reach, oops, oopses, livelock, ...dependent }: Known): Row[] {
  const writable = reach.includes('store');
  const reaches = writable ? 'reads and writes' : 'reads';
  const rows: Row[] = [
    {
      kind: 'stale_mapping',
      writable,
      triggered_by: reach,
      detailOf: (pid) => `process ${String(pid)} still ${reaches} pfns of ${name}`,
      source: 'SPEC.md D1',
      ...dependent,
    },
  ];
  if (oops.length > 0) {
    const detail = `the kernel oopses on the stale entry, ${functionWords(oops, oopses)}`;
    rows.push({
      kind: 'kernel_oops',
      writable: false,
      triggered_by: oops,
      detailOf: () => detail,
      source: 'C3, C4',
    });
  }
  if (livelock.length > 0) {
    const detail = 'gup spins on the stale PTE until SIGKILL';
    rows.push({
      kind: 'gup_livelock',
      writable: false,
      triggered_by: livelock,
      detailOf: () => detail,
      source: 'C3',
    });
  }
  return rows;
}

/** Its members by name: there may be one for each of 10 000 mappings (ADR 19). */
function hazardOf(
  { kind, writable, triggered_by, detailOf, source, depends_on }: Row,
  { pid, id: mapping }: Mapping,
  pfn_ranges: Hazard['pfn_ranges'],
): Hazard {
  const detail = detailOf(pid);
  const hazard = { pid, mapping, pin: null, pfn_ranges, writable, triggered_by, kind, detail, source };
  return depends_on === undefined ? hazard : { ...hazard, depends_on };
}

/** What a verb sets off, as far as that is known of the kernel. */
type Known = Triggers & Dependent;

/**
 * What sets it off whatever the facts are that are not known of the kernel, and on which the rest depends. That the
 * entry is there, and so the verdict, depends on none of them (UNK10).
 */
function inAnyCase(host: Host, triggers: () => Triggers): Known {
  return inEveryWorld<Known>(host, triggers, (worlds) => {
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
