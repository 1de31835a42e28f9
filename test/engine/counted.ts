import type { Host } from '../../src/engine/host.ts';
import { Table } from '../../src/engine/table.ts';

/** Maps of a host that count every record that is read, written or passed by. */
interface Tally {
  steps: number;
}

class CountedTable<V> extends Table<V> {
  readonly tally: Tally;

  constructor(records: ReadonlyMap<string, V>, tally: Tally) {
    super();
    this.tally = tally;
    for (const [id, record] of records) super.set(id, record);
  }

  override get(id: string): V | undefined {
    this.tally.steps += 1;
    return super.get(id);
  }

  override set(id: string, record: V): this {
    this.tally.steps += 1;
    return super.set(id, record);
  }

  override put(id: string, record: V): () => void {
    this.tally.steps += 1;
    return this.counted(super.put(id, record));
  }

  override hide(id: string): () => void {
    this.tally.steps += 1;
    return this.counted(super.hide(id));
  }

  private counted(undo: () => void): () => void {
    return () => {
      this.tally.steps += 1;
      undo();
    };
  }

  override delete(id: string): boolean {
    this.tally.steps += 1;
    return super.delete(id);
  }

  override *keys(): MapIterator<string> {
    for (const id of super.keys()) {
      this.tally.steps += 1;
      yield id;
    }
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
 * the square of the records shows, whatever the load of the machine.
 */
export function countSteps(host: Host, work: () => unknown): number {
  const tally: Tally = { steps: 0 };
  const counted = Object.entries(host.tables).map(([kind, records]) => [
    kind,
    new CountedTable(records as Map<string, unknown>, tally),
  ]);
  Object.assign(host.tables, Object.fromEntries(counted));
  Object.assign(host, { entries: new CountedTable(host.entries, tally) });
  work();
  return tally.steps;
}
