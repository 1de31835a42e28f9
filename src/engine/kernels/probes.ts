import type { KernelProbes } from '../model/kernel_probes.ts';
import { ONLINE_POLICIES, type OnlinePolicy } from '../model/vocabulary.ts';
import type { Change } from './change.ts';
import { CHANGES } from './changes.ts';

type Answer = string | boolean;

/** What one probe tells: the changes that an answer proves to be there, and those that it proves to be absent. */
export interface Probe {
  readonly kind: keyof KernelProbes;
  /** How it is named; the first of them where a kernel may spell it differently. */
  readonly name: string;
  readonly is: (name: string) => boolean;
  /** In words: what to look at. */
  readonly where: string;
  readonly tells: (answer: Answer, all: (name: string) => Answer | undefined) => Told;
}

/** Changes that are proved to be there, and to be absent. */
interface Told {
  readonly has?: readonly Change[];
  readonly lacks?: readonly Change[];
}

const NOTHING: Told = {};

/** A symbol that a compiler does not leave out: it is there with the change, and not without it. */
function symbol(name: string, ...changes: readonly Change[]): Probe {
  return {
    ...named('symbols', name, `${name} in /proc/kallsyms`),
    tells: (there) => (there === true ? { has: changes } : there === false ? { lacks: changes } : NOTHING),
  };
}

/** A static function: only that it is there proves anything, a compiler may inline it. */
function staticSymbol(name: string, told: Told): Probe {
  return {
    ...named('symbols', name, `${name} in /proc/kallsyms of the xfs module`),
    tells: (there) => (there === true ? told : NOTHING),
  };
}

/** A function that was renamed: that both names are missing proves it, that one is there, too. */
function renamed(name: string, other: string, ...changes: readonly Change[]): Probe {
  return {
    ...named('symbols', name, `${name} or ${other} in /proc/kallsyms`),
    tells: (there, all) => {
      if (there === true) return { has: changes };
      return there === false && all(other) === false ? { lacks: changes } : NOTHING;
    },
  };
}

function named(kind: keyof KernelProbes, name: string, where: string): Omit<Probe, 'tells'> {
  return { kind, name, where, is: (told) => told === name };
}

const yesNo =
  (changes: readonly Change[]) =>
  (answer: Answer): Told =>
    answer === true ? { has: changes } : answer === false ? { lacks: changes } : NOTHING;

/** A member of a type in the kernel's BTF: alone, or with the type before a dot. */
function btf(type: string, member: string, tells: Probe['tells']): Probe {
  const name = `${type}.${member}`;
  const is = (told: string) => told === name || told === member || told.endsWith(` ${name}`);
  return { kind: 'btf', name, is, where: `${name} in /sys/kernel/btf/vmlinux`, tells };
}

function sysfs(name: string, form: RegExp, tells: Probe['tells']): Probe {
  return { kind: 'sysfs', name, is: (told) => form.test(told), where: name, tells };
}

const { notify_failure, mark_dead, walk_of_rt, refcounted, hwpoison_of_block, mf_of_node } = CHANGES;
const cxl = [CHANGES.cxl_pmem_region, CHANGES.cxl_ram_region];

/**
 * Which policy is in force. Where it is one that no build had for a default while the facts were read, it says nothing
 * of the build.
 */
const ONLINE_POLICY = sysfs(
  '/sys/devices/system/memory/auto_online_blocks',
  /(?:^|\/)auto_online_blocks$/,
  (answer) => {
    if (answer === 'offline') return { lacks: [CHANGES.auto_online] };
    return answer === 'online' ? { has: [CHANGES.auto_online] } : NOTHING;
  },
);

/** The online policy that was read in sysfs, or null: the file itself says what is in force (M87). */
export function policyRead(sysfs: KernelProbes['sysfs']): OnlinePolicy | null {
  const read = Object.entries(sysfs).filter(([name]) => ONLINE_POLICY.is(name));
  return ONLINE_POLICIES.find((policy) => read.some(([, answer]) => answer === policy)) ?? null;
}

/** All that may be asked of a host without touching a device. A name that is not among them is kept, and tells nothing. */
const PROBES: readonly Probe[] = [
  symbol('dax_holder_notify_failure', notify_failure),
  symbol('mf_dax_kill_procs', notify_failure),
  renamed('fs_bdev_mark_dead', 'fs_mark_dead', mark_dead),
  renamed('fs_mark_dead', 'fs_bdev_mark_dead', mark_dead),
  staticSymbol('xfs_dax_notify_ddev_failure', { has: [notify_failure], lacks: [walk_of_rt] }),
  staticSymbol('xfs_dax_notify_dev_failure', { has: [walk_of_rt] }),
  symbol('vmf_insert_folio_pmd', refcounted),
  symbol('memblk_nr_poison_inc', hwpoison_of_block),
  symbol('io_release_ubuf', CHANGES.io_uring_bvecs),
  btf('mf_flags', 'MF_MEM_PRE_REMOVE', yesNo([CHANGES.pre_remove])),
  btf('dev_pagemap', 'ref', (answer) => {
    if (answer === 'pointer') return { lacks: [CHANGES.external_refs] };
    return answer === 'struct' ? { has: [CHANGES.external_refs] } : NOTHING;
  }),
  btf('dev_pagemap', 'vmemmap_shift', yesNo([CHANGES.compound_devmap])),
  sysfs(
    '/sys/devices/system/node/node0/memory_failure',
    /(?:^|\/)node\d+\/memory_failure$/,
    yesNo([mf_of_node]),
  ),
  ONLINE_POLICY,
  sysfs(
    '/sys/bus/dax/devices/daxX.Y/state',
    /(?:^|\/)dax[\dX]+\.[\dY]+\/state$/,
    yesNo([CHANGES.kmem_state]),
  ),
  sysfs('/sys/bus/cxl', /(?:^|\/)bus\/cxl\/?$/, (answer) => (answer === false ? { lacks: cxl } : NOTHING)),
];

/** One answer that was told, its probe, and the changes that it proves to be there and to be absent, with what follows. */
interface Proof {
  readonly name: string;
  readonly answer: Answer;
  readonly probe: Probe;
  readonly has: readonly Change[];
  readonly lacks: readonly Change[];
}

function proofsOf(probes: KernelProbes): Proof[] {
  return PROBES.flatMap((probe) => {
    const told = Object.entries(probes[probe.kind]);
    const all = (name: string): Answer | undefined => told.find(([each]) => each === name)?.[1];
    const ofIt = told.filter(([name]) => probe.is(name));
    return ofIt.map(([name, answer]): Proof => {
      const { has = [], lacks = [] } = probe.tells(answer, all);
      return { name, answer, probe, has: withNeeds(has), lacks: withThoseThatNeed(lacks) };
    });
  });
}

/** What the probes of a host settle: whether each change is there, and the probe that says so. */
export function settledBy(
  probes: KernelProbes,
): ReadonlyMap<string, { readonly has: boolean; readonly probe: Probe }> {
  const settled = new Map<string, { readonly has: boolean; readonly probe: Probe }>();
  for (const { probe, has, lacks } of proofsOf(probes)) {
    for (const change of has) settled.set(change.id, { has: true, probe });
    for (const change of lacks) settled.set(change.id, { has: false, probe });
  }
  return settled;
}

/** Two answers that no one kernel gives, in words, or null: what one proves the other disproves (KREL5). */
export function contradictionIn(probes: KernelProbes): string | null {
  const proofs = proofsOf(probes);
  const shown = ({ name, answer }: Proof): string => `${name}: ${String(answer)}`;
  for (const proves of proofs) {
    for (const disproves of proofs) {
      const change = proves.has.find((each) => disproves.lacks.includes(each));
      if (change === undefined) continue;
      return `${shown(proves)} proves ${change.id} (${change.title}), and ${shown(disproves)} disproves it`;
    }
  }
  return null;
}

const probesByChange = new WeakMap<Change, readonly string[]>();

/** The probes that may settle a change, in words. */
export function probesOf(change: Change): readonly string[] {
  const known = probesByChange.get(change) ?? findProbes(change);
  probesByChange.set(change, known);
  return known;
}

function findProbes(change: Change): string[] {
  const tellsOf = (probe: Probe): boolean =>
    [true, false, 'pointer', 'struct', 'online', 'offline'].some((answer) => {
      const { has = [], lacks = [] } = probe.tells(answer, () => answer);
      return withNeeds(has).includes(change) || withThoseThatNeed(lacks).includes(change);
    });
  return PROBES.filter(tellsOf).map(({ where }) => where);
}

/** With all that they stand on. */
function withNeeds(changes: readonly Change[]): Change[] {
  return [...new Set(changes.flatMap((change): Change[] => [change, ...withNeeds(change.needs)]))];
}

/** With all that stands on them. */
function withThoseThatNeed(changes: readonly Change[]): Change[] {
  const all: readonly Change[] = Object.values(CHANGES);
  return all.filter((each) => withNeeds([each]).some((needed) => changes.includes(needed)));
}
