import { statSync } from 'node:fs';
import type { Connection } from './connection.ts';
import { describeFault } from './fault.ts';

/** How the WAL is worked off into the database file. */
export interface CheckpointState {
  /** RFC 3339; null where none was complete since the start. */
  readonly last_checkpoint_at: string | null;
  /** Since the start: checkpoints that failed, or left something behind. */
  readonly checkpoint_failures: number;
  /** What is the matter and the remedy; null where all is well. */
  readonly degraded: string | null;
}

/** Works off the WAL as it grows. */
export interface Checkpoints {
  /** To be called after each commit, when everybody has been answered. */
  readonly afterCommit: () => void;
  /** Looks again where something is the matter: nothing may be written for a long time. */
  readonly retry: () => void;
  readonly state: () => CheckpointState;
}

/** As SQLite by itself, which does not tell how it went: after 1000 pages of 4 KiB. */
const GROWTH_BYTES = 1000 * 4096;
/** Small commits that write over the beginning of a WAL do not make it grow. */
const COMMITS = 200;

/** A database whose WAL is worked off. */
export interface Checkpointed {
  readonly db: Connection;
  readonly path: string;
  /** Beyond this a WAL that cannot be emptied is the matter. */
  readonly walBytesMax: number;
  /** Whether a question or a turn of this process reads one state now. */
  readonly isOwnRead: () => boolean;
  /** Makes a checkpoint while nobody of this process reads an old state for a moment. */
  readonly undisturbed: <T>(act: () => T) => T;
}

interface Result {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Takes over checkpoints from SQLite, whose own fail without a word. None waits for anybody, and a failed one loses
 * nothing: the WAL has it. It grows, though, and every read of it gets slower. `changed` is called when something
 * begins or ceases to be the matter, or becomes another: an error, or a WAL beyond `walBytesMax` that cannot be emptied,
 * for a reader of ours or of others.
 */
export function watchCheckpoints(
  { db, path, walBytesMax, isOwnRead, undisturbed }: Checkpointed,
  changed: (state: CheckpointState) => void,
): Checkpoints {
  db.pragma('wal_autocheckpoint = 0');
  let state: CheckpointState = { last_checkpoint_at: null, checkpoint_failures: 0, degraded: null };
  let seenBytes = 0;
  let commits = 0;
  const run = (): void => {
    commits = 0;
    const before = state.degraded;
    const trouble = undisturbed(() => checkpoint(db, path, isOwnRead));
    seenBytes = walBytes(path);
    if (trouble === null) {
      state = { ...state, last_checkpoint_at: new Date().toISOString(), degraded: null };
    } else {
      const degraded = trouble.isError || seenBytes > walBytesMax ? trouble.what : null;
      state = { ...state, checkpoint_failures: state.checkpoint_failures + 1, degraded };
    }
    if (before !== state.degraded) changed(state);
  };
  run();
  return {
    afterCommit: () => {
      commits += 1;
      if (commits >= COMMITS || walBytes(path) >= seenBytes + GROWTH_BYTES) run();
    },
    retry: () => {
      if (state.degraded !== null) run();
    },
    state: () => state,
  };
}

/** Bytes of the WAL beside a database; 0 where there is none. */
export function walBytes(path: string): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Works off the WAL and cuts it to nothing, so that the database file alone has everything; for the end, when nobody
 * of this process reads any more. Whoever else reads is not waited for, and a failure loses nothing: the WAL has it.
 */
export function emptyWal(db: Connection): void {
  db.pragma('busy_timeout = 0');
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // The next start works it off.
  }
}

/** SQLite does not tell whose reader it is: while one of ours reads, others may too. */
const OWN = [
  'a question of this service (the assessment of the fleet, its counts, a long list), or a turn of the HTTP thread,',
  'it ends by itself; whether anybody else reads shows then',
] as const;
const FOREIGN = [
  'another program',
  "end its connection: a backup that hangs, an operator's sqlite3; no question of this service is being answered that reads for long",
] as const;

function checkpoint(
  db: Connection,
  path: string,
  isOwnRead: () => boolean,
): { readonly isError: boolean; readonly what: string } | null {
  // Whoever begins later reads what was committed last, and is in nobody's way.
  const isOwn = isOwnRead();
  try {
    const [result] = db.pragma('wal_checkpoint(PASSIVE)') as Result[];
    if (result?.busy === 0 && result.log === result.checkpointed) return null;
    const [who, remedy] = isOwn ? OWN : FOREIGN;
    const what = `${who} reads an old state of ${path}, so that ${path}-wal cannot be emptied: ${remedy}`;
    return { isError: false, what };
  } catch (error) {
    return { isError: true, what: describeFault(error, path).message };
  }
}
