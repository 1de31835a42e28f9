import { emptyHost } from '../../../src/engine/model/apply.ts';
import type { Change } from '../../../src/engine/model/event.ts';
import type { Host } from '../../../src/engine/model/host.ts';
import { applyAll } from '../../../src/store/applied.ts';
import type { Connection } from '../../../src/store/connection.ts';
import { Sqlite } from '../../../src/store/driver.ts';
import { prepareLoad } from '../../../src/store/load.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { prepareProject } from '../../../src/store/project.ts';

/** A database with a host `h`, which its changes are applied to and stored as they are. */
export interface ProjectedHost {
  readonly db: Connection;
  host: Host;
  readonly commit: (...changes: readonly object[]) => void;
  /** Goes on with the host as it is stored. */
  readonly reload: () => void;
  /** Rows written and deleted by what is done. */
  readonly rowsWritten: (act: () => void) => number;
}

/** The host has nothing yet. */
export function projectedHost(): ProjectedHost {
  const db = new Sqlite(':memory:');
  db.pragma('foreign_keys = ON');
  migrate(db);
  const project = prepareProject(db);
  const load = prepareLoad(db);
  const total = db.prepare<[], number>('SELECT total_changes()').pluck();
  const projected: ProjectedHost = {
    db,
    host: emptyHost(),
    commit: (...changes) => {
      const event = {
        type: 'host_changed',
        subject: '',
        data: {},
        changes: changes as readonly Change[],
      } as const;
      project('h', projected.host, applyAll(projected.host, [event]));
    },
    reload: () => {
      projected.host = load('h');
    },
    rowsWritten: (act) => {
      const former = total.get()!;
      act();
      return total.get()! - former;
    },
  };
  const record = { uid: 'h', revision: 1, labels: {}, kernel: 'v6.12', health: 'ok', next_id: 1 };
  projected.commit({ op: 'put', kind: 'hosts', id: 'h', record });
  return projected;
}
