import type { EventFilter, StoredEvent } from '../store/port.ts';

/** Whether the store would find an event by this filter. */
export function matchesEvent({ host, dax_device, tenant, types }: EventFilter, event: StoredEvent): boolean {
  return (
    (host === undefined || event.host === host) &&
    (dax_device === undefined || event.dax_device === dax_device) &&
    (tenant === undefined || event.tenant === tenant) &&
    (types === undefined || types.includes(event.type))
  );
}
