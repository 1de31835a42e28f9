import type { Host } from '../engine/model/host.ts';
import { assessHost } from '../engine/questions/assess.ts';
import type { IdleVerdicts } from '../engine/questions/idle.ts';
import type { Assessment } from '../engine/questions/record.ts';
import type { Fleet, LoadedHost } from '../store/load_fleet.ts';
import { packError, type PackedError } from './thread_error.ts';

/** One device. `key` is its place in order of creation. */
export interface AssessedRow {
  readonly key: number;
  readonly assessment: Assessment;
  /** With its advice, once a page has shown it. */
  text: string | null;
}

/** A host that could not be assessed, by a bug of this service. */
export interface HostFault {
  readonly host: string;
  readonly dax_devices: number;
  readonly error: PackedError;
}

/** What a removal of each device now would leave, as far as it has been worked out. */
export interface AssessedFleet {
  /**
   * Assesses hosts that an event has concerned, that many at most, and answers those that it loaded for it. What was
   * known of the others is dropped: rows are never of a former state.
   */
  catchUp(most: number): ReadonlyMap<string, LoadedHost>;
  /** The last event that this is of. */
  seen(): number;
  /** Hosts whose assessment failed: they have no rows, and no other host is the worse for it (AS9). */
  faults(): readonly HostFault[];
  /** Whether the host is there, of those that are assessed, and its devices. */
  rowsOf(host: string): readonly AssessedRow[] | undefined;
  /** Those of all hosts that are assessed, in order of creation. */
  rows(): readonly AssessedRow[];
}

/** Remembers each host until an event concerns it. */
export function createAssessedFleet(fleet: Fleet): AssessedFleet {
  const rowsOf = new Map<string, readonly AssessedRow[]>();
  /** Every host that is there is either here or in rowsOf. */
  const stale = new Set<string>();
  const idle: IdleVerdicts = new Map();
  let seen = 0;
  const faults = new Map<string, HostFault>();
  let sorted: readonly AssessedRow[] = [];
  const assess = (name: string, { host, keys }: LoadedHost): readonly AssessedRow[] => {
    try {
      return assessedRows(host, keys, idle);
    } catch (error) {
      const dax_devices = host.tables.dax_devices.size;
      faults.set(name, { host: name, dax_devices, error: packError(error) });
      return [];
    }
  };
  const drop = (): void => {
    const last = fleet.lastSeq();
    if (last === seen) return;
    for (const name of seen === 0 ? fleet.names() : fleet.changedSince(seen)) {
      rowsOf.delete(name);
      faults.delete(name);
      stale.add(name);
    }
    seen = last;
  };
  return {
    catchUp: (most) => {
      const before = seen;
      drop();
      const names = [...stale].slice(0, most);
      if (seen === before && names.length === 0) return new Map();
      const isAll = rowsOf.size === 0 && names.length === stale.size;
      const loaded = fleet.load(isAll ? null : names);
      for (const name of names) stale.delete(name);
      for (const [name, host] of loaded) rowsOf.set(name, assess(name, host));
      sorted = [...rowsOf.values()].flat().sort((a, b) => a.key - b.key);
      return loaded;
    },
    faults: () => [...faults.values()],
    seen: () => seen,
    rowsOf: (host) => rowsOf.get(host),
    rows: () => sorted,
  };
}

function assessedRows(host: Host, keys: ReadonlyMap<string, number>, idle: IdleVerdicts): AssessedRow[] {
  return assessHost(host, idle).map((assessment) => {
    return { key: keys.get(assessment.dax_device) ?? 0, assessment, text: null };
  });
}
