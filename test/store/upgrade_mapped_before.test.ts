import { expect, test } from 'vitest';
import { rangesOf } from '../../src/engine/model/pfn_set.ts';
import { prepareLoad } from '../../src/store/load.ts';
import { migrate } from '../../src/store/migrate.ts';
import { addHost, before } from './support/before.ts';

const VERSION = 46;
const ranges = (count: number): number[][] => Array.from({ length: count }, (_, at) => [2 ** 33 + 4 * at, 3]);

/** State, ranges and what is cut; then what stands beside, and what is cut. */
const REMOVALS = [
  ['few', 'waiting', 100, undefined, 0, undefined],
  ['waits', 'waiting', 250, undefined, 250, { mapped_before: 250 }],
  ['rests', 'undetermined', 101, { hazards: 120 }, 101, { hazards: 120, mapped_before: 101 }],
  ['stuck', 'stuck', 101, undefined, 0, { mapped_before: 101 }],
  ['ended', 'completed', 101, undefined, 0, { mapped_before: 101 }],
] as const;

test('a removal keeps 100 ranges of what was mapped, and one that has not counted its pages all beside it', () => {
  const db = before(VERSION);
  addHost(db);
  const insert = db.prepare(
    `INSERT INTO removals (host, id, uid, revision, dax_device, kernel, "trigger", state, record)
     VALUES ('h', @id, @id, 3, 'pmem0', 'v6.12', 'unbind', @state, @record)`,
  );
  for (const [id, state, count, cut] of REMOVALS)
    insert.run({
      id,
      state,
      record: JSON.stringify({ id, revision: 3, state, cut, mapped_before: ranges(count) }),
    });
  migrate(db);
  const { tables, mapped_before } = prepareLoad(db)('h');
  const revisions = db.prepare<[], number>('SELECT revision FROM removals ORDER BY key').pluck().all();
  expect(revisions).toEqual([3, 4, 4, 4, 4]);
  for (const [id, state, count, , beside, cut] of REMOVALS) {
    const revision = count > 100 ? 4 : 3;
    const record = { id, revision, state, mapped_before: ranges(count).slice(0, 100), ...(cut && { cut }) };
    expect(tables.removals.get(id)).toEqual(record);
    expect(rangesOf(mapped_before.get(id) ?? new Float64Array(0))).toEqual(ranges(beside));
  }
});
