import { createTally, type AssessedRow, type Tally } from './assessed_host.ts';
import { createDeviceOrder, type DeviceOrder } from './device_order.ts';

/** A host as it is known until an event concerns it; of one that nobody has assessed yet `rows` is null. */
export interface KnownHost {
  /** Of its devices, in order of creation. */
  readonly keys: readonly number[];
  /** In the same order; none where it could not be assessed. */
  readonly rows: readonly AssessedRow[] | null;
}

/** The hosts of a fleet, and what is counted and found over all of them. */
export interface KnownHosts {
  readonly find: (host: string) => KnownHost | undefined;
  readonly all: () => Iterable<KnownHost>;
  readonly names: () => string[];
  readonly order: Omit<DeviceOrder, 'replace'>;
  /** Hosts that are not assessed, so many at most. */
  readonly pending: (most: number) => string[];
  /** Devices of all of these. */
  readonly pendingDevices: () => number;
  /** Counts of all that are assessed. */
  readonly tally: () => Tally;
  /** A host is this now; gone where it is undefined. What it costs is what that host has, not what the fleet has. */
  readonly replace: (host: string, now: KnownHost | undefined) => void;
}

/** None yet. */
export function createKnownHosts(): KnownHosts {
  const hosts = new Map<string, KnownHost>();
  const pending = new Set<string>();
  const order = createDeviceOrder();
  const tally = createTally();
  let pendingDevices = 0;
  return {
    find: (host) => hosts.get(host),
    all: () => hosts.values(),
    names: () => [...hosts.keys()],
    order,
    pending: (most) => firstOf(pending, most),
    pendingDevices: () => pendingDevices,
    tally: tally.now,
    replace: (host, now) => {
      const before = hosts.get(host);
      if (before?.rows === null) pendingDevices -= before.keys.length;
      if (now?.rows === null) pendingDevices += now.keys.length;
      if (now?.rows === null) pending.add(host);
      else pending.delete(host);
      tally.subtract(before?.rows ?? []);
      tally.add(now?.rows ?? []);
      order.replace(host, before?.keys ?? [], now?.keys ?? []);
      if (now === undefined) hosts.delete(host);
      else hosts.set(host, now);
    },
  };
}

function firstOf(names: Iterable<string>, most: number): string[] {
  const first: string[] = [];
  for (const name of names) {
    if (first.length === most) break;
    first.push(name);
  }
  return first;
}
