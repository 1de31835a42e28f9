import type { Batch, BatchedCommand } from '../model/batch_command.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { begin, type Transaction } from '../model/transaction.ts';
import type { CarriedOut } from './carry_out.ts';

/** What each item of a batch was answered, in their order. */
export interface BatchAnswer<Answer> {
  readonly items: readonly Answer[];
}

/**
 * Does commands one after another, each as if it came alone: in a transaction of its own, with what follows from it. The
 * first that is refused refuses all of them; its `pointer` says which one it is (BATCH1).
 */
export function batch<Answer>(
  tx: Transaction,
  { items }: Batch,
  carryOutItem: (own: Transaction, item: BatchedCommand) => CarriedOut<Answer> | Refusal,
): BatchAnswer<Answer> | Refusal {
  const answers: Answer[] = [];
  for (const [at, item] of items.entries()) {
    const done = asIfAlone(tx, (own) => carryOutItem(own, item));
    if (isRefusal(done)) return { ...done, pointer: `/items/${String(at)}${done.pointer ?? ''}` };
    answers.push(done.answer);
  }
  return { items: answers };
}

/** Does one of several commands in a transaction of its own. Whatever comes of them, it is put back, or kept, with all of them. */
export function asIfAlone<Done>(tx: Transaction, carryOut: (own: Transaction) => Done): Done {
  const own = begin(tx.host, tx.context);
  try {
    return carryOut(own);
  } finally {
    tx.undo.take(own.undo);
    for (const event of own.events) tx.events.push(event);
  }
}
