import type { KernelProbes } from '../model/kernel_probes.ts';
import { ONLINE_POLICIES, type OnlinePolicy } from '../model/vocabulary.ts';
import { KNOWN_REGION_TYPES, type CxlRegionType } from '../model/region_type.ts';
import type { Change } from './change.ts';
import { CHANGES } from './changes.ts';

/** What was found under a name. */
export type Answer = string | boolean;

/** What one probe tells: the changes that an answer proves to be there, and those that it proves to be absent. */
export interface Probe {
  readonly kind: keyof KernelProbes;
  /** How it is named; the first of them where a kernel may spell it differently. */
  readonly name: string;
  readonly is: (name: string) => boolean;
  /** In words: what to look at. */
  readonly where: string;
  /** The same of another of its kind, where one that was looked at need not be like all; null: one is. */
  readonly another: string | null;
  /** What may be found there, beside `false`, that it is not there. */
  readonly answers: readonly Answer[];
  readonly tells: (answer: Answer, all: (name: string) => Answer | undefined) => Told;
}

/** Changes that are proved to be there, and to be absent. */
interface Told {
  readonly has?: readonly Change[];
  readonly lacks?: readonly Change[];
}

const NOTHING: Told = {};

const THERE = [true] as const;

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
    ...named('symbols', name, `${name} in /proc/kallsyms`),
    tells: (there, all) => {
      if (there === true) return { has: changes };
      return there === false && all(other) === false ? { lacks: changes } : NOTHING;
    },
  };
}

/** A name without where it was looked for, which `where` shows behind it: either may be sent. */
export function bare(told: string): string {
  return told.replace(/ (?:in|of) .*$/, '');
}

function named(kind: keyof KernelProbes, name: string, where: string): Omit<Probe, 'tells'> {
  return { kind, name, where, another: null, answers: THERE, is: (told) => bare(told) === name };
}

const yesNo =
  (changes: readonly Change[]) =>
  (answer: Answer): Told =>
    answer === true ? { has: changes } : answer === false ? { lacks: changes } : NOTHING;

/** As who reads BTF says it, and as bpftool prints it. */
const POINTER: readonly Answer[] = ['pointer', 'struct percpu_ref *'];
const STRUCT: readonly Answer[] = ['struct', 'struct percpu_ref'];

/** A member of a type in the kernel's BTF: alone, or with the type before a dot. */
function btf(type: string, member: string, tells: Probe['tells']): Probe {
  const name = `${type}.${member}`;
  const is = (told: string) => [name, member].includes(bare(told)) || bare(told).endsWith(` ${name}`);
  return { ...named('btf', name, `${name} in /sys/kernel/btf/vmlinux`), is, tells };
}

function sysfs(name: string, form: RegExp, tells: Probe['tells']): Probe {
  return { ...named('sysfs', name, name), is: (told) => form.test(bare(told)), tells };
}

const { notify_failure, mark_dead, walk_of_rt, refcounted, hwpoison_of_block, mf_of_node } = CHANGES;
const cxl = [CHANGES.cxl_pmem_region, CHANGES.cxl_ram_region];

/**
 * Which policy is in force. Where it is one that no build had for a default while the facts were read, it says nothing
 * of the build.
 */
export const ONLINE_POLICY: Probe = {
  ...sysfs('/sys/devices/system/memory/auto_online_blocks', /(?:^|\/)auto_online_blocks$/, (answer) => {
    if (answer === 'offline') return { lacks: [CHANGES.auto_online] };
    return answer === 'online' ? { has: [CHANGES.auto_online] } : NOTHING;
  }),
  answers: ONLINE_POLICIES,
};

/**
 * A CXL region that is there: both changes are of one file, which made regions for persistent memory first. The file
 * itself came with those for RAM.
 * Source: drivers/cxl/core/region.c mode_show(), 7d505f982f66 (v6.3).
 */
const REGION_MODE: Probe = {
  ...sysfs(
    '/sys/bus/cxl/devices/regionN/mode',
    /(?:^|\/)bus\/cxl\/devices\/region(?:\d+|N)(?:\/mode)?$/,
    (answer) => {
      if (answer === 'ram') return { has: cxl };
      return answer === 'pmem' || answer === true ? { has: [CHANGES.cxl_pmem_region] } : NOTHING;
    },
  ),
  another: '/sys/bus/cxl/devices/regionN/mode of another region',
  answers: [...THERE, ...KNOWN_REGION_TYPES],
};

/** How the references of a pgmap are kept: a member of it since 5.17, before what it points to. */
const PGMAP_REF: Probe = {
  ...btf('dev_pagemap', 'ref', (answer) => {
    if (POINTER.includes(answer)) return { lacks: [CHANGES.external_refs] };
    return STRUCT.includes(answer) ? { has: [CHANGES.external_refs] } : NOTHING;
  }),
  where: 'dev_pagemap.ref in /sys/kernel/btf/vmlinux, pointer or struct',
  answers: [...POINTER, ...STRUCT],
};

/** The answers of sysfs that tell of CXL regions. */
export function regionsTold(sysfs: KernelProbes['sysfs']): KernelProbes['sysfs'] {
  return Object.fromEntries(Object.entries(sysfs).filter(([name]) => REGION_MODE.is(name)));
}

/**
 * The probes of a host once a listing shows regions, under the probe's own name: one is as good as another, and which
 * comes first decides nothing. One for RAM proves what one for persistent memory does. The same where it tells nothing new.
 */
export function withRegions(
  probes: KernelProbes,
  regions: readonly { readonly type: CxlRegionType }[],
): KernelProbes {
  const { name } = REGION_MODE;
  const answers = [probes.sysfs[name], ...regions.map(({ type }) => type)];
  const answer = (['ram', 'pmem'] as const).find((type) => answers.includes(type));
  if (answer === undefined || answer === probes.sysfs[name]) return probes;
  return { ...probes, sysfs: { ...probes.sysfs, [name]: answer } };
}

/** The online policy that was read in sysfs, or null: the file itself says what is in force (M87). */
export function policyRead(sysfs: KernelProbes['sysfs']): OnlinePolicy | null {
  const read = Object.entries(sysfs).filter(([name]) => ONLINE_POLICY.is(name));
  return ONLINE_POLICIES.find((policy) => read.some(([, answer]) => answer === policy)) ?? null;
}

/** A name that may be looked up, and that tells nothing, whatever the answer. */
interface SilentProbe extends Pick<Probe, 'kind' | 'is'> {
  readonly why: string;
}

/** Source: io_uring/rsrc.c io_buffer_unmap(), before and after 27cb27b6d5ea (v6.15), which made it call io_release_ubuf(). */
export const SILENT_PROBES: readonly SilentProbe[] = [
  {
    kind: 'symbols',
    is: (told) => bare(told) === 'io_buffer_unmap',
    why: 'it is there before 27cb27b6d5ea and after it, where a compiler does not inline it: io_release_ubuf tells',
  },
];

/** All that may be asked of a host without touching a device. A name that is not among them is kept, and tells nothing. */
export const PROBES: readonly Probe[] = [
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
  PGMAP_REF,
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
  REGION_MODE,
  sysfs('/sys/bus/cxl', /(?:^|\/)bus\/cxl\/?$/, (answer) => (answer === false ? { lacks: cxl } : NOTHING)),
];
