import { PROFILES } from '../src/engine/kernels/profiles.ts';
import type { Command } from '../src/engine/model/command.ts';
import type { Outcome } from '../src/engine/model/outcome.ts';
import { must } from '../src/engine/model/lookup.ts';
import { isRefusal } from '../src/engine/model/refusal.ts';
import {
  KERNEL_NAMES,
  type KernelName,
  type RemovalState,
  type Verdict,
} from '../src/engine/model/vocabulary.ts';
import { machine, settle, type Machine } from '../test/engine/support.ts';
import { DEVICE, remove, setUp, type SetUp } from './ask.ts';
import { isCxl, KILLS, PLACES, type MappingKind, type Place } from './dimensions.ts';

/** How a file, or the device, was used when the device went. */
export const USES = {
  'shared, PMD': 'shared and written, by one 2 MiB entry',
  'shared, PTE': 'shared and written, by 4 KiB entries',
  'private, clean': 'private and only read, by one 2 MiB entry',
  'never touched': 'mapped, never touched',
  open: 'mapped and written before, unmapped, the file still open',
  idle: 'mapped and written before, nobody has it any more',
} as const;
export type Use = keyof typeof USES;

/** What an administrator calls afterwards, in this order. */
export const ORDERS = {
  'kill first': ['kill', 'umount', 'bind', 'mkfs and mount', 'with another type'],
  'bind first': ['bind', 'kill', 'umount', 'mkfs and mount', 'with another type'],
} as const;
export type OrderName = keyof typeof ORDERS;
type Call = (typeof ORDERS)[OrderName][number];

/** A call and what it gives: `ok`, an errno, `oops F`, `hangs in F`, `not known`. */
export interface Given {
  readonly call: Call;
  readonly gives: string;
}

/** What follows a removal. */
export interface AndThen {
  readonly kernel: KernelName;
  readonly place: Place;
  readonly use: Use;
  readonly order: OrderName;
  /** Why there is nothing to remove, else null. */
  readonly refused: string | null;
  readonly state: RemovalState | null;
  readonly verdict: Verdict | null;
  /** Whether the report has the hazard `unsafe_clean_up`. */
  readonly unsafe_clean_up: boolean;
  readonly given: readonly Given[];
  readonly rules: readonly string[];
}

/** Asks what follows, of every place but on CXL, where the region has to be committed again first. */
export function buildAndThen(): AndThen[] {
  const all: AndThen[] = [];
  for (const place of PLACES.filter((one) => !isCxl(one)))
    for (const use of Object.keys(USES) as Use[])
      for (const kernel of KERNEL_NAMES)
        for (const order of Object.keys(ORDERS) as OrderName[]) {
          if (place.mount !== null || (use !== 'open' && use !== 'idle'))
            all.push(askThen({ kernel, place, use, order }));
        }
  return all;
}

type Question = Pick<AndThen, 'kernel' | 'place' | 'use' | 'order'>;

function askThen(question: Question): AndThen {
  const { kernel, place, use, order } = question;
  const [kill] = KILLS;
  const made = machine(kernel, kill!.early_kill);
  const mapping: MappingKind = use === 'open' || use === 'idle' ? 'shared, PMD' : use;
  const cell = { kernel, place, mapping, kill: kill!, pin: 'none' };
  const set = setUp(made, cell);
  const nothing = { ...question, state: null, verdict: null, unsafe_clean_up: false, given: [], rules: [] };
  if ('refused' in set) return { ...nothing, refused: set.refused };
  const refused = letGo(made, use, set) ?? remove(made, place, 'unbind');
  if (refused !== null) return { ...nothing, refused };
  const { state, verdict, hazards } = settle(made);
  const actor: Actor = { made, place, pid: set.pid };
  const ended = ORDERS[order].flatMap((call): Ended[] => {
    const ending = endOf(actor, call);
    return ending === null ? [] : [{ call, ending }];
  });
  const shown = told(ended);
  return {
    ...question,
    refused: null,
    state,
    verdict,
    unsafe_clean_up: hazards.some(({ kind }) => kind === 'unsafe_clean_up'),
    given: shown.map(({ call, ending }) => ({ call, gives: words(ending) })),
    rules: rulesOf(kernel, state, shown),
  };
}

/** Of a file that was mapped: opened and unmapped, or left by its process; why not, else null. */
function letGo(made: Machine, use: Use, { pid, mapping }: SetUp): string | null {
  if (use === 'open') {
    const { file } = made.host.tables.mappings.get(mapping)!;
    const opened = made.try({ type: 'open_file', pid, file: file!, flags: ['rdwr'] });
    if (isRefusal(opened)) return `open: ${String(opened.errno)}`;
    made.run({ type: 'munmap', mapping });
  }
  if (use === 'idle') made.run({ type: 'exit_process', pid });
  return null;
}

interface Actor {
  readonly made: Machine;
  readonly place: Place;
  readonly pid: number;
}

/** How a call ends, and at what: an errno, the functions in which it oopses, the one in which it waits for ever. */
interface Ending {
  readonly how: 'ok' | 'errno' | 'oops' | 'hang' | 'unknown';
  readonly at: string;
}

const OK: Ending = { how: 'ok', at: 'ok' };

interface Ended {
  readonly call: Call;
  readonly ending: Ending;
}

/** How a call ends; null where there is nothing to call. */
function endOf({ made, place, pid }: Actor, call: Call): Ending | null {
  const { mount } = place;
  switch (call) {
    case 'kill':
      return made.host.tables.processes.get(String(pid))?.state === 'dead'
        ? null
        : act(made, { type: 'exit_process', pid });
    case 'umount':
      return mount === null ? null : act(made, { type: 'umount', mount: oldMount(made), lazy: false });
    case 'bind':
      return act(made, {
        type: 'bind',
        dax_device: DEVICE,
        ...(place.via === 'dax_pmem' ? { driver: place.via } : {}),
      });
    case 'mkfs and mount':
      return mount === null ? null : act(made, mountCommand(mount, '/new'));
    case 'with another type': {
      if (mount === null) return null;
      const fs_type = mount.fs_type === 'xfs' ? 'ext4' : 'xfs';
      return act(made, mountCommand({ fs_type, dax: mount.dax ?? 'always' }, '/other'));
    }
  }
}

function oldMount(made: Machine): string {
  return [...made.host.tables.mounts.values()].find(({ path }) => path === '/mnt')!.id;
}

function mountCommand(mount: NonNullable<Place['mount']>, path: string): Command {
  return {
    type: 'create_mount',
    dax_device: DEVICE,
    fs_type: 'ext4',
    dax: 'always',
    ...mount,
    path,
    mkfs: true,
  };
}

function act(made: Machine, command: Command): Ending {
  const decision = made.try(command);
  if (isRefusal(decision)) {
    const { code, errno, detail } = decision;
    if (code === 'outcome_unknown') return { how: 'unknown', at: code };
    return { how: 'errno', at: must(errno ?? undefined, `errno of ${command.type}: ${detail}`) };
  }
  const { answer } = decision;
  if (answer !== null && typeof answer === 'object' && 'bind' in answer)
    return answer.bind.result === 'ok' ? OK : { how: 'hang', at: String(answer.bind.blocked_in) };
  if (answer === null || typeof answer !== 'object' || !('kernel_oopses' in answer)) return OK;
  return endingOf(answer);
}

function endingOf({ result, kernel_oopses, blocked_in }: Outcome): Ending {
  if (result === 'kernel_oops') return { how: 'oops', at: kernel_oopses.map(({ at }) => at).join(', ') };
  return result === 'ok' ? OK : { how: 'hang', at: String(blocked_in) };
}

function words({ how, at }: Ending): string {
  switch (how) {
    case 'ok':
    case 'errno':
      return at;
    case 'oops':
      return `oops ${at}`;
    case 'hang':
      return `hangs in ${at}`;
    case 'unknown':
      return 'not known';
  }
}

/** Another type is of interest only where the name of the old superblock stands in the way. */
function told(ended: readonly Ended[]): readonly Ended[] {
  const exists = ended.some(({ call, ending }) => call === 'mkfs and mount' && ending.at === 'EEXIST');
  return ended.filter(({ call }) => call !== 'with another type' || exists);
}

/** What decides that a call does not end well, by where it ends: an errno, a function of the kernel, a refusal of ours. */
const RULES: Readonly<Record<Call, Readonly<Record<string, string>>>> = {
  kill: { vm_normal_folio_pmd: 'R140', __zap_vma_range: 'R140' },
  umount: {
    dax_disassociate_entry: 'S1',
    dax_layout_busy_page_range: 'S1',
    EBUSY: 'S1',
    dax_break_layout_final: 'S10',
    outcome_unknown: 'S11',
  },
  bind: { 'device_lock: the removal holds it': 'S28', synchronize_rcu_normal: 'S32' },
  'mkfs and mount': { EBUSY: 'S28', EEXIST: 'S12', ENOENT: 'S48' },
  'with another type': {},
};

/** What decides each call. */
function rulesOf(kernel: KernelName, state: RemovalState, ended: readonly Ended[]): string[] {
  const bindAt = ended.findIndex(({ call }) => call === 'bind');
  const after = ended[bindAt]?.ending.how === 'ok' ? bindAt : ended.length;
  const rules = ended.flatMap(({ call, ending }, at) => {
    if (ending.how !== 'ok') return [must(RULES[call][ending.at], `rule of ${call}: ${words(ending)}`)];
    return call === 'umount' ? [ruleOfUmount(kernel, state, at > after)] : [];
  });
  return [...new Set(rules)];
}

/** Of an umount that is ok. */
function ruleOfUmount(kernel: KernelName, state: RemovalState, isBound: boolean): string {
  if (state === 'stuck') return 'S28';
  if (!isBound) return 'EVICT1';
  return PROFILES[kernel].facts.eviction.waits_for_refs ? 'S11' : 'S7';
}
