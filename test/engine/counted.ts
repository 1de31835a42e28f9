import type { Host } from '../../src/engine/host.ts';

/** Maps of a host that count every record that is read, written or passed by. */
interface Tally {
  steps: number;
}

class CountedMap<V> extends Map<string, V> {
  readonly tally: Tally;

  constructor(records: ReadonlyMap<string, V>, tally: Tally) {
    super();
    for (const [id, record] of records) super.set(id, record);
    this.tally = tally;
  }

  override get(id: string): V | undefined {
    this.tally.steps += 1;
    return super.get(id);
  }

  override set(id: string, record: V): this {
    // The constructor of Map may call it before there is a tally.
    if ((this.tally as Tally | undefined) !== undefined) this.tally.steps += 1;
    return super.set(id, record);
  }

  override delete(id: string): boolean {
    this.tally.steps += 1;
    return super.delete(id);
  }

  override *values(): MapIterator<V> {
    for (const record of super.values()) {
      this.tally.steps += 1;
      yield record;
    }
  }

  override *entries(): MapIterator<[string, V]> {
    for (const entry of super.entries()) {
      this.tally.steps += 1;
      yield entry;
    }
  }

  override [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }
}

/**
 * Counts how often the host's tables and entries are read, written or passed by while `work` runs: what grows with
 * the square of the records shows, whatever the load of the machine. Keys alone are not counted.
 */
export function countSteps(host: Host, work: () => unknown): number {
  const tally: Tally = { steps: 0 };
  const counted = Object.entries(host.tables).map(([kind, records]) => [
    kind,
    new CountedMap(records as Map<string, unknown>, tally),
  ]);
  Object.assign(host.tables, Object.fromEntries(counted));
  Object.assign(host, { entries: new CountedMap(host.entries, tally) });
  work();
  return tally.steps;
}
