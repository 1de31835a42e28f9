import type { RemovalMark, RunningRemoval, Store } from '../store/port.ts';
import type { Log } from '../runtime/log.ts';
import { OF_ITSELF } from './of_itself.ts';

/** Advances removals until it is stopped. */
export interface Executor {
  /** Takes up what was running when the last process stopped. */
  resume(): Promise<void>;
  /** Begins no further step, and waits for those on their way. */
  stop(): Promise<void>;
}

/**
 * Advances removals, one step a command, for as long as a commit leaves them `running`. Nothing polls: a released
 * pin sets a waiting removal running again, and that commit is what wakes it here.
 *
 *   commit says running ──> due ──> advance_removal submitted ──> its commit says running ──> due …
 *                                                             ├─> waiting, stuck, completed: no longer due
 *                                                             ├─> a bug threw: told that it failed, it rests
 *                                                             └─> the store takes nothing now: due after a pause
 */
export function startExecutor(store: Store, log: Log): Executor {
  const due = new Map<string, RunningRemoval>();
  const advancing = new Map<string, Promise<void>>();
  const pauses = new Set<NodeJS.Timeout>();
  let stopped = false;

  /** A store that takes nothing now does not report when it does again. */
  const tryLater = (running: RunningRemoval, after_s: number): void => {
    if (stopped) return;
    const pause = setTimeout(() => {
      pauses.delete(pause);
      note({ ...running, state: 'running' });
      begin();
    }, after_s * 1000);
    pauses.add(pause);
  };
  const step = async (running: RunningRemoval): Promise<void> => {
    const after_s = await advance(store, log, running);
    if (after_s !== null) tryLater(running, after_s);
  };
  const begin = (): void => {
    for (const [key, running] of due) {
      if (stopped || advancing.has(key)) continue;
      due.delete(key);
      const stepping = step(running).finally(() => {
        advancing.delete(key);
        begin();
      });
      advancing.set(key, stepping);
    }
  };
  const note = ({ host, removal, origin, state }: RunningRemoval & Pick<RemovalMark, 'state'>): void => {
    const key = `${host}/${removal}`;
    if (state === 'running') due.set(key, { host, removal, origin });
    else due.delete(key);
  };
  const unsubscribe = store.onCommit(({ removals }) => {
    for (const mark of removals) {
      note(mark);
      if (mark.state !== 'running' && mark.state !== mark.before)
        log.info({ host: mark.host, removal: mark.removal, state: mark.state }, 'removal changed state');
    }
    begin();
  });
  return {
    resume: async () => {
      for (const running of await store.runningRemovals()) note({ ...running, state: 'running' });
      begin();
    },
    stop: async () => {
      stopped = true;
      unsubscribe();
      for (const pause of pauses) clearTimeout(pause);
      await Promise.all(advancing.values());
    },
  };
}

/**
 * Runs the next step of a removal, or lets it rest where that `failed`, so that nobody waits in vain. Returns after how
 * many seconds to try again where the store takes nothing now, else null.
 */
async function advance(
  store: Store,
  log: Log,
  running: RunningRemoval,
  failed = false,
): Promise<number | null> {
  const { host, removal, origin } = running;
  const command = { type: 'advance_removal', removal, ...(failed ? { failed } : {}) } as const;
  try {
    const submitted = await store.submit({ host, command, origin: origin ?? OF_ITSELF });
    if (submitted.status === 'refused')
      log.warn({ host, removal, code: submitted.refusal.code }, 'removal refused to advance');
    return submitted.status === 'unavailable' ? submitted.why.retry_after_s : null;
  } catch (error) {
    log.error({ err: error, host, removal }, 'removal failed to advance');
    if (failed) return null;
    return advance(store, log, running, true);
  }
}
