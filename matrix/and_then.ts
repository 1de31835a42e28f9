import { PROFILES } from '../src/engine/kernels/profiles.ts';
import type { Command } from '../src/engine/model/command.ts';
import type { Outcome } from '../src/engine/model/outcome.ts';
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

/** A call and what it gives: `ok`, an errno, `oops F`, `hangs in F`, `takes no signal`, `not known`. */
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
  const given = ORDERS[order].flatMap((call): Given[] => {
    const gives = give(actor, call);
    return gives === null ? [] : [{ call, gives }];
  });
  const shown = told(given);
  return {
    ...question,
    refused: null,
    state,
    verdict,
    unsafe_clean_up: hazards.some(({ kind }) => kind === 'unsafe_clean_up'),
    given: shown,
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

/** What a call gives; null where there is nothing to call. */
function give({ made, place, pid }: Actor, call: Call): string | null {
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

function act(made: Machine, command: Command): string {
  const decision = made.try(command);
  if (isRefusal(decision)) {
    if (decision.code === 'process_unavailable') return 'takes no signal';
    return decision.code === 'outcome_unknown' ? 'not known' : (decision.errno ?? decision.code);
  }
  const { answer } = decision;
  if (answer !== null && typeof answer === 'object' && 'bind' in answer)
    return answer.bind.result === 'ok' ? 'ok' : `hangs in ${String(answer.bind.blocked_in)}`;
  if (answer === null || typeof answer !== 'object' || !('kernel_oopses' in answer)) return 'ok';
  return words(answer);
}

function words({ result, kernel_oopses, blocked_in }: Outcome): string {
  if (result === 'kernel_oops') return `oops ${kernel_oopses.map(({ at }) => at).join(', ')}`;
  return result === 'ok' ? result : `hangs in ${String(blocked_in)}`;
}

/** Another type is of interest only where the name of the old superblock stands in the way. */
function told(given: readonly Given[]): Given[] {
  const exists = given.some(({ call, gives }) => call === 'mkfs and mount' && gives === 'EEXIST');
  return given.filter(({ call }) => call !== 'with another type' || exists);
}

/** What decides each call. */
function rulesOf(kernel: KernelName, state: RemovalState, given: readonly Given[]): string[] {
  const bindAt = given.findIndex(({ call }) => call === 'bind');
  const after = given[bindAt]?.gives === 'ok' ? bindAt : given.length;
  const rules = given.flatMap((one, at) => {
    if (one.gives !== 'ok') return ruleOf(kernel, one);
    return one.call === 'umount' ? [ruleOfUmount(kernel, state, at > after)] : [];
  });
  return [...new Set(rules)];
}

/** Of what is not ok. */
function ruleOf(kernel: KernelName, { call, gives }: Given): string[] {
  const { oopses_in } = PROFILES[kernel].facts.eviction;
  if (gives === 'EEXIST') return ['S12'];
  if (gives === 'ENOENT') return ['S48'];
  if (gives === 'EINVAL') return ['R13'];
  if (gives === 'not known') return ['S11'];
  if (gives.startsWith('hangs in dax_break')) return ['S10'];
  if (gives.startsWith('hangs in synchronize_rcu')) return ['S32'];
  if (gives.startsWith('hangs')) return ['S28'];
  if (call === 'kill') return [gives === `oops ${oopses_in}` ? 'S4' : 'R140'];
  return [call === 'umount' ? 'S1' : 'S28'];
}

/** Of an umount that is ok. */
function ruleOfUmount(kernel: KernelName, state: RemovalState, isBound: boolean): string {
  if (state === 'stuck') return 'S28';
  if (!isBound) return 'EVICT1';
  return PROFILES[kernel].facts.eviction.waits_for_refs ? 'S11' : 'S7';
}
