import type { Access } from '../src/engine/model/use_command.ts';
import type { Command } from '../src/engine/model/command.ts';
import type { CreateMapping } from '../src/engine/model/use_command.ts';
import type { Outcome as CommandOutcome } from '../src/engine/model/outcome.ts';
import type { Mapping } from '../src/engine/model/host.ts';
import { isRefusal } from '../src/engine/model/refusal.ts';
import type { RemovalRecord } from '../src/engine/model/removal.ts';
import type { Table } from '../src/engine/model/table.ts';
import type { RemovalState, RemoveTrigger, Verdict } from '../src/engine/model/vocabulary.ts';
import { told } from '../test/engine/observe.ts';
import { machine, processOf, settle, type Machine } from '../test/engine/support.ts';
import { PINS, type Cell, type Place } from './dimensions.ts';

const MIB = 2 ** 20;
const PAGE = 4096;
export const DEVICE = 'dev0';

/** What a removal leaves, or where the kernel said no before there was anything to remove. */
export interface Outcome {
  /** `mount: EINVAL`, `mmap: EOPNOTSUPP`, `pin: EOPNOTSUPP`; null where all of it could be set up. */
  readonly refused: string | null;
  readonly state: RemovalState | null;
  readonly verdict: Verdict | null;
  /** Signals that the process got before it touched anything again. */
  readonly at_rest: readonly string[];
  /** What it gets when it then reads, and after that writes, a page that it had touched. */
  readonly read: string | null;
  readonly write: string | null;
  readonly hazards: readonly {
    readonly of: 'process' | 'kernel';
    readonly kind: string;
    readonly triggered_by: readonly string[];
  }[];
  readonly waiting_on: readonly string[];
}

/** The outcome with what decided it, for `decided_by.ts`. */
export interface Asked {
  readonly cell: Cell;
  readonly outcome: Outcome;
  readonly removal: RemovalRecord | null;
  /** Entries of the process, before and right after the removal. */
  readonly before: Mapping['present'] | null;
  readonly after: Mapping['present'] | null;
}

/** Asks the engine on a host of its own: sets the cell up, removes the device, then touches. */
export function ask(cell: Cell, trigger: RemoveTrigger = 'unbind'): Asked {
  const made = machine(cell.kernel, cell.kill.early_kill);
  const set = setUp(made, cell);
  if ('refused' in set) return { cell, ...nothing(set.refused) };
  const before = presentOf(made, set.mapping);
  const refused = remove(made, cell.place, trigger);
  if (refused !== null) return { cell, ...nothing(`remove: ${refused}`) };
  const removal = settle(made);
  const after = presentOf(made, set.mapping);
  const rows = removal.report.signals.filter((row) => row.pid === set.pid);
  const outcome: Outcome = {
    refused: null,
    state: removal.state,
    verdict: removal.verdict,
    at_rest: rows.map(
      (row) => `${row.si_code}${row.si_addr_lsb === null ? '' : ` lsb ${String(row.si_addr_lsb)}`}`,
    ),
    read: touch(made, set, 'read', 1),
    write: touch(made, set, 'write', 2),
    hazards: removal.hazards
      .filter(({ pid }) => pid === null || pid === set.pid)
      .map(({ kind, triggered_by, pid }) => ({
        of: pid === null ? 'kernel' : 'process',
        kind,
        triggered_by,
      })),
    waiting_on: removal.waiting_on.map(({ kind, holder }) => `${kind} of ${holder}`),
  };
  return { cell, outcome, removal, before, after };
}

/** Unbinds the device; null, or the errno (else the code) of the refusal. */
export function remove(made: Machine, { via }: Place, trigger: RemoveTrigger): string | null {
  const through = via === null ? {} : { via };
  return attempt(made, { type: 'remove_dax_device', dax_device: DEVICE, trigger, ...through });
}

function nothing(refused: string): Omit<Asked, 'cell'> {
  const outcome: Outcome = {
    refused,
    state: null,
    verdict: null,
    at_rest: [],
    read: null,
    write: null,
    hazards: [],
    waiting_on: [],
  };
  return { outcome, removal: null, before: null, after: null };
}

export interface SetUp {
  readonly pid: number;
  readonly mapping: string;
}

/** Device, file system, file, the process and its mapping, who else maps, the pin: up to the first no. */
export function setUp(made: Machine, cell: Cell): SetUp | { readonly refused: string } {
  const { place, kill } = cell;
  const align = place.mode === 'devdax' && cell.mapping === 'shared, PTE' ? { align: PAGE } : {};
  const device = { name: DEVICE, mode: place.mode, size: 64 * MIB, ...place.device, ...align };
  const without = attempt(made, { type: 'create_dax_device', ...device });
  if (without !== null) return { refused: `device: ${without}` };
  const target = place.mount === null ? { dax_device: DEVICE } : mountAndFile(made, place.mount);
  if ('refused' in target) return target;
  const neighbour = addProcess(made, 'early');
  const pid = addProcess(made, kill.mce_kill);
  const refused = attempt(made, mappingCommand(cell, target, pid));
  if (refused !== null) return { refused: `mmap: ${refused}` };
  const mapping = newest(made.host.tables.mappings).id;
  if (cell.mapping === 'private, copied') {
    made.run(access(mapping, 'write', 0, 1));
    made.run(access(mapping, 'read', 0, (2 * MIB) / PAGE));
  }
  if (kill.neighbour) made.run(neighbourCommand(cell, target, neighbour));
  if (place.shutdown) made.run({ type: 'shutdown_mount', mount: newest(made.host.tables.mounts).id });
  return addPin(made, cell, { pid, mapping });
}

function mountAndFile(
  made: Machine,
  mount: NonNullable<Cell['place']['mount']>,
): { readonly file: string } | { readonly refused: string } {
  const refused = attempt(made, {
    type: 'create_mount',
    dax_device: DEVICE,
    path: '/mnt',
    fs_type: 'ext4',
    dax: 'always',
    mkfs: true,
    ...mount,
  });
  if (refused !== null) return { refused: `mount: ${refused}` };
  made.run({ type: 'create_file', mount: newest(made.host.tables.mounts).id, path: '/f', size: 4 * MIB });
  return { file: newest(made.host.tables.files).id };
}

function addProcess(made: Machine, mce_kill: Cell['kill']['mce_kill']): number {
  made.run({ type: 'create_process', comm: 'probe', sigbus: 'handled', mce_kill });
  return newest(made.host.tables.processes).pid;
}

type Target = { readonly file: string } | { readonly dax_device: string };

function mappingCommand({ mapping, place }: Cell, target: Target, pid: number): CreateMapping {
  const small = mapping === 'shared, PTE' && place.mode !== 'devdax';
  const isPrivate = mapping === 'private, clean' || mapping === 'private, copied';
  const populate =
    mapping === 'never touched' || mapping === 'private, copied' ? 'none' : isPrivate ? 'read' : 'write';
  return {
    type: 'create_mapping',
    pid,
    ...target,
    offset: 0,
    length: 2 * MIB,
    flags: mapping === 'MAP_SYNC' ? ['shared', 'sync'] : [isPrivate ? 'private' : 'shared'],
    prot: 'rw',
    populate,
    activity: mapping === 'storing' ? 'storing' : 'idle',
    ...(small ? { page_size: PAGE } : {}),
  };
}

/** Shared and read, by entries of the size that the process in question has. */
function neighbourCommand(cell: Cell, target: Target, pid: number): CreateMapping {
  const mapping = cell.mapping === 'shared, PTE' ? 'shared, PTE' : 'shared, PMD';
  return { ...mappingCommand({ ...cell, mapping }, target, pid), populate: 'read' };
}

function addPin(made: Machine, cell: Cell, set: SetUp): SetUp | { readonly refused: string } {
  const pin = PINS[cell.pin] ?? null;
  if (pin === null) return set;
  const refused = attempt(made, { type: 'create_pin', ...set, offset: PAGE, length: PAGE, ...pin });
  return refused === null ? set : { refused: `pin: ${refused}` };
}

/** Null, or the errno (else the code) of the refusal. */
function attempt(made: Machine, command: Command): string | null {
  const decision = made.try(command);
  return isRefusal(decision) ? (decision.errno ?? decision.code) : null;
}

function access(mapping: string, kind: 'read' | 'write', page: number, pages: number): Access {
  return { type: 'access', mapping, offset: page * PAGE, length: pages * PAGE, kind };
}

/** A touch in the words of the rules; a process that the removal holds in the kernel touches nothing. */
function touch(made: Machine, set: SetUp, kind: 'read' | 'write', page: number): string {
  const decision = made.try(access(set.mapping, kind, page, 1));
  if (!isRefusal(decision)) return touchedWords(decision.answer);
  const held = decision.code === 'process_unavailable' && processOf(made, set.pid).state === 'blocked';
  return held ? 'blocks' : (decision.errno ?? decision.code);
}

/** A load that nothing decodes reads zeros. */
function touchedWords(outcome: CommandOutcome): string {
  return outcome.result === 'ok' && outcome.data_of === null ? 'zeros' : told(outcome);
}

function presentOf(made: Machine, mapping: string): Mapping['present'] {
  return made.host.tables.mappings.get(mapping)!.present;
}

function newest<T>(records: Table<T>): T {
  return [...records.values()].at(-1)!;
}
