import type { Event } from '../engine/model/event.ts';
import type { Host, Kind, RecordOf } from '../engine/model/host.ts';

/** Whom an event concerns: a device of its host, and a tenant; null where it is not of one. */
export interface Concerns {
  readonly dax_device: string | null;
  readonly tenant: string | null;
}

type Find = <K extends Kind>(kind: K, id: string) => RecordOf<K> | undefined;
type Concern = (id: string, find: Find) => Concerns;

const NOBODY: Concerns = { dax_device: null, tenant: null };

/** A device, and whom it belongs to. */
const ofDevice = (dax_device: string, find: Find): Concerns => ({
  dax_device,
  tenant: find('dax_devices', dax_device)?.tenant ?? null,
});

/** What is on a device, or happens to it, concerns that device and its tenant. */
const onDevice =
  (kind: 'mounts' | 'files' | 'removals' | 'hotplug_events'): Concern =>
  (id, find) => {
    const record = find(kind, id);
    return record === undefined ? NOBODY : ofDevice(record.dax_device, find);
  };

/** What a process holds of a device concerns that device, and the tenant of the process. */
const heldByProcess =
  (kind: 'open_files' | 'mappings' | 'pins' | 'exposures'): Concern =>
  (id, find) => {
    const record = find(kind, id);
    if (record === undefined) return NOBODY;
    const { dax_device, pid } = record;
    return { dax_device, tenant: find('processes', String(pid))?.tenant ?? null };
  };

/** By the kind that an event's subject names. A region or memdev of CXL may carry several devices: it concerns none. */
const CONCERNS: ReadonlyMap<string, Concern> = new Map([
  ['dax-devices', ofDevice],
  ['mounts', onDevice('mounts')],
  ['files', onDevice('files')],
  ['removals', onDevice('removals')],
  ['hotplug-events', onDevice('hotplug_events')],
  ['processes', (pid, find) => ({ dax_device: null, tenant: find('processes', pid)?.tenant ?? null })],
  ['open-files', heldByProcess('open_files')],
  ['mappings', heldByProcess('mappings')],
  ['pins', heldByProcess('pins')],
  ['exposures', heldByProcess('exposures')],
]);

/**
 * Whom each of the events concerns that a host is about to have: as it leaves its subject or, of what it deletes, as that
 * was. Of a host that is loaded in part it asks for no more than the subject, which the event changes, its device and its
 * process, each by its id.
 */
export function concernsOf(host: Host, events: readonly Event[]): Concerns[] {
  const put = new Map<Kind, Map<string, RecordOf<Kind>>>();
  const find: Find = (kind, id) =>
    (put.get(kind)?.get(id) as RecordOf<typeof kind> | undefined) ?? host.tables[kind].get(id);
  return events.map(({ subject, changes }) => {
    for (const change of changes) {
      if (change.op !== 'put') continue;
      const those = put.get(change.kind) ?? new Map<string, RecordOf<Kind>>();
      put.set(change.kind, those.set(change.id, change.record));
    }
    const slash = subject.indexOf('/');
    return CONCERNS.get(subject.slice(0, slash))?.(subject.slice(slash + 1), find) ?? NOBODY;
  });
}
