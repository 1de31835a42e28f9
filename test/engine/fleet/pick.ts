import fc from 'fast-check';
import type { Command } from '../../../src/engine/model/command.ts';
import { MIB, PAGE, type Machine } from '../support.ts';
import type { Table } from '../../../src/engine/model/table.ts';

/** A step of a random fleet: it picks what it acts on among what there is. */
export type Step = (made: Machine) => Command | null;

export function pick<T>(list: Iterable<T>, at: number): T | undefined {
  const all = [...list];
  return all[at % Math.max(1, all.length)];
}

export const nth = fc.nat({ max: 50 });
export const byte = fc.nat({ max: 1100 }).map((page) => page * PAGE);
export const size = fc.constantFrom(PAGE, 16 * PAGE, 2 * MIB, 4 * MIB);
export const deviceName = fc.constantFrom('pmem0', 'pmem1', 'dax0.0', 'dax1.0', 'dax2.0');
/** Nobody, or one of two tenants. */
export const tenant = fc.constantFrom(null, 'a', 'b');

/** A step on one of the records of a table; none where the table is empty. */
export function onOne<T>(
  table: (made: Machine) => Table<T>,
  command: (id: string, made: Machine) => Command | null,
): fc.Arbitrary<Step> {
  return nth.map((at) => (made) => {
    const id = pick(table(made).keys(), at);
    return id === undefined ? null : command(id, made);
  });
}

/** A step alone, as a list. */
export function one(arbitrary: fc.Arbitrary<Step>): fc.Arbitrary<Step[]> {
  return arbitrary.map((step) => [step]);
}

/** The next step of whatever removal runs; nothing where none does. */
export const goOn: Step = ({ host }) => {
  const running = [...host.tables.removals.values()].find(({ state }) => state === 'running');
  return running === undefined ? null : { type: 'advance_removal', removal: running.id };
};
