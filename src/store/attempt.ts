import type { Host } from '../engine/model/host.ts';
import { nothingApplied, type Applied } from './applied.ts';
import type { Connection } from './connection.ts';
import { isWorldFault } from './fault.ts';
import type { HostCache } from './host_cache.ts';
import type { Known } from './known.ts';
import type { RemovalMark } from './port.ts';
import { prepareProject } from './project.ts';

/** Work on one host that is all or nothing, and whose rows are written at once, at its end. */
export interface Together {
  /** Null until it is looked at. */
  host: Host | null;
  readonly applied: Applied;
  readonly marks: RemovalMark[];
}

/** What came of it, or the bug that took all of it back; the removals that it has changed, after each time. */
export type Attempted<Done> = ({ readonly done: Done } | { readonly error: Error }) & {
  readonly marks: readonly RemovalMark[];
};

/** Where it is done. */
interface AttemptOptions {
  readonly db: Connection;
  readonly cache: HostCache;
  readonly known: Known;
}

/** Does work on the host of that name. */
export type Attempt = <Done>(name: string, act: (together: Together) => Done) => Attempted<Done>;

/** Two ways to do it, which differ in what becomes of a bug. */
export interface Attempts {
  /** It is thrown: what is done in the open transaction has to be rolled back, all of it. */
  readonly bold: Attempt;
  /** In a savepoint, which takes back what this work has written; the host is forgotten, for it is ahead of its rows. */
  readonly careful: Attempt;
}

/**
 * Prepares doing work. For a savepoint SQLite copies each page that the work is about to change, mostly into a file:
 * twice of what the commit writes. So it is for those who have met a bug. Throws where the world fails, either way.
 */
export function prepareAttempts({ db, cache, known }: AttemptOptions): Attempts {
  const savepoint = db.prepare('SAVEPOINT work');
  const release = db.prepare('RELEASE work');
  const rollback = db.prepare('ROLLBACK TO work');
  const project = prepareProject(db, known);
  const write = (name: string, { host, applied }: Together): void => {
    if (host === null) return;
    if (applied.events.length > 0) cache.stored(name, applied, project(name, host, applied));
    if (host.tables.hosts.size === 0) cache.delete(name);
    else cache.weigh(name);
  };
  const bold: Attempt = (name, act) => {
    const together: Together = { host: null, applied: nothingApplied(), marks: [] };
    const done = act(together);
    write(name, together);
    return { done, marks: together.marks };
  };
  return {
    bold,
    careful: (name, act) => {
      savepoint.run();
      try {
        return bold(name, act);
      } catch (error) {
        if (isWorldFault(error) || !db.inTransaction) throw error;
        rollback.run();
        cache.delete(name);
        known.forget();
        return { error: error instanceof Error ? error : new Error(String(error)), marks: [] };
      } finally {
        if (db.inTransaction) release.run();
      }
    },
  };
}
