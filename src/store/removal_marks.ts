import type { Decision } from '../engine/handle.ts';
import type { Host } from '../engine/model/host.ts';
import type { RemovalRecord } from '../engine/model/removal.ts';
import { changesOf } from './applied.ts';
import type { Origin, RemovalMark } from './port.ts';

type Events = Decision['events'];
type Removals = ReadonlyMap<string, RemovalRecord | undefined>;

/**
 * The removals that events are about to change, as they are before; undefined of those that they begin. One that comes with
 * the state of a host, restored or forked, neither begins by that nor changes: it is as it was kept.
 */
export function removalsBefore(host: Host, events: Events): Removals {
  const areBrought = events.some(({ type }) => type === 'host_restored' || type === 'host_forked');
  const removals = new Map<string, RemovalRecord | undefined>();
  for (const change of changesOf(events)) {
    if ((change.op !== 'put' && change.op !== 'delete') || change.kind !== 'removals') continue;
    const isKept = areBrought && change.op === 'put';
    removals.set(change.id, isKept ? change.record : host.tables.removals.get(change.id));
  }
  return removals;
}

/** Of them, as the events have left them. */
export function marksOf(host: Host, removals: Removals, origin: Origin | null): RemovalMark[] {
  return [...removals].flatMap(([id, before]) => {
    const after = host.tables.removals.get(id);
    const told = after ?? before;
    if (told === undefined) return [];
    const { host: name, uid } = told;
    const state = after?.state ?? null;
    return [{ host: name, removal: id, uid, state, before: before?.state ?? null, origin }];
  });
}
