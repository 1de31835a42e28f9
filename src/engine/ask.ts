import type { AnswerToQuestion } from './answer.ts';
import { hostNotFound } from './handle.ts';
import { orRefused } from './kernels/not_resolved.ts';
import type { Host } from './model/host.ts';
import type { QuestionOf, QuestionType } from './model/question.ts';
import type { Refusal } from './model/refusal.ts';
import { begin, rollback, type Context, type Transaction } from './model/transaction.ts';
import { planRemovals } from './plan.ts';
import { assessRemovals } from './questions/assess.ts';
import { capacityOf } from './questions/capacity.ts';
import { compareRemovals } from './questions/compare.ts';
import { surveyHolders } from './questions/holders.ts';
import { surveyMemoryBlock, surveyMemoryBlocks } from './questions/memory_blocks.ts';
import { exportTopology } from './topology/export.ts';

/** Who answers a question. */
const ANSWERERS: {
  readonly [Type in QuestionType]: (
    tx: Transaction,
    question: QuestionOf<Type>,
  ) => AnswerToQuestion<Type> | Refusal;
} = {
  survey_holders: surveyHolders,
  survey_memory_blocks: surveyMemoryBlocks,
  survey_memory_block: surveyMemoryBlock,
  survey_capacity: ({ host }) => capacityOf(host),
  compare_removals: compareRemovals,
  plan_removals: planRemovals,
  assess_removals: assessRemovals,
  export_topology: ({ host }) => exportTopology(host),
};

/**
 * Answers a question, or says why not, `outcome_unknown` where it hangs on a kernel of which nothing is known (KREL8).
 * It has no events, and leaves the host as it was.
 */
export function ask<Type extends QuestionType>(
  host: Host,
  question: QuestionOf<Type>,
  context: Context,
): AnswerToQuestion<Type> | Refusal {
  if (host.tables.hosts.size === 0) return hostNotFound();
  const tx = begin(host, context);
  try {
    const type: Type = question.type;
    return orRefused(() => ANSWERERS[type](tx, question));
  } finally {
    rollback(tx);
  }
}
