import type { FrozenCall } from '../model/frozen_call.ts';
import type { Mapping, Mount } from '../model/host.ts';
import { fileOf } from '../model/lookup.ts';
import { blockedOutcome, type Outcome } from '../model/outcome.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';

/**
 * Whether what writes to a superblock waits: its user froze it, or a removal that never comes to its end (R54). Each
 * holds it apart from the other. Source: fs/super.c freeze_super(), sb_start_write(), sb_start_pagefault().
 */
export function isFrozen({ fs_state, frozen_by_user }: Mount): boolean {
  return frozen_by_user || fs_state === 'frozen';
}

/** Until when that lasts, for whoever waits. */
export function untilThawed({ fs_state }: Mount): string {
  return fs_state === 'frozen' ? 'until POST …/reboot' : 'until POST …/thaw';
}

/** Where what would write to a frozen file system waits. */
export const WAITS_IN = 'percpu_rwsem_wait';

/** A process waits in its call, where no signal ends it (FRZ1), until the file system thaws. */
export function waitForThaw(tx: Transaction, pid: number, call: FrozenCall): Outcome {
  patch(tx, 'processes', String(pid), { state: 'blocked', waits_for_thaw: call });
  emit(tx, 'process_changed', `processes/${String(pid)}`, { blocked_in: WAITS_IN });
  return blockedOutcome(WAITS_IN);
}

/** The same of a store to bytes of a mapping of a file. */
export function waitToStore(tx: Transaction, mapping: Mapping, offset: number, length: number): Outcome {
  const { id, file_system } = fileOf(tx.host, mapping.file!);
  return waitForThaw(tx, mapping.pid, { file_system, file: id, mapping: mapping.id, offset, length });
}
