import type { Host } from '../../src/engine/model/host.ts';
import { Table } from '../../src/engine/model/table.ts';
import type { UndoList, UndoLog } from '../../src/engine/model/undo.ts';

/** Maps of a host that count every record that is read, written or passed by. */
interface Tally {
  steps: number;
}

class CountedTable<V> extends Table<V> {
  private readonly tally: Tally;

  constructor(records: Iterable<readonly [string, V]>, tally: Tally) {
    super();
    this.tally = { steps: 0 };
    for (const [id, record] of records) this.set(id, record);
    this.tally = tally;
  }

  override get(id: string): V | undefined {
    this.tally.steps += 1;
    return super.get(id);
  }

  override put(id: string, record: V, undo: UndoList): V | undefined {
    this.tally.steps += 1;
    return super.put(id, record, undo && this.counted(undo));
  }

  override hide(id: string, undo: UndoLog): V | undefined {
    this.tally.steps += 1;
    return super.hide(id, this.counted(undo));
  }

  override change(id: string, make: (record: V) => V): V {
    this.tally.steps += 1;
    return super.change(id, make);
  }

  /** Counts what is taken back. */
  private counted(undo: UndoLog): UndoLog {
    undo.push(() => {
      this.tally.steps += 1;
    });
    return undo;
  }

  override where(holds: (record: V) => boolean): V[] {
    return super.where((record) => {
      this.tally.steps += 1;
      return holds(record);
    });
  }

  override keys(): IterableIterator<string> {
    return this.walked(super.keys());
  }

  override values(): IterableIterator<V> {
    return this.walked(super.values());
  }

  override entries(): IterableIterator<[string, V]> {
    return this.walked(super.entries());
  }

  private *walked<R>(walk: Iterable<R>): IterableIterator<R> {
    for (const row of walk) {
      this.tally.steps += 1;
      yield row;
    }
  }
}

/**
 * Counts how often the host's tables and entries are read, written or passed by while `work` runs: what grows with
 * the square of the records shows, whatever the load of the machine.
 */
export function countSteps(host: Host, work: () => unknown): number {
  const tally: Tally = { steps: 0 };
  const counted = Object.entries(host.tables).map(([kind, records]: [string, Table<unknown>]) => [
    kind,
    new CountedTable(records, tally),
  ]);
  Object.assign(host.tables, Object.fromEntries(counted));
  Object.assign(host, { entries: new CountedTable(host.entries, tally) });
  work();
  return tally.steps;
}
