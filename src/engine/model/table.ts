import type { UndoList, UndoLog } from './undo.ts';

/** Where the records of a table are that are not in memory yet. What it throws changes no table: it may be asked again. */
export interface Source<T> {
  /** Undefined where there is none. */
  readonly get: (id: string) => T | undefined;
  /** All, in order of creation; those that the table knows are not made again: null. */
  readonly all: (knows: (id: string) => boolean) => Iterable<readonly [id: string, record: T | null]>;
}

/** Of tables without any: a host that is loaded in part has several, and thousands of those are kept. Nothing is ever put into them. */
const NO_PLACES = new Map<string, never>();
const NO_IDS = new Set<string>();
const NO_ORDER: never[] = [];

/** What is remembered as missing. Beyond so many all are forgotten, and asked for again. */
const MISSED_MAX = 4_096;

/** Where a record stands among the others, whatever becomes of it; hidden, it has none. */
interface Place<T> {
  readonly id: string;
  record: T | undefined;
}

/**
 * Records of a kind by id, in the order of a Map: of creation; one that is set again keeps its place, one that was
 * deleted and is set again comes last. It also takes changes back, the last first, each in O(1) however many records
 * there are: the gap that a hidden record leaves stays open for it until delete() closes it for good.
 *
 * With a source it is loaded in part: a record when it is asked for, all that are left when somebody walks. Until then
 * it remembers which records it has deleted, for its source may have them still.
 */
export class Table<T> {
  /** Also of records that are hidden: one that comes back is in its place. */
  #places: Map<string, Place<T>> = NO_PLACES;
  /** How many are shown, once all are in memory. */
  #shown = 0;
  /** All of them, in order, with the gaps; of a table that is loaded in part not known. */
  #order: Place<T>[];
  /** Null where all are in memory. */
  #source: Source<T> | null;
  /**
   * What its source was asked for in vain and is not there by now: one that is new is looked for several times before it
   * is, by who decides, takes back and applies.
   */
  #missed: Set<string> = NO_IDS;

  constructor(source: Source<T> | null = null) {
    this.#source = source;
    this.#order = source === null ? [] : NO_ORDER;
  }

  get size(): number {
    this.#loadAll();
    return this.#shown;
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  get(id: string): T | undefined {
    return this.#find(id)?.record;
  }

  #find(id: string): Place<T> | undefined {
    const place = this.#places.get(id);
    if (place !== undefined || this.#source === null || this.#missed.has(id)) return place;
    const record = this.#source.get(id);
    if (record === undefined) this.#miss(id);
    else this.load(id, record);
    return this.#places.get(id);
  }

  #miss(id: string): void {
    if (this.#missed.size === 0 || this.#missed.size >= MISSED_MAX) this.#missed = new Set();
    this.#missed.add(id);
  }

  /** Whether all is known of a record that there is to load: it is in memory, or was deleted. */
  knows(id: string): boolean {
    return this.#source === null || this.#places.has(id);
  }

  /** Takes a record of the source that it does not know, into a table that is loaded in part. */
  load(id: string, record: T): void {
    this.#setPlace({ id, record });
  }

  #setPlace(place: Place<T>): void {
    if (this.#places === NO_PLACES) this.#places = new Map();
    this.#places.set(place.id, place);
  }

  /** Its source has a deleted record no longer, either. */
  forget(id: string): void {
    if (this.#places.get(id)?.record === undefined) this.#places.delete(id);
  }

  #loadAll(): void {
    const source = this.#source;
    if (source === null) return;
    const order: Place<T>[] = [];
    const left = new Map(this.#places);
    for (const [id, record] of source.all((known) => this.#places.has(known))) {
      if (record !== null) this.load(id, record);
      order.push(this.#places.get(id)!);
      left.delete(id);
    }
    // What the source does not have yet was created since, in this order.
    for (const place of left.values()) order.push(place);
    this.#source = null;
    this.#missed = NO_IDS;
    this.#order = order;
    this.#shown = order.filter(({ record }) => record !== undefined).length;
  }

  /** The first record, in order. */
  first(): T | undefined {
    this.#loadAll();
    return this.#order.find(({ record }) => record !== undefined)?.record;
  }

  /** Sets a record; returns the one that it takes the place of. */
  put(id: string, record: T, undo: UndoList): T | undefined {
    const place = this.#find(id);
    const before = place?.record;
    if (before === undefined) {
      this.#append({ id, record }, place, undo);
      return undefined;
    }
    place!.record = record;
    undo?.add(Table.#putBack, place!, before, undefined);
    return before;
  }

  /** Undoes put() of a record that took the place of another. */
  static #putBack<T>(place: Place<T>, record: T): void {
    place.record = record;
  }

  #append(place: Place<T>, hidden: Place<T> | undefined, undo: UndoList): void {
    // The old place is to be told from the new one.
    if (hidden !== undefined) this.#loadAll();
    this.#missed.delete(place.id);
    this.#setPlace(place);
    this.#shown += 1;
    if (this.#source === null) this.#order.push(place);
    undo?.add(Table.#takeOut, this, place.id, hidden);
  }

  /** Undoes #append() of a record, before which there was none or a hidden one. */
  static #takeOut<T>(table: Table<T>, id: string, hidden: Place<T> | undefined): void {
    if (hidden === undefined) table.#places.delete(id);
    else table.#setPlace(hidden);
    table.#shown -= 1;
    if (table.#source === null) table.#order.pop();
    else table.#miss(id);
  }

  /** Hides a record, if there is one, until that is undone; returns it. */
  hide(id: string, undo: UndoLog): T | undefined {
    const place = this.#find(id);
    const record = place?.record;
    if (record === undefined) return undefined;
    place!.record = undefined;
    this.#shown -= 1;
    undo.add(Table.#show, this, place!, record);
    return record;
  }

  /** Undoes hide(). */
  static #show<T>(table: Table<T>, place: Place<T>, record: T): void {
    place.record = record;
    table.#shown += 1;
  }

  /** Sets a record for good. */
  set(id: string, record: T): void {
    this.put(id, record, null);
  }

  /** Sets for good what is made of a record that there is; returns that one. */
  change(id: string, make: (record: T) => T): T {
    const place = this.#find(id)!;
    const before = place.record!;
    place.record = make(before);
    return before;
  }

  /** Deletes a record for good, hidden or not: only where nothing is to be undone any more. Returns what was shown. */
  delete(id: string): T | undefined {
    const place = this.#find(id);
    const shown = place?.record;
    if (shown !== undefined) {
      place!.record = undefined;
      this.#shown -= 1;
    }
    if (this.#source !== null) return shown;
    this.#places.delete(id);
    if (this.#order.length > 2 * this.#places.size)
      this.#order = this.#order.filter(({ record }) => record !== undefined);
    return shown;
  }

  /** The records of which it is true, in order, as they are now. */
  where(holds: (record: T) => boolean): T[] {
    this.#loadAll();
    const found: T[] = [];
    for (const { record } of this.#order) if (record !== undefined && holds(record)) found.push(record);
    return found;
  }

  /** Walks see what is put meanwhile, and do not see what is hidden before they come to it. */
  values(): IterableIterator<T> {
    return this.#walk(({ record }) => record!);
  }

  keys(): IterableIterator<string> {
    return this.#walk(({ id }) => id);
  }

  entries(): IterableIterator<[id: string, record: T]> {
    return this.#walk(({ id, record }) => [id, record!]);
  }

  [Symbol.iterator](): IterableIterator<[id: string, record: T]> {
    return this.entries();
  }

  /** What is shown of the places without a gap. No generator: those take several times as long. */
  #walk<R>(shown: (place: Place<T>) => R): IterableIterator<R> {
    this.#loadAll();
    const order = this.#order;
    let at = -1;
    const walk: IterableIterator<R> = {
      next() {
        do at += 1;
        while (at < order.length && order[at]!.record === undefined);
        return at < order.length
          ? { value: shown(order[at]!), done: false }
          : { value: undefined, done: true };
      },
      [Symbol.iterator]: () => walk,
    };
    return walk;
  }
}
