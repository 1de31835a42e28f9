import type { RemoveDaxDevice } from '../model/device_command.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { mountsOn } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { RemovalRecord } from '../model/removal.ts';
import type { Transaction } from '../model/transaction.ts';
import type { Impact } from './record.ts';
import { runRemoval, type ImaginedRemoval } from './run_removal.ts';

/** An imagined removal, and what it did to who was there. */
export interface ImpactfulRemoval {
  readonly removal: ImaginedRemoval;
  readonly impact: Impact;
}

/** Runs a removal in an imagined transaction and tells its impact: only of what is alive before it. */
export function runWithImpact(
  tx: Transaction,
  device: DaxDevice,
  command: RemoveDaxDevice,
): ImpactfulRemoval | Refusal {
  const before = aliveOn(tx.host, device);
  const removal = runRemoval(tx, command);
  return isRefusal(removal) ? removal : { removal, impact: impactOf(tx.host, before, [removal]) };
}

/** Nobody is hit: nothing is removed, or nobody is there. */
export const NO_IMPACT: Impact = {
  file_systems_shut_down: 0,
  file_systems_frozen: 0,
  file_systems_cut_off: 0,
  processes_signalled: 0,
  processes_killed: 0,
  dirty_bytes: 0,
};

/** Whether nobody notices. */
export function isHarmless(impact: Impact): boolean {
  return Object.values(impact).every((count) => count === 0);
}

/** File systems of the device that are alive, each by one of its mounts. */
export function aliveOn(host: Host, device: DaxDevice): string[] {
  const alive = mountsOn(host, device).filter(({ fs_state }) => fs_state === 'alive');
  return [...new Map(alive.map(({ file_system, id }) => [file_system, id])).values()];
}

/** What removals did to these file systems and to processes: each counts once. */
export function impactOf(
  host: Host,
  before: readonly string[],
  removals: readonly Pick<RemovalRecord, 'report'>[],
): Impact {
  // A mount that an orderly removal has unmounted first is neither there nor in its report.
  const told = new Map(
    removals.flatMap(({ report }) => report.file_systems.map(({ mount, result }) => [mount, result])),
  );
  const after = before.map((id) => host.tables.mounts.get(id)?.fs_state ?? told.get(id));
  const signals = removals.flatMap(({ report }) => report.signals);
  const pidsOf = (rows: typeof signals): number => new Set(rows.map(({ pid }) => pid)).size;
  return {
    file_systems_shut_down: after.filter((state) => state === 'shutdown').length,
    file_systems_frozen: after.filter((state) => state === 'frozen').length,
    file_systems_cut_off: after.filter((state) => state === 'alive').length,
    processes_signalled: pidsOf(signals),
    processes_killed: pidsOf(signals.filter(({ killed }) => killed)),
    dirty_bytes: removals.reduce((sum, { report }) => sum + report.blast_radius!.dirty_bytes, 0),
  };
}
