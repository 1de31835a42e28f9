import type { Event } from '../../../src/engine/model/event.ts';
import { emptyHost } from '../../../src/engine/model/apply.ts';
import { applyAll } from '../../../src/store/applied.ts';
import type { Connection } from '../../../src/store/connection.ts';
import { prepareProject } from '../../../src/store/project.ts';

/** Stores the host `h` as all of its events make it. */
export function storeHost(db: Connection, { events }: { readonly events: readonly Event[] }): void {
  const host = emptyHost();
  prepareProject(db)('h', host, applyAll(host, events));
}
