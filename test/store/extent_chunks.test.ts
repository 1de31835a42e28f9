import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extentsOf } from '../../src/engine/model/extents.ts';
import type { Extent } from '../../src/engine/model/inode.ts';
import { fileOf } from '../../src/engine/model/lookup.ts';
import { listPage } from '../../src/store/list.ts';
import { prepareLoad } from '../../src/store/load.ts';
import { prepareFleet } from '../../src/store/load_fleet.ts';
import { prepareEntriesAhead } from '../../src/store/load_ahead.ts';
import { prepareLoadPart } from '../../src/store/load_part.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createReads } from '../../src/store/read.ts';
import { preparePackedRecords } from '../../src/store/packed_records.ts';
import { unpackJson } from '../../src/store/packed.ts';
import { cases } from '../support/property.ts';
import { addHost, before } from './support/before.ts';
import { projectedHost, type ProjectedHost } from './support/projected_host.ts';
import { listed } from '../support/listed.ts';

const FILE = {
  uid: 'u',
  revision: 1,
  host: 'h',
  id: 'f1',
  mount: 'm1',
  dax_device: 'd',
  file_system: 's1',
  path: '/a "extents":[] b',
};
const put = (extents: readonly Extent[]): object => ({
  op: 'put',
  kind: 'files',
  id: 'f1',
  record: { ...FILE, extents },
});
/** So many extents with holes of four pages between. */
const holed = (count: number): Extent[] =>
  Array.from({ length: count }, (_, at) => ({ offset: 5 * at, pfn: 7 * at, nr_pages: 1 }));

/** What is read, in every way in which it is, is what is in memory. */
async function expectStored({ db, host }: ProjectedHost): Promise<void> {
  const loaded = [
    prepareLoad(db)('h'),
    prepareFleet(db).load(['h']).get('h')!.host,
    prepareLoadPart(db, prepareEntriesAhead(db))('h').host,
  ];
  for (const { tables, extents } of loaded)
    expect([[...tables.files], extents]).toEqual([[...host.tables.files], host.extents]);
  const files = [...host.tables.files.values()].map((file) => ({ ...file, extents: extentsOf(host, file) }));
  expect(await createReads(db).get('files', 'h', 'f1')).toEqual(files[0] ?? null);
  const page = listPage((sql) => db.prepare(sql), { kind: 'files', filters: {}, limit: 9 });
  expect(listed(page)).toEqual(files);
  const packed = preparePackedRecords(db)({ host: 'h', kinds: ['files'] });
  expect(unpackJson(packed!)).toEqual({ files });
}

test('extents of a file are stored and read as they are, however many', async () => {
  const made = projectedHost();
  for (const count of [3, 128, 129, 1_000, 1_001, 128, 400]) {
    made.commit(put(holed(count)));
    await expectStored(made);
  }
  made.commit({ op: 'delete', kind: 'files', id: 'f1' }, put(holed(300)));
  await expectStored(made);
  made.commit({ op: 'delete', kind: 'files', id: 'f1' });
  await expectStored(made);
  expect(made.db.prepare('SELECT * FROM extent_chunks').all()).toEqual([]);
});

const change = fc.oneof(
  fc.record({ hole: fc.nat(599), from: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ gone: fc.tuple(fc.nat(600), fc.nat(600)) }),
  fc.constant('reload' as const),
);

test('whatever part of them changes, what is stored is what is in memory', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const made = projectedHost();
      made.commit(put(holed(600)));
      const extents = (host = made.host) => extentsOf(host, fileOf(host, 'f1'));
      for (const one of changes) {
        if (one === 'reload') made.reload();
        else if ('gone' in one) {
          // A part goes: a punched hole, a truncate.
          const [start, end] = [...one.gone].sort((x, y) => x - y);
          const left = [...extents().slice(0, start), ...extents().slice(end)];
          // A record without extents has those that stand beside it.
          made.commit(...(left.length === 0 ? [{ op: 'delete', kind: 'files', id: 'f1' }] : []), put(left));
        } else {
          const offset = 5 * one.hole + one.from;
          const isTaken = extents().some(
            (part) => part.offset <= offset && offset < part.offset + part.nr_pages,
          );
          if (!isTaken)
            made.commit({ op: 'give_blocks', file: 'f1', offset, pfn: 9_000 + offset, nr_pages: 1 });
        }
        expect(extents(prepareLoad(made.db)('h'))).toEqual(extents());
      }
    }),
    cases(30),
  );
});

test('blocks for one of many holes write the row that they are in', () => {
  const made = projectedHost();
  made.commit(put(holed(10_000)));
  for (const reload of [false, true]) {
    if (reload) made.reload();
    const give = { op: 'give_blocks', file: 'f1', offset: reload ? 30_002 : 20_002, pfn: 1, nr_pages: 1 };
    // The record; a row that goes, and two that come of it where it was full.
    expect(made.rowsWritten(() => made.commit(give))).toBeLessThanOrEqual(1 + 3);
  }
});

test.each([128, 129, 1_000])('%i extents that were stored before are there', (count) => {
  const old = before(44);
  addHost(old);
  old
    .prepare(
      `INSERT INTO files (host, id, uid, revision, record, mount, dax_device, file_system, path)
       VALUES ('h', 'f1', 'f1', 1, ?, 'm1', 'd', 's1', '/a')`,
    )
    .run(JSON.stringify({ ...FILE, extents: holed(count) }));
  migrate(old);
  const host = prepareLoad(old)('h');
  expect(extentsOf(host, fileOf(host, 'f1'))).toEqual(holed(count));
  expect(fileOf(host, 'f1')).toEqual({ ...FILE, extents: count > 128 ? [] : holed(count) });
});

test('of two changes far apart the chunks between them are not written again', () => {
  const made = projectedHost();
  made.commit(put(holed(20_000)));
  const give = (offset: number): object => {
    return { op: 'give_blocks', file: 'f1', offset, pfn: 900_000_000 + offset, nr_pages: 1 };
  };
  const once = made.rowsWritten(() => made.commit(give(7)));
  expect(made.rowsWritten(() => made.commit(give(17), give(5 * 19_990 + 2)))).toBeLessThanOrEqual(2 * once);
});
