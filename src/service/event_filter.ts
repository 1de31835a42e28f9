import type { EventType } from '../engine/model/event.ts';

/** Which events somebody wants: of each of these that is there. */
interface EventFilter {
  readonly types?: readonly EventType[] | null | undefined;
  readonly host?: string | null | undefined;
  readonly dax_device?: string | null | undefined;
  readonly tenant?: string | null | undefined;
}

/** What of an event it is chosen by. */
interface Filtered {
  readonly type: string;
  readonly host: string;
  readonly dax_device: string | null;
  readonly tenant: string | null;
}

/** Whether the store would find an event by this filter. */
export function matchesEvent(filter: EventFilter, event: Filtered): boolean {
  const types: readonly string[] | null = filter.types ?? null;
  return (
    (types === null || types.includes(event.type)) &&
    (filter.host ?? event.host) === event.host &&
    (filter.dax_device ?? event.dax_device) === event.dax_device &&
    (filter.tenant ?? event.tenant) === event.tenant
  );
}
