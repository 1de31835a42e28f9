import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/port.ts';
import type { ServiceCommandOf } from '../../service/command.ts';
import type { Clock } from './clock.ts';

/** Where it is noted, and until when that is tried. */
export interface NoteOptions {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  /** Nothing is waited for. */
  readonly stopping: AbortSignal;
}

/** A note that failed is tried again after a second, then after twice as long each time, up to a minute. */
const AGAIN_MS = 1_000;
const AGAIN_MAX_MS = 60_000;

/**
 * Has the store note what came of an attempt, as often as it takes: the receiver has the message, so it is not sent again
 * for that. A stop has it tried once more; what fails then is as after a crash, nobody knows of the attempt.
 */
export async function noteEnd(options: NoteOptions, command: ServiceCommandOf<'end_attempt'>): Promise<void> {
  const { log, clock, stopping } = options;
  for (let again_ms = AGAIN_MS; ; again_ms = Math.min(2 * again_ms, AGAIN_MAX_MS)) {
    const fault = await noteOnce(options, command);
    if (fault === null || stopping.aborted) return;
    const { err, after_ms } = fault;
    log.error({ err, delivery: command.delivery }, 'what came of an attempt could not be noted');
    await sleep(clock, Math.max(again_ms, after_ms), stopping);
  }
}

/** Why it was not, and how long the store is not to be asked; null where it was. */
async function noteOnce(
  { store, log }: NoteOptions,
  command: ServiceCommandOf<'end_attempt'>,
): Promise<{ readonly err: unknown; readonly after_ms: number } | null> {
  try {
    const submitted = await store.service.submit<'end_attempt'>({ command });
    if (submitted.status === 'unavailable') {
      const { detail, retry_after_s } = submitted.why;
      return { err: new Error(detail), after_ms: 1000 * retry_after_s };
    }
    if (submitted.status === 'done' && submitted.answer !== null) {
      const { id: webhook, disabled_reason } = submitted.answer;
      log.warn({ webhook, disabled_reason }, 'webhook disabled');
    }
    return null;
  } catch (err) {
    return { err, after_ms: 0 };
  }
}

/** Ends early where the signal does. */
function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      callOff();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const callOff = clock.after(ms, end);
    signal.addEventListener('abort', end);
  });
}
