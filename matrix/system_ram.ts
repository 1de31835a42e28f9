import {
  KERNEL_NAMES,
  type KernelName,
  type RemovalState,
  type Verdict,
} from '../src/engine/model/vocabulary.ts';
import { PROFILES } from '../src/engine/kernels/profiles.ts';
import type { Command } from '../src/engine/model/command.ts';
import { isRefusal } from '../src/engine/model/refusal.ts';
import type { Recorded } from '../test/conformance/recording.ts';
import { told } from '../test/engine/observe.ts';
import { machine, settle, type Machine } from '../test/engine/support.ts';

const MIB = 2 ** 20;
const DEVICE = 'dax0.0';

/** What became of the memory of a kmem device before its driver is unbound. */
export const MEMORY = {
  'online, in use': 'all blocks online_movable, a process has anonymous memory in them',
  'offline, never online': 'no block was ever online',
  'offlined first': 'online_movable and in use, then every block offlined (the pages move elsewhere)',
  'offlined first, pinned': 'the same, with 2 MiB registered by io_uring, or tried to be',
} as const;
export type MemoryState = keyof typeof MEMORY;

/** What unbinding kmem leaves. */
export interface RamOutcome {
  /** `ok`, `blocked` where offlining a block does not return; null where nothing is offlined. */
  readonly offline: string | null;
  readonly state: RemovalState;
  readonly verdict: Verdict | null;
  readonly leaked_bytes: number;
  /** What the process gets when it then reads its memory. */
  readonly read: string | null;
  /** kmem bound again: `ok`, or the errno. */
  readonly rebind: string;
}

export interface RamAnswer {
  readonly kernel: KernelName;
  readonly memory: MemoryState;
  /** The open wish of the series (FU11), of the profile that has it. */
  readonly proposed: boolean;
  readonly outcome: RamOutcome;
  readonly rules: readonly string[];
  readonly recordings: readonly string[];
}

export interface RamMatrix {
  readonly answers: readonly RamAnswer[];
  readonly contradictions: readonly string[];
}

/** Unbinds kmem on every kernel, and holds the answers against what recordings show. */
export function buildSystemRam(recordings: readonly Recorded[]): RamMatrix {
  const shown = recordings.flatMap(shownBy);
  const contradictions: string[] = [];
  const answers = questions().map(([kernel, memory, proposed]) => {
    const outcome = ask(kernel, memory, proposed);
    const alike = shown.filter((seen) => !proposed && seen.kernel === kernel && seen.memory === memory);
    const cited = alike.filter((seen) => {
      const differ = Object.entries(seen.outcome).filter(
        ([field, value]) => outcome[field as keyof RamOutcome] !== value,
      );
      if (differ.length > 0) contradictions.push(`${seen.by}: ${JSON.stringify([outcome, seen.outcome])}`);
      return differ.length === 0;
    });
    const rules = decidedBy(memory, outcome);
    return { kernel, memory, proposed, outcome, rules, recordings: cited.map(({ by }) => by) };
  });
  return { answers, contradictions };
}

type Question = [kernel: KernelName, memory: MemoryState, proposed: boolean];

function questions(): Question[] {
  const states = Object.keys(MEMORY) as MemoryState[];
  const all = states.flatMap((memory) => KERNEL_NAMES.map((kernel) => [kernel, memory, false] as Question));
  const proposing = KERNEL_NAMES.filter((kernel) =>
    PROFILES[kernel].proposed.some(({ parameter }) => parameter === 'kmem_memory_failure'),
  );
  return [...all, ...proposing.map((kernel): Question => [kernel, 'online, in use', true])];
}

function ask(kernel: KernelName, memory: MemoryState, proposed: boolean): RamOutcome {
  const isOnline = memory !== 'offline, never online';
  const made = machine(kernel, 0, {
    auto_online_blocks: isOnline ? 'online_movable' : 'offline',
    ...(proposed ? { proposed: { kmem_memory_failure: true } } : {}),
  });
  made.run({
    type: 'create_dax_device',
    name: DEVICE,
    mode: 'devdax',
    size: 1024 * MIB,
    phys_addr: '0x240000000',
    numa_node: 0,
    target_node: 1,
    state: 'unbound',
  });
  made.run({ type: 'bind', dax_device: DEVICE, mode: 'system-ram' });
  const mapping = isOnline ? use(made, memory === 'offlined first, pinned') : null;
  const offline = memory.startsWith('offlined first') ? offlineAll(made) : null;
  made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
  const { state, verdict, report } = settle(made);
  const leaked_bytes = report.leaked_ranges.reduce((sum, { size }) => sum + size, 0);
  const read =
    mapping === null ? null : attempt(made, { type: 'access', mapping, offset: 0, length: 1, kind: 'read' });
  const rebind = attempt(made, { type: 'bind', dax_device: DEVICE, driver: 'kmem' });
  return { offline, state, verdict, leaked_bytes, read, rebind };
}

/** A process fills 256 MiB of the new memory; io_uring registers the first 2 MiB of it where asked. */
function use(made: Machine, pinned: boolean): string {
  made.run({ type: 'create_process', pid: 7, comm: 'probe', sigbus: 'handled' });
  const shape = { offset: 0, length: 256 * MIB, flags: ['private'], prot: 'rw', populate: 'write' } as const;
  made.run({ type: 'create_mapping', pid: 7, dax_device: DEVICE, ...shape });
  const [mapping] = [...made.host.tables.mappings.keys()];
  const pin = { offset: 0, length: 2 * MIB, kind: 'longterm', holder: 'io_uring' } as const;
  if (pinned) made.run({ type: 'create_pin', pid: 7, mapping: mapping!, ...pin });
  return mapping!;
}

/** Every block of the device, in order, until one does not return. */
function offlineAll(made: Machine): string {
  const [range] = [...made.host.tables.memory_ranges.values()];
  const { base_pfn, nr_pages, block_bytes } = range!;
  const pages = block_bytes / 4096;
  for (let block = base_pfn / pages; block < (base_pfn + nr_pages) / pages; block += 1) {
    const decision = made.try({ type: 'patch_memory_block', dax_device: DEVICE, block, state: 'offline' });
    if (isRefusal(decision)) return decision.errno ?? decision.code;
    if (decision.answer.memory_block.result === 'blocked') return 'blocked';
  }
  return 'ok';
}

function attempt(made: Machine, command: Command): string {
  const decision = made.try(command);
  if (isRefusal(decision)) return decision.errno ?? decision.code;
  const { answer } = decision;
  if (answer === null || typeof answer === 'string') return 'ok';
  if ('bind' in answer) return answer.bind.result;
  return 'kernel_oopses' in answer ? told(answer) : 'ok';
}

/** Told by what happened, not by the kernel. */
function decidedBy(memory: MemoryState, { offline, leaked_bytes, state }: RamOutcome): string[] {
  if (memory === 'offline, never online') return ['M65'];
  if (memory === 'offlined first, pinned')
    return offline === 'blocked' || state === 'waiting' ? ['M76', 'M159'] : ['M76'];
  if (memory === 'offlined first') return ['M75'];
  return leaked_bytes > 0 ? ['M66', 'M69'] : ['FU11'];
}

interface Shown {
  readonly by: string;
  readonly kernel: KernelName;
  readonly memory: MemoryState;
  readonly outcome: Partial<RamOutcome>;
}

const VARIANTS: Readonly<Record<string, MemoryState>> = {
  'in-use': 'online, in use',
  'auto-online': 'online, in use',
  'never-onlined': 'offline, never online',
  'offlined-first': 'offlined first',
  pinned: 'offlined first, pinned',
};

interface Command_ {
  readonly rc?: number | null;
  readonly errno?: string | null;
  readonly blocked?: boolean;
}

/** A recording of kmem unbound: which variant, and what was seen of it. */
function shownBy({ name, kernel, recording }: Recorded): Shown[] {
  const given = (recording.given ?? {}) as { readonly variant?: string };
  const observed = (recording.observed ?? {}) as {
    readonly event?: Command_;
    readonly offline?: Command_;
    readonly owner_data?: { readonly ok: boolean };
    readonly follow_ups?: readonly { readonly do?: string; readonly result?: Command_ }[];
  };
  const memory = VARIANTS[given.variant ?? ''];
  if (kernel === null || memory === undefined || observed.event === undefined) return [];
  const again = observed.follow_ups?.find((step) => step.do === 'bind kmem again')?.result;
  const outcome: Partial<RamOutcome> = {
    state: observed.event.blocked === true ? 'waiting' : 'completed',
    ...(observed.offline === undefined ? {} : { offline: observed.offline.rc === 0 ? 'ok' : 'blocked' }),
    ...(observed.owner_data?.ok === true ? { read: 'ok' } : {}),
    ...(again === undefined ? {} : { rebind: again.errno ?? 'ok' }),
  };
  return [{ by: name, kernel, memory, outcome }];
}
