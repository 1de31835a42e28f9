import { removeWithSiblings } from '../commands/remove_dax_device.ts';
import { orRefused } from '../kernels/not_resolved.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import { must } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { RemovalRecord } from '../model/removal.ts';
import type { Transaction } from '../model/transaction.ts';
import { cleanUpHazards } from './clean_up_hazard.ts';
import type { ImaginedState } from './record.ts';
import { goOn, imagineDone } from './what_if.ts';

/** A removal that was run as far as it goes by itself. */
export type ImaginedRemoval = RemovalRecord & { readonly state: ImaginedState };

/** Starts a removal and runs its steps until it ends, waits or is stuck; a refusal where nothing is known of the kernel. */
export function runRemoval(tx: Transaction, command: RemoveDaxDevice): ImaginedRemoval | Refusal {
  return orRefused(() => {
    const started = imagineDone(tx, command, removeWithSiblings);
    if (isRefusal(started)) return started;
    return runOn(tx, started[0].id);
  });
}

/** Runs the next steps of a removal, until it ends, waits or is stuck, and tells then what cleaning up will do. */
export function runOn(tx: Transaction, id: string): ImaginedRemoval {
  goOn(tx, id, cleanUpHazards);
  return must(tx.host.tables.removals.get(id), `removal ${id}`) as ImaginedRemoval;
}
