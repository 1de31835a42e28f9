import { describe, expect, test } from 'vitest';
import { begin, patch, rollback, within, type Transaction } from '../../src/engine/model/transaction.ts';
import { machine, steadyContext } from './support.ts';

/** More changes than one call takes arguments. */
const MANY = 200_000;

function started(): { readonly tx: Transaction; readonly nextId: () => number } {
  const { host } = machine('v6.12');
  return { tx: begin(host, steadyContext()), nextId: () => host.tables.hosts.get('h')!.next_id };
}

function count(tx: Transaction): number {
  for (let next_id = 1; next_id <= MANY; next_id += 1) patch(tx, 'hosts', 'h', { next_id });
  return MANY;
}

describe('a transaction inside of another', () => {
  test('is kept until the other is put back, however many changes it has', () => {
    const { tx, nextId } = started();
    const before = nextId();
    expect(within(tx, count, () => true)).toBe(MANY);
    expect(nextId()).toBe(MANY);
    rollback(tx);
    expect(nextId()).toBe(before);
  });

  test('is put back at once where it is not kept, and where it throws', () => {
    const { tx, nextId } = started();
    const before = nextId();
    expect(within(tx, count, () => false)).toBe(MANY);
    expect(nextId()).toBe(before);
    const failing = (own: Transaction): never => {
      throw new Error(String(count(own)));
    };
    expect(() => within(tx, failing, () => true)).toThrow(String(MANY));
    expect(nextId()).toBe(before);
    // Nothing is left to put back.
    tx.host.tables.hosts.change('h', (host) => ({ ...host, next_id: before + 1 }));
    rollback(tx);
    expect(nextId()).toBe(before + 1);
  });
});
