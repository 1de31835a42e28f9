import { oopsOutcome, type Outcome } from '../model/outcome.ts';
import type { Holder } from './record.ts';
import { firstBlock, nrBlocks } from '../model/memory_block.ts';
import type { Mapping, Mount } from '../model/host.ts';
import {
  blockDeviceGone,
  deviceOf,
  findActor,
  generationOf,
  hasEnded,
  mappingsOfFile,
  mountedSuperblock,
  openFilesOfFile,
  processOf,
} from '../model/lookup.ts';
import { nextRun } from '../model/mapping_table.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { SignalRow } from '../model/removal.ts';
import { reaches } from '../model/scan_entries.ts';
import { access } from '../commands/access.ts';
import { fileIo } from '../commands/file_io.ts';
import { findByPath } from '../fs/mount.ts';
import { releasedBeside, releaseOf } from '../mm/pin_release.ts';
import { survivesForced } from '../mm/signals.ts';
import { createProcess } from '../commands/create_process.ts';
import { exitProcess } from '../commands/exit_process.ts';
import { entriesOf, hostRecord, patch, type Transaction } from '../model/transaction.ts';
import type { Access } from '../model/use_command.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import type { Aftermath } from './aftermath.ts';
import { isTooMuch } from './clean_up.ts';
import { cleanUpOf } from './clean_up_orders.ts';
import { whatIf } from './what_if.ts';
import { nodeWords } from './node_words.ts';
import { lsbWords, words } from './words.ts';

/** A user of a device, of any kind. */
export type Use = Pick<Holder, 'kind' | 'id' | 'pid'>;
type Consequence = Pick<Holder, 'consequence' | 'detail'>;
/** What became of a user of the device; `tx` is on the host as the removal has left it. */
export function consequenceOf(tx: Transaction, use: Use, removal: Aftermath): Consequence {
  switch (use.kind) {
    case 'mount':
      return ofMount(tx, use.id);
    case 'file':
      return ofFile(tx, use.id);
    case 'process':
      return ofProcess(tx, use.id, removal);
    case 'mapping':
      return ofMapping(tx, use.id);
    case 'pin':
      return ofPin(tx, use.id, removal);
    case 'open_file':
      return ofOpenFile(tx, use.id);
    case 'memory_block':
      return ofMemoryBlock(tx, use.id);
  }
}

/** A detached one ends with its last user, whom the removal kills, or with its freeze, which the removal ends (S38). */
function ofMount(tx: Transaction, id: string): Consequence {
  const mount = tx.host.tables.mounts.get(id);
  if (mount !== undefined) return withUmount(tx, mount, withFreeze(mount, ofSuperblock(tx, mount)));
  return { consequence: 'forced', detail: 'torn down by the removal, for nothing uses it any more' };
}

function ofSuperblock(tx: Transaction, mount: Mount): Consequence {
  const { fs_state, shutdown_reason } = mount;
  switch (fs_state) {
    case 'shutdown':
      return { consequence: 'forced', detail: `shut down: ${String(shutdown_reason)}` };
    case 'frozen':
      return { consequence: 'forced', detail: 'frozen until a reboot: every write blocks' };
    case 'alive':
      return blockDeviceGone(tx.host, mount)
        ? { consequence: 'forced', detail: 'not notified: its device is gone' }
        : { consequence: 'survives', detail: 'not shut down: its device is still there' };
  }
}

/** What its user froze waits for a thaw, to which a path has to lead (S38). */
function withFreeze({ state, frozen_by_user }: Mount, of: Consequence): Consequence {
  if (!frozen_by_user) return of;
  const until =
    state === 'mounted'
      ? 'writes wait for its thaw'
      : 'it was unmounted since, and no path leads to it for a thaw';
  return { ...of, detail: `${of.detail}; frozen by its user: ${until}` };
}

/** How its umount fails, behind the end of its users, where not too many use it to try; one that waits goes on then. */
function withUmount(tx: Transaction, { id, dax_device }: Mount, of: Consequence): Consequence {
  const device = deviceOf(tx.host, dax_device);
  if (isTooMuch(tx.host, device)) return of;
  const met = cleanUpOf(tx, device).find(({ call }) => call.type === 'umount' && call.mount === id);
  if (met === undefined || met.does === 'ok') return of;
  return { ...of, detail: `${of.detail}; once its users have ended, its umount: ${met.words}` };
}

/** What a process that never touched the file gets from it, where the removal leaves the file and a path to it. */
function ofFile(tx: Transaction, file: string): Consequence {
  const left = tx.host.tables.files.get(file);
  if (left === undefined)
    return { consequence: 'forced', detail: 'freed: its last user ends in the removal' };
  if (isRefusal(mountedSuperblock(tx.host, left)))
    return { consequence: 'forced', detail: 'out of reach: no superblock has it after the removal' };
  const found = findByPath(tx.host, left);
  if (isRefusal(found) && found.code === 'file_system_not_mounted') return ofDetached(tx, file);
  const answers = fileWords(tx, file, (imagined) => {
    const pid = 1000 + hostRecord(imagined.host).next_id;
    createProcess(imagined, { type: 'create_process', pid, comm: 'what-if' });
    return pid;
  });
  return { consequence: 'forced', detail: answers };
}

/** No path leads to the file: what one gets who has it, and can still ask. */
function ofDetached(tx: Transaction, file: string): Consequence {
  const { host } = tx;
  const users = [...openFilesOfFile(host, file), ...mappingsOfFile(host, file)];
  const user = users.find(({ pid }) => processOf(host, pid).state === 'running');
  const had = user === undefined ? '' : `; who has it: ${fileWords(tx, file, () => user.pid)}`;
  return { consequence: 'forced', detail: `no path leads there${had}` };
}

function fileWords(tx: Transaction, file: string, actor: (imagined: Transaction) => number): string {
  const answers = (['pread', 'pwrite', 'fsync'] as const).map((kind) => {
    const outcome = whatIf(tx, (imagined) =>
      fileIo(imagined, { type: 'file_io', file, pid: actor(imagined), kind, offset: 0, length: PAGE_BYTES }),
    );
    return `${kind}: ${words(outcome)}`;
  });
  return answers.join('; ');
}

function ofProcess(tx: Transaction, id: string, { signals: sent, dangers }: Aftermath): Consequence {
  const process = tx.host.tables.processes.get(id)!;
  const signals = sent.get(process.pid)?.map(signalWords).join(', ') ?? 'no signal';
  if (hasEnded(process)) return { consequence: 'killed', detail: signals };
  if (process.state !== 'running')
    return { consequence: 'survives', detail: `${signals}; ${process.state} in the kernel, never reaped` };
  const exit = whatIf(tx, (imagined) => exitProcess(imagined, { type: 'exit_process', pid: process.pid }));
  const own = dangers.get(process.pid) ?? [];
  const told = own.map(({ kind, triggered_by }) => `; ${kind} by ${triggered_by.join(', ')}`);
  return { consequence: 'survives', detail: `${signals}; its exit: ${words(exit)}${told.join('')}` };
}

function signalWords({ signal, si_code, si_addr_lsb, count }: SignalRow): string {
  return `${signal} ${si_code}${lsbWords(si_addr_lsb)} x${String(count)}`;
}

/** What its owner gets at the first page it has touched. Anonymous memory that migrated, or has no page yet, goes on. */
function ofMapping(tx: Transaction, id: string): Consequence {
  const mapping = tx.host.tables.mappings.get(id);
  if (mapping === undefined) return { consequence: 'forced', detail: 'gone with its process' };
  const entries = entriesOf(tx.host, id);
  const offset = (nextRun(entries, 0)?.index ?? 0) * PAGE_BYTES;
  const kinds = mapping.prot === 'rw' ? (['read', 'write'] as const) : (['read'] as const);
  const answers = kinds.map((kind) => {
    const outcome = tried(tx, mapping, { type: 'access', mapping: id, offset, length: 1, kind });
    return `${kind}: ${wordsOf(outcome, tx, mapping)}`;
  });
  const goesOn =
    reaches(entries) || (mapping.anonymous && answers.every((answer) => answer.endsWith(': ok')));
  return { consequence: goesOn ? 'survives' : 'forced', detail: answers.join('; ') };
}

/**
 * What an access meets. Where it ends the process by SIGBUS, that it does: what its exit does is said of the process, once
 * and not for each of its mappings.
 */
function tried(tx: Transaction, { pid }: Mapping, command: Access): Outcome | Refusal {
  const outcome = whatIf(tx, (imagined) => {
    patch(imagined, 'processes', String(pid), { sigbus: 'handled' });
    return access(imagined, command);
  });
  if (isRefusal(outcome) || outcome.signal !== 'SIGBUS') return outcome;
  return { ...outcome, process_alive: survivesForced(processOf(tx.host, pid), 'SIGBUS') };
}

/** Through a stale entry: whose data it reaches now, where they are no longer those that were mapped. */
function wordsOf(outcome: Outcome | Refusal, { host }: Transaction, mapping: Mapping): string {
  if (isRefusal(outcome) || outcome.result !== 'ok' || !outcome.stale) return words(outcome);
  const { data_of } = outcome;
  if (data_of === null) return 'zeros: nothing decodes the range';
  const { generation, tenant, file } = data_of;
  if (generation === generationOf(host, mapping) && file === mapping.file) return 'the old data';
  const owner = tenant === null ? 'an unnamed owner' : `tenant ${tenant}`;
  const within = file === null ? '' : `, file ${file}`;
  return `the data of ${owner}${within} (generation ${String(generation)})`;
}

function ofPin(tx: Transaction, id: string, { waiting_on, steps }: Aftermath): Consequence {
  if (!tx.host.tables.pins.has(id)) return { consequence: 'forced', detail: 'dropped with its process' };
  if (waiting_on.has(id)) {
    const { wait_in } = steps.find(({ state }) => state === 'waiting')!.result;
    return { consequence: 'blocks', detail: `the removal waits in ${wait_in!} until it is dropped` };
  }
  return { consequence: 'survives', detail: `it outlives its pgmap; its release: ${words(dropped(tx, id))}` };
}

/** What its release meets: of a process that an oops kills, not what its exit meets beside. */
function dropped(tx: Transaction, id: string): Outcome | Refusal {
  const pin = tx.host.tables.pins.get(id)!;
  const actor = findActor(tx.host, pin.pid);
  if (isRefusal(actor)) return actor;
  const release = releaseOf(tx.host, pin, 'unpin');
  if (isRefusal(release)) return release;
  const { effect, worker_oopses } = release;
  if (effect.do !== 'oops') return releasedBeside(worker_oopses);
  return oopsOutcome(effect.at, 'process', { process_alive: effect.task === 'stuck' });
}

/**
 * Of a file that it keeps it in use (OPEN1); of a node what an mmap through it gets, and what comes to one who opens the
 * node anew (S15, S18, S20).
 */
function ofOpenFile(tx: Transaction, id: string): Consequence {
  const open_file = tx.host.tables.open_files.get(id);
  if (open_file === undefined) return { consequence: 'forced', detail: 'closed with its process' };
  const { file, flags } = open_file;
  const detail =
    file === null
      ? nodeWords(tx, open_file)
      : `has ${file} open (${flags.join(', ')}): its mount is busy until it is closed`;
  return { consequence: 'survives', detail };
}

/** A block that is online at the unbind stays, and so does its range of /proc/iomem. */
function ofMemoryBlock(tx: Transaction, id: string): Consequence {
  const number = Number(/\d+/.exec(id)?.[0]);
  const [left] = tx.host.tables.memory_ranges.where((range) => {
    const at = number - firstBlock(range);
    return at >= 0 && at < nrBlocks(range);
  });
  if (left === undefined) return { consequence: 'forced', detail: 'removed with the device' };
  return { consequence: 'survives', detail: 'stays, and its range leaks until a reboot' };
}
