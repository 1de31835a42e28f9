import { ok, type ByLevel, type Effect } from '../kernels/effect.ts';
import { factsOf } from '../kernels/of_host.ts';
import type { STALE } from '../kernels/stale.ts';
import type { Facts } from '../kernels/tables.ts';
import type { DaxDevice, Host, Mapping } from '../model/host.ts';
import { deviceOf, must, superblockOf } from '../model/lookup.ts';
import type { Entries, Run } from '../model/mapping_table.ts';
import { usedPages } from '../model/memory_range.ts';
import { overlaps, type PfnRange } from '../model/pfn_range.ts';
import { daxKinds, daxRuns, EVERY, type Which } from '../model/scan_entries.ts';
import { structPagesOf, type StructPages } from '../model/struct_pages.ts';
import type { MappingVerb } from '../model/vocabulary.ts';
import { isFrozen } from './freeze.ts';

/** What a verb does to the kernel, or to who asks for it, at an entry. `unknown`: neither recorded nor read. */
export type StaleEffect = Effect | { readonly do: 'unknown'; readonly why: string };

/** Answers for one verb at one run of a mapping. */
export type EffectAt = (mapping: Mapping, run: Run, verb: MappingVerb) => StaleEffect;

/** How a verb comes to the page behind an entry; `register`: io_uring, `aside`: it does not come to it. */
type Way = 'load' | 'store' | 'zap' | 'gup' | 'register' | 'walk' | 'protect' | 'aside';

/** Every row of the kernels' tables has a way that asks for it, and every verb has one way. */
const WAYS = {
  load: 'load',
  copy_out: 'load',
  store: 'store',
  munmap: 'zap',
  exit: 'zap',
  madvise_dontneed: 'zap',
  vmsplice: 'gup',
  direct_io: 'gup',
  madvise_hwpoison: 'gup',
  process_vm_readv: 'gup',
  ptrace: 'gup',
  io_uring_register: 'register',
  mlock: 'walk',
  smaps: 'walk',
  pagemap: 'walk',
  numa_maps: 'walk',
  msync: 'aside',
  mprotect: 'protect',
} as const satisfies Readonly<Record<MappingVerb, Way>> &
  Readonly<Record<keyof typeof STALE, 'zap' | 'gup' | 'walk'>>;

type VerbBy<W extends Way> = {
  [Verb in MappingVerb]: (typeof WAYS)[Verb] extends W ? Verb : never;
}[MappingVerb];

/** The verbs that take entries away. */
export type ZapVerb = VerbBy<'zap'>;

/** Every verb, as WAYS has them: what hazards name keeps this order. */
const VERBS = Object.keys(WAYS) as MappingVerb[];

/** Whether an entry outlived the pgmap it was made under, or that pgmap takes no more references. */
export function isStale(device: DaxDevice, run: Run): boolean {
  return run.kind === 'dax' && (run.pgmap !== device.pgmap || device.pgmap_state !== 'live');
}

/** Whether any of its entries may be: none is older than the first pgmap. */
export function mayBeStale({ pgmap, pgmap_state }: DaxDevice): boolean {
  return pgmap > 1 || pgmap_state !== 'live';
}

/** The stale ones of its entries, from a page index up to another. */
export function staleWithin({ pgmap, pgmap_state }: DaxDevice, from: number, to: number): Which {
  return { ...EVERY, but: pgmap_state === 'live' ? pgmap : null, from, to };
}

/** Whether a store goes through the entry and asks nobody; a private one never does. */
export function storePasses(mapping: Mapping, run: Run): boolean {
  return run.writable && !mapping.flags.includes('private');
}

/** What a verb does at an entry: the one rule, for acts and hazards alike (C3, C4, ST1). */
export function staleEffect(host: Host, mapping: Mapping, run: Run, verb: MappingVerb): StaleEffect {
  return isStale(deviceOf(host, mapping.dax_device), run) ? staleEffects(host)(mapping, run, verb) : ok;
}

/**
 * The same for many entries, what is asked of their devices looked up once. Holds while nothing changes but what is
 * assumed.
 */
export function staleEffects(host: Host): EffectAt {
  let { assumed } = host;
  let facts = factsOf(host);
  const ramOf = onceADevice((device) => ramInUse(host, device));
  return (mapping, run, verb) => {
    if (host.assumed !== assumed) ({ assumed, facts } = { assumed: host.assumed, facts: factsOf(host) });
    const device = deviceOf(host, mapping.dax_device);
    if (!isStale(device, run)) return ok;
    if (goes(verb, 'protect')) return unread(`${verb} of a stale entry`);
    for (const { pfn, nr_pages, struct_pages } of structPagesOf(host, device, [run.pfn, run.nr_pages])) {
      const part = { ...run, index: run.index + (pfn - run.pfn), pfn, nr_pages };
      const effect = effectOn(struct_pages, { host, facts, mapping, run: part, verb }, () => ramOf(device));
      if (effect.do !== 'ok') return effect;
    }
    return ok;
  };
}

interface Met {
  readonly host: Host;
  readonly facts: Facts;
  readonly mapping: Mapping;
  readonly run: Run;
  readonly verb: Exclude<MappingVerb, VerbBy<'protect'>>;
}

/** What a verb does at stale entries whose pfns all have these struct pages. */
function effectOn(struct_pages: StructPages, met: Met, ramUsed: () => PfnRange[]): StaleEffect {
  const { host, facts, mapping, run, verb } = met;
  if (goes(verb, 'gup')) return ofGup(at(facts.stale[verb], run), struct_pages);
  if (struct_pages === 'none') {
    if (goes(verb, 'zap', 'walk')) return at(facts.stale[verb], run);
    const faults = goes(verb, 'store') || (goes(verb, 'register') && registersByFault(facts));
    return faults ? ofStore(host, facts, mapping, run) : ok;
  }
  const hits = struct_pages === 'ram' && goes(verb, 'zap') && overlaps([run.pfn, run.nr_pages], ramUsed());
  return hits ? at(facts.repurpose.zap_of_ram, run) : ok;
}

/** What the entries that are left of a mapping lead to, verb by verb, in the order of the table. */
export interface Triggers {
  /** Come to the pfns as if nothing had happened. */
  readonly reach: readonly MappingVerb[];
  readonly oops: readonly MappingVerb[];
  /** In which functions of the kernel: of more levels than one there may be several. */
  readonly oopses: readonly { readonly at: string; readonly verb: MappingVerb }[];
  readonly livelock: readonly MappingVerb[];
}

/** Which verbs reach the pfns, oops or spin at any of these kinds of device entries. */
export function triggersOf(effectAt: EffectAt, mapping: Mapping, kinds: readonly Run[]): Triggers {
  const livelock = VERBS.filter((verb) =>
    kinds.some((run) => effectAt(mapping, run, verb).do === 'livelock'),
  );
  const oopses = VERBS.flatMap((verb) =>
    kinds.flatMap((run) => {
      const effect = effectAt(mapping, run, verb);
      return effect.do === 'oops' ? [{ at: effect.at, verb }] : [];
    }),
  );
  const oops = [...new Set(oopses.map(({ verb }) => verb))];
  const stores = kinds.some((run) => storePasses(mapping, run));
  return { reach: stores ? ['load', 'store'] : ['load'], oops, oopses, livelock };
}

/**
 * A run of each kind that there is of the device's own pages, the first: what a verb does depends on nothing else, but
 * for system RAM made of the pfns, where each run is asked for. O(runs).
 */
export function kindsOf({ mode }: DaxDevice, entries: Entries, which: Which): readonly Run[] {
  return mode === 'system-ram' ? daxRuns(entries, which) : daxKinds(entries, which);
}

/** Pages of system RAM made of a device that processes use; none where the device is something else. */
export function ramInUse(host: Host, device: DaxDevice): PfnRange[] {
  return device.mode === 'system-ram' ? usedPages(host, device.name) : [];
}

/** Looks each device up once: a process may map one by thousands of mappings. Holds while nothing changes. */
export function onceADevice<Pages>(pagesOf: (device: DaxDevice) => Pages): (device: DaxDevice) => Pages {
  // Most who ask are of one device: they need no map.
  let first: { readonly name: string; readonly pages: Pages } | null = null;
  let others: Map<string, Pages> | null = null;
  return (device) => {
    const { name } = device;
    if (first === null) first = { name, pages: pagesOf(device) };
    if (first.name === name) return first.pages;
    others ??= new Map();
    const pages = others.get(name) ?? pagesOf(device);
    others.set(name, pages);
    return pages;
  };
}

/** Whether a verb goes one of these ways. */
function goes<W extends Way>(verb: MappingVerb, ...ways: readonly W[]): verb is VerbBy<W> {
  return ways.some((way) => way === WAYS[verb]);
}

/** The effect at the level of an entry; PUD entries count as PMD. */
function at(effects: ByLevel, { level }: Run): Effect {
  return level === 'pte' ? effects.pte : effects.pmd;
}

/** gup asks for the pgmap of a pfn first: one that lives serves it, one that is being killed does not. */
function ofGup(gone: Effect, struct_pages: StructPages): StaleEffect {
  if (struct_pages === 'pgmap') return ok;
  if (struct_pages === 'ram') return unread('gup through a stale entry to what is system RAM now');
  if (struct_pages === 'killed' && gone.do === 'oops')
    return { do: 'unknown', why: 'gup while the pgmap is being killed is not recorded on this kernel' };
  return gone;
}

/** Whether io_uring faults the page in for writing before it looks at the file. */
export function registersByFault({ io_uring_register_stale }: Facts): boolean {
  return io_uring_register_stale === 'write_fault_first';
}

/**
 * What a store of the processor meets where its entry sends it into a fault: a private one copies (C4). A shared one by
 * 2 MiB comes to the file system before the entry is split, and waits there while it is frozen (S31, S38).
 */
function ofStore(host: Host, { stale_store }: Facts, mapping: Mapping, run: Run): Effect {
  if (mapping.prot === 'r' || storePasses(mapping, run)) return ok;
  if (mapping.flags.includes('private')) return at(stale_store.private, run);
  const file = must(host.tables.files.get(String(mapping.file)), `file of ${mapping.id}`);
  const mount = superblockOf(host, file.file_system)!;
  if (run.level !== 'pte' && isFrozen(mount)) return ok;
  return at(mount.fs_type === 'xfs' ? stale_store.shared_xfs : stale_store.shared_ext4, run);
}

function unread(what: string): StaleEffect {
  return { do: 'unknown', why: `${what} is neither recorded nor in the sources read` };
}
