/**
 * Records of a kind by id, in order of creation. What an open transaction deletes is hidden in its place, so that an
 * undo costs the same however many records stand behind it: apply() takes it out for good. Readers see none of it.
 * `forEach` and `clear` are those of a Map, which know nothing of what is hidden: nobody calls them.
 */
export class Table<T> extends Map<string, T> {
  readonly #hidden = new Set<string>();

  /** Hides a record, if there is one; returns what shows it again. */
  hide(id: string): () => void {
    const shown = this.has(id);
    if (shown) this.#hidden.add(id);
    return () => {
      if (shown) this.#hidden.delete(id);
    };
  }

  /** Sets a record; returns what undoes it. One whose id stands hidden comes last, as after a delete. */
  put(id: string, record: T): () => void {
    if (this.#hidden.has(id)) return this.#displace(id, record);
    const before = super.get(id);
    super.set(id, record);
    return () => {
      if (before === undefined) super.delete(id);
      else super.set(id, before);
    };
  }

  #displace(id: string, record: T): () => void {
    const before = [...super.entries()];
    this.delete(id);
    super.set(id, record);
    return () => {
      super.clear();
      for (const [key, own] of before) super.set(key, own);
      this.#hidden.add(id);
    };
  }

  override get(id: string): T | undefined {
    return this.#hidden.has(id) ? undefined : super.get(id);
  }

  override has(id: string): boolean {
    return super.has(id) && !this.#hidden.has(id);
  }

  override get size(): number {
    return super.size - this.#hidden.size;
  }

  override delete(id: string): boolean {
    this.#hidden.delete(id);
    return super.delete(id);
  }

  override *entries(): MapIterator<[string, T]> {
    for (const entry of super.entries()) if (!this.#hidden.has(entry[0])) yield entry;
  }

  override *keys(): MapIterator<string> {
    for (const id of super.keys()) if (!this.#hidden.has(id)) yield id;
  }

  override *values(): MapIterator<T> {
    for (const [id, record] of super.entries()) if (!this.#hidden.has(id)) yield record;
  }

  override [Symbol.iterator](): MapIterator<[string, T]> {
    return this.entries();
  }
}
