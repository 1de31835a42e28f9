import { bind, type BoundDevice } from '../commands/bind.ts';
import { closeFile } from '../commands/close_file.ts';
import { exitProcess } from '../commands/exit_process.ts';
import { munmap } from '../commands/munmap.ts';
import type { WrittenMemoryBlock } from '../commands/patch_memory_block.ts';
import { recordHotplugEvent, type RecordedHotplugEvent } from '../commands/record_hotplug_event.ts';
import { removeDaxDevice } from '../commands/remove_dax_device.ts';
import { thaw } from '../commands/thaw.ts';
import { umount } from '../commands/umount.ts';
import { unpin } from '../commands/unpin.ts';
import type { CommandOf } from '../model/command.ts';
import type { Mount } from '../model/host.ts';
import { must, removalsNotCompleted } from '../model/lookup.ts';
import { okOutcome, type Outcome } from '../model/outcome.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { RemovalRecord } from '../model/removal.ts';
import type { Transaction } from '../model/transaction.ts';
import { goOn, imagineDone } from './what_if.ts';
import { words } from './words.ts';

/** A call by which an administrator prepares a removal, or cleans up behind one. */
export type Call = CommandOf<
  | 'bind'
  | 'close_file'
  | 'exit_process'
  | 'munmap'
  | 'record_hotplug_event'
  | 'remove_dax_device'
  | 'thaw'
  | 'umount'
  | 'unpin'
>;

/**
 * What a call comes to: `fails` where the kernel oopses or it never returns, `stays` where a umount leaves the superblock,
 * for it is frozen, `unknown` where no source tells.
 */
export interface Met {
  readonly call: Call;
  readonly does: 'ok' | 'refused' | 'fails' | 'stays' | 'unknown';
  readonly words: string;
}

/** What such calls, and the write to a memory block, are answered. */
type Answer = Outcome | RemovalRecord | BoundDevice | RecordedHotplugEvent | Mount | WrittenMemoryBlock;

/** Does a call, as the host does it, and tells what it comes to; removals that it wakes go on as far as they do. */
export function meet(tx: Transaction, call: Call): Met {
  const waiting = removalsNotCompleted(tx.host).filter(({ state }) => state === 'waiting');
  const answer = imagineDone(tx, call, act);
  for (const { id } of waiting) goOn(tx, id, () => []);
  if (!isRefusal(answer) && 'steps' in answer) return metBy(tx, call, answer);
  if (isRefusal(answer) && answer.code !== 'outcome_unknown')
    return { call, does: 'refused', words: answer.errno ?? answer.detail };
  if (isRefusal(answer)) return { call, does: 'unknown', words: words(answer) };
  if (!isDone(answer)) return { call, does: 'fails', words: words(outcomeOf(answer)) };
  if (call.type === 'umount' && tx.host.tables.mounts.get(call.mount)?.frozen_by_user === true)
    return { call, does: 'stays', words: 'its superblock stays, frozen, until a reboot' };
  return { call, does: 'ok', words: words(okOutcome()) };
}

/** What a removal comes to, as far as it goes by itself. */
function metBy(tx: Transaction, call: Call, { id }: RemovalRecord): Met {
  goOn(tx, id, () => []);
  const { state } = must(tx.host.tables.removals.get(id), id);
  return { call, does: state === 'completed' ? 'ok' : 'fails', words: `the removal is ${state}` };
}

/** Whether what was asked for was done: it was not refused, it has returned, and nobody has oopsed. */
export function isDone(answer: Answer | Refusal): boolean {
  return !isRefusal(answer) && outcomeOf(answer).result === 'ok';
}

/** What became of the call itself: one that answers a record alone has returned. */
function outcomeOf(answer: Answer): Outcome {
  if ('result' in answer) return answer;
  if ('memory_block' in answer) return okOutcome({ result: answer.memory_block.result });
  if (!('bind' in answer)) return okOutcome();
  const { result, blocked_in } = answer.bind;
  return okOutcome({ result, blocked_in });
}

function act(tx: Transaction, call: Call): Answer | Refusal {
  switch (call.type) {
    case 'exit_process':
      return exitProcess(tx, call);
    case 'umount':
      return umount(tx, call);
    case 'thaw':
      return thaw(tx, call);
    case 'munmap':
      return munmap(tx, call);
    case 'close_file':
      return closeFile(tx, call);
    case 'unpin':
      return unpin(tx, call);
    case 'bind':
      return bind(tx, call);
    case 'record_hotplug_event':
      return recordHotplugEvent(tx, call);
    case 'remove_dax_device':
      return removeDaxDevice(tx, call);
  }
}
