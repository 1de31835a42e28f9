import { regionConditions } from '../device/cxl/chain.ts';
import { definedOnly } from '../model/defined_only.ts';
import { retold } from '../model/depends_on.ts';
import { deviceOf, must } from '../model/lookup.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import { NAMESPACE_DESTROYED, NAMESPACE_DISABLED } from '../device/conditions.ts';
import { removalEnded } from '../device/lifecycle.ts';
import { parametersOf } from '../kernels/step_parameters.ts';
import { costAtEnd } from './cost.ts';
import { LOG_LINES } from '../mm/kill_procs.ts';
import type { RemovalRecord, StepRecord } from '../model/removal.ts';
import { holdTask } from './hold_task.ts';
import { leftNow, tornDown, type TellCleanUp } from './report.ts';
import { pagesWaitedFor } from './pages_waited_for.ts';
import { presentOn, progressOf, waitedFor } from './progress.ts';
import type { StepOutput } from './step.ts';
import { viaOf } from '../model/via.ts';
import { STEPS } from './steps.ts';
import { restUndetermined } from './undetermined.ts';

/**
 * Runs the next step of a removal. Where that ends it `cleanUp` tells what cleaning up behind it will do.
 *
 *   running ──step──▶ running ──last step──▶ completed
 *      │ ▲
 *      ▼ └── the last pin it waits on is released
 *   waiting            running ──a step that never ends──▶ stuck (a reboot ends it)
 */
export function advance(tx: Transaction, id: string, cleanUp: TellCleanUp): RemovalRecord | Refusal {
  const removal = tx.host.tables.removals.get(id);
  if (removal === undefined) return refuse('removal_not_found', `there is no removal ${id}`);
  if (removal.state !== 'running') return removal;
  const position = removal.steps.findIndex((step) => step.state !== 'done');
  const step = must(removal.steps[position], `next step of ${id}`);
  const { name } = step;
  const parameters = parametersOf(tx.host, step);
  const device = deviceOf(tx.host, removal.dax_device);
  const before = tx.events.length;
  const output = STEPS[name]({ tx, removal, device, parameters });
  return record({ tx, cleanUp, acted: tx.events.length > before }, removal, position, output);
}

/** Where a removal ends, and who tells what cleaning up behind it will do. */
interface Ending {
  readonly tx: Transaction;
  readonly cleanUp: TellCleanUp;
  /** Whether the step has changed anything but the removal. */
  readonly acted: boolean;
}

function record(ending: Ending, removal: RemovalRecord, position: number, output: StepOutput): RemovalRecord {
  const { tx } = ending;
  const state: StepRecord['state'] =
    output.end === 'done' ? 'done' : output.end === 'wait' ? 'waiting' : 'running';
  const steps = removal.steps.map((step, at) =>
    at === position ? { ...step, state, result: output.result ?? {} } : step,
  );
  const waited = new Set([
    ...removal.report.pins_waited_for,
    ...(output.waiting_on ?? []).map((wait) => wait.pin),
  ]);
  const report = {
    ...removal.report,
    signals: [...removal.report.signals, ...(output.signals ?? [])],
    pages: {
      ...removal.report.pages,
      hwpoisoned: removal.report.pages.hwpoisoned + (output.hwpoisoned ?? 0),
    },
    file_systems: [...removal.report.file_systems, ...tornDown(tx.host, removal)],
    kernel_log: [...removal.report.kernel_log, ...(output.log ?? [])].slice(0, LOG_LINES),
    pins_waited_for: [...waited],
  };
  const { holds_s_umount_of } = output;
  const waiting_on = output.waiting_on ?? [];
  const next = { ...removal, steps, report, waiting_on, ...definedOnly({ holds_s_umount_of }) };
  if (output.end === 'wait') return wait(ending, next);
  if (output.end === 'stuck') return stuck(ending, next);
  if (output.end === 'unknown') return rest(tx, next);
  if (position === steps.length - 1) return complete(ending, next);
  const after = store(tx, next);
  emit(tx, 'removal_step_done', `removals/${removal.id}`, {
    step: steps[position]?.name,
    ...progressOf(after, ending.acted ? presentOn(tx.host, removal.dax_device) : {}, position),
  });
  return after;
}

/** What cleaning up does is told of a removal that waits already: it goes on behind the call that wakes it. */
function wait({ tx, cleanUp }: Ending, removal: RemovalRecord): RemovalRecord {
  holdTask(tx, removal, 'blocked');
  const { report } = removal;
  const cost = costAtEnd(tx.host, report.simulated_kernel_cost, report.signals, 'waiting');
  const waits = store(tx, {
    ...removal,
    state: 'waiting',
    report: { ...report, ...pagesWaitedFor(tx.host, removal), simulated_kernel_cost: cost },
  });
  const hazards = cleanUp(tx, deviceOf(tx.host, removal.dax_device));
  const after = store(tx, { ...waits, hazards });
  emit(tx, 'removal_waiting', `removals/${removal.id}`, {
    pins: removal.waiting_on.map(({ pin }) => pin),
    ...progressOf(after, { ...waitedFor(after), ...presentOn(tx.host, removal.dax_device) }),
  });
  return after;
}

/** Nothing says what the step does: what is known of it before stands. */
function rest(tx: Transaction, removal: RemovalRecord): RemovalRecord {
  store(tx, removal);
  return restUndetermined(tx, removal.id, []);
}

/** The kernel never finishes: the verdict is for what is left now. */
function stuck({ tx, cleanUp }: Ending, removal: RemovalRecord): RemovalRecord {
  holdTask(tx, removal, 'blocked');
  const left = leftNow(tx, removal, 'stuck', cleanUp);
  const after = store(tx, { ...removal, ...left, state: 'stuck' });
  emit(tx, 'removal_stuck', `removals/${removal.id}`, { verdict: after.verdict, ...progressOf(after) });
  return after;
}

function complete({ tx, cleanUp }: Ending, removal: RemovalRecord): RemovalRecord {
  removalEnded(tx, removal.dax_device, [
    ...(viaOf(removal.via)?.tool === 'ndctl' ? [NAMESPACE_DISABLED] : []),
    ...(removal.via === 'ndctl_destroy_namespace' ? [NAMESPACE_DESTROYED] : []),
    ...regionConditions(tx.host, deviceOf(tx.host, removal.dax_device)),
  ]);
  holdTask(tx, removal, 'running');
  const left = leftNow(tx, removal, 'completed', cleanUp);
  const after = store(tx, { ...removal, ...left, state: 'completed', completed_at: tx.context.now });
  emit(tx, 'removal_completed', `removals/${removal.id}`, { verdict: after.verdict, ...progressOf(after) });
  return after;
}

function store(tx: Transaction, removal: RemovalRecord): RemovalRecord {
  return patch(tx, 'removals', removal.id, { ...removal, ...retold(removal) });
}
