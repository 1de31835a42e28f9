import { removeWithSiblings } from '../commands/remove_dax_device.ts';
import { orRefused } from '../kernels/not_resolved.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import { hostUnusable } from '../mm/unusable.ts';
import { must } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { RemovalRecord } from '../model/removal.ts';
import type { Transaction } from '../model/transaction.ts';
import { advance } from '../removal/advance.ts';
import { cleanUpHazards } from './clean_up_hazard.ts';
import type { ImaginedState } from './record.ts';

/** A removal that was run as far as it goes by itself. */
export type ImaginedRemoval = RemovalRecord & { readonly state: ImaginedState };

/** Starts a removal and runs its steps until it ends, waits or is stuck; a refusal where nothing is known of the kernel. */
export function runRemoval(tx: Transaction, command: RemoveDaxDevice): ImaginedRemoval | Refusal {
  return orRefused(() => {
    const started = hostUnusable(tx.host, command) ?? removeWithSiblings(tx, command);
    if (isRefusal(started)) return started;
    return runOn(tx, started[0].id);
  });
}

/** Runs the next steps of a removal, until it ends, waits or is stuck. */
export function runOn(tx: Transaction, id: string): ImaginedRemoval {
  for (;;) {
    const removal = must(tx.host.tables.removals.get(id), `removal ${id}`);
    if (isOver(removal)) return removal;
    advance(tx, id, cleanUpHazards);
  }
}

function isOver(removal: RemovalRecord): removal is ImaginedRemoval {
  return removal.state !== 'running';
}
