/**
 * Records of a kind by id, in the order of a Map: of creation; one that is set again keeps its place, one that was
 * deleted and is set again comes last. It also takes changes back, the last first, each in O(1) however many records
 * there are: the gap that a hidden record leaves stays open for it until delete() closes it for good.
 */
export class Table<T> {
  /** Where the records that are shown stand. */
  readonly #slots = new Map<string, number>();
  #ids: string[] = [];
  /** A gap is undefined. */
  #records: (T | undefined)[] = [];

  get size(): number {
    return this.#slots.size;
  }

  has(id: string): boolean {
    return this.#slots.has(id);
  }

  get(id: string): T | undefined {
    const slot = this.#slots.get(id);
    return slot === undefined ? undefined : this.#records[slot];
  }

  /** The first record, in order. */
  first(): T | undefined {
    return this.#records.find((record) => record !== undefined);
  }

  /** Sets a record; returns what undoes it, once all that came after is undone. */
  put(id: string, record: T): () => void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return this.#append(id, record);
    const before = this.#records[slot];
    this.#records[slot] = record;
    return () => {
      this.#records[slot] = before;
    };
  }

  #append(id: string, record: T): () => void {
    this.#slots.set(id, this.#records.length);
    this.#ids.push(id);
    this.#records.push(record);
    return () => {
      this.#slots.delete(id);
      this.#ids.pop();
      this.#records.pop();
    };
  }

  /** Hides a record, if there is one; returns what shows it again, once all that came after is undone. */
  hide(id: string): () => void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return () => undefined;
    const record = this.#records[slot];
    this.#slots.delete(id);
    this.#records[slot] = undefined;
    return () => {
      this.#slots.set(id, slot);
      this.#records[slot] = record;
    };
  }

  /** Sets a record for good. */
  set(id: string, record: T): void {
    this.put(id, record);
  }

  /** Deletes a record for good, hidden or not: only where nothing is to be undone any more. */
  delete(id: string): void {
    this.hide(id);
    if (this.#records.length > 2 * this.size) this.#closeGaps();
  }

  #closeGaps(): void {
    const shown = [...this.entries()];
    this.#ids = shown.map(([id]) => id);
    this.#records = shown.map(([, record]) => record);
    for (const [slot, id] of this.#ids.entries()) this.#slots.set(id, slot);
  }

  /** The records of which it is true, in order, as they are now. */
  where(holds: (record: T) => boolean): T[] {
    return this.#records.filter((record): record is T => record !== undefined && holds(record));
  }

  /** Walks see what is put meanwhile, and do not see what is hidden before they come to it. */
  values(): IterableIterator<T> {
    return this.#walk(this.#records as T[]);
  }

  keys(): IterableIterator<string> {
    return this.#walk(this.#ids);
  }

  *entries(): IterableIterator<[id: string, record: T]> {
    for (const id of this.keys()) yield [id, this.get(id)!];
  }

  [Symbol.iterator](): IterableIterator<[id: string, record: T]> {
    return this.entries();
  }

  /** What a column has in the slots without a gap. No generator: those take several times as long. */
  #walk<R>(column: readonly R[]): IterableIterator<R> {
    const records = this.#records;
    let slot = -1;
    const walk: IterableIterator<R> = {
      next() {
        do slot += 1;
        while (slot < records.length && records[slot] === undefined);
        return slot < records.length
          ? { value: column[slot]!, done: false }
          : { value: undefined, done: true };
      },
      [Symbol.iterator]: () => walk,
    };
    return walk;
  }
}
