import { LRUCache } from 'lru-cache';
import type { Host } from '../engine/model/host.ts';
import { assessHost } from '../engine/questions/assess.ts';
import type { IdleVerdicts } from '../engine/questions/idle.ts';
import type { Assessment } from '../engine/questions/record.ts';
import type { Fleet, LoadedHost } from '../store/load_fleet.ts';
import { rowOf } from './assessed_host.ts';
import { createKnownHosts, type KnownHosts } from './known_hosts.ts';
import { packError, type PackedError } from './thread_error.ts';

/** A host that could not be assessed, by a bug of this service. */
export interface HostFault {
  readonly host: string;
  readonly dax_devices: number;
  readonly error: PackedError;
}

/** A host in memory, and what a removal of each of its devices would leave. */
export interface OpenHost {
  readonly host: Host;
  readonly assessments: readonly Assessment[];
}

/** What a removal of each device now would leave, as far as it has been worked out. */
export interface AssessedFleet {
  /** Forgets the hosts that events have concerned since: nothing that is asked from here on is of a former state. */
  readonly refresh: () => void;
  /** The last event that this is of. */
  readonly seen: () => number;
  readonly hosts: Omit<KnownHosts, 'replace'>;
  /** Hosts whose assessment failed: they have no rows, and no other host is the worse for it (AS9). */
  readonly faults: ReadonlyMap<string, HostFault>;
  /** Assesses these hosts, and remembers of each device what it is counted and found by. */
  readonly assess: (hosts: readonly string[]) => void;
  /** A host that has been assessed, in memory: loaded again where it has been let go. */
  readonly open: (host: string) => OpenHost;
}

/** Hosts that are kept in memory: the next page, and the texts of this one, are mostly of them. */
const OPEN_MAX = 16;
/** What is remembered of idle devices is forgotten beyond so many: a fleet has few that differ. */
const IDLE_MAX = 10_000;

/** Remembers each host until an event concerns it. */
export function createAssessedFleet(fleet: Fleet): AssessedFleet {
  const hosts = createKnownHosts();
  const faults = new Map<string, HostFault>();
  const open = new LRUCache<string, OpenHost>({ max: OPEN_MAX });
  const idle: IdleVerdicts = new Map();
  let seen = 0;
  const replace: KnownHosts['replace'] = (name, now) => {
    hosts.replace(name, now);
    faults.delete(name);
    open.delete(name);
  };
  const assessOne = (name: string, { host, keys }: LoadedHost): void => {
    try {
      const assessments = assessHost(host, idle);
      replace(name, { keys, rows: assessments.map((each, at) => rowOf(keys[at]!, each)) });
      open.set(name, { host, assessments });
    } catch (error) {
      replace(name, { keys, rows: [] });
      faults.set(name, { host: name, dax_devices: keys.length, error: packError(error) });
    }
  };
  return {
    hosts,
    faults,
    seen: () => seen,
    refresh: () => {
      const last = fleet.lastSeq();
      if (last === seen) return;
      const isTold = seen > 0 && fleet.oldestSeq() <= seen + 1;
      const changed = isTold ? fleet.changedSince(seen) : null;
      const devices = fleet.devices(changed);
      for (const name of changed ?? hosts.names()) if (!devices.has(name)) replace(name, undefined);
      for (const [name, keys] of devices) replace(name, { keys, rows: null });
      seen = last;
    },
    assess: (names) => {
      if (idle.size > IDLE_MAX) idle.clear();
      const loaded = fleet.load(names);
      for (const name of names) {
        const host = loaded.get(name);
        // Gone since it was seen: the event that says so is looked at next time.
        if (host === undefined) replace(name, undefined);
        else assessOne(name, host);
      }
    },
    open: (name) => {
      const known = open.get(name);
      if (known !== undefined) return known;
      const { host } = fleet.load([name]).get(name)!;
      const opened = { host, assessments: assessHost(host, idle) };
      open.set(name, opened);
      return opened;
    },
  };
}
