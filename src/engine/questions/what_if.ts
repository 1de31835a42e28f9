import { carryOut } from '../commands/carry_out.ts';
import { cdevsOfBoot } from '../device/cdevs.ts';
import { NOTHING_PROPOSED } from '../kernels/proposed.ts';
import { deviceOf, must } from '../model/lookup.ts';
import type { KernelOfHost } from '../kernels/told.ts';
import type { Asked } from '../mm/unusable.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import {
  begin,
  hostRecord,
  patch,
  rollback,
  within,
  type Context,
  type Transaction,
} from '../model/transaction.ts';
import { advance } from '../removal/advance.ts';
import type { TellCleanUp } from '../removal/report.ts';

/** Of what is only imagined: its numbers are told nobody. */
interface Imagined extends Context {
  readonly imagined: true;
}

/**
 * Does what `imagine` does and puts the host back: no event, no pending change, no number given away. It works
 * on a transaction of its own, so that one may stand inside another.
 */
export function whatIf<T>(tx: Transaction, imagine: (imagined: Transaction) => T): T {
  const imagined = begin(tx.host, imaginedBehind(tx.context));
  try {
    return imagine(imagined);
  } finally {
    rollback(imagined);
  }
}

/** What is imagined inside of what is imagined goes on with its numbers. */
function imaginedBehind(context: Context): Context {
  if ('imagined' in context) return context;
  let uids = 0;
  const uid = (): string => {
    uids += 1;
    return `what-if-${String(uids)}`;
  };
  const imagined: Imagined = { now: context.now, uid, imagined: true };
  return imagined;
}

/** Does a command inside of what is imagined as the host does it: a transaction of its own, and nothing of one refused. */
export function imagineDone<Command extends Asked, Answer>(
  tx: Transaction,
  command: Command,
  handler: (tx: Transaction, command: Command) => Answer | Refusal,
): Answer | Refusal {
  const done = within(
    tx,
    (own) => carryOut(own, command, handler),
    (does) => !isRefusal(does),
  );
  return isRefusal(done) ? done : done.answer;
}

/** Runs the next steps of a removal, until it ends, waits or is stuck. */
export function goOn(tx: Transaction, id: string, cleanUp: TellCleanUp): void {
  const next = { type: 'advance_removal', removal: id } as const;
  while (must(tx.host.tables.removals.get(id), `removal ${id}`).state === 'running')
    imagineDone(tx, next, (own) => advance(own, id, cleanUp));
}

/**
 * The host booted with another kernel, its file systems mounted and its processes started again as they are now: a node of
 * the device that is asked about was opened anew.
 */
export function onKernel(
  tx: Transaction,
  { kernel, kernel_release, kernel_probes }: KernelOfHost,
  dax_device: string,
): void {
  const own = hostRecord(tx.host);
  const isOwn = kernel === 'resolved' ? kernel_release === own.kernel_release : kernel === own.kernel;
  if (isOwn) return;
  const booted = {
    kernel,
    kernel_release,
    kernel_probes,
    health: 'ok',
    stuck: [],
    underflow_warned: false,
    proposed: NOTHING_PROPOSED,
  } as const;
  patch(tx, 'hosts', own.name, booted);
  patch(tx, 'dax_devices', dax_device, { cdevs: cdevsOfBoot(deviceOf(tx.host, dax_device)) });
}
