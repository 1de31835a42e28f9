import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import {
  CHUNK_RUNS,
  chunksOf,
  encodeRun,
  ENTRY_KINDS,
  LEVELS,
  levelPages,
  rowsOf,
} from '../../src/engine/model/mapping_table.ts';
import { prepareLoad } from '../../src/store/load.ts';
import { prepareFleet } from '../../src/store/load_fleet.ts';
import { migrate } from '../../src/store/migrate.ts';
import { packRuns, unpackChunks, unpackRuns } from '../../src/store/packed_runs.ts';
import { cases } from '../support/property.ts';
import { addHost, before } from './support/before.ts';
import { projectedHost, type ProjectedHost } from './support/projected_host.ts';

const steps = fc.array(
  fc.record({
    gap: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(2 ** 40)),
    entries: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 10 })),
    pfn: fc.oneof(fc.constant(-1), fc.nat(2 ** 40)),
    level: fc.constantFrom(...LEVELS),
    kind: fc.constantFrom(...ENTRY_KINDS),
    writable: fc.boolean(),
    pgmap: fc.oneof(fc.nat(2), fc.nat(2 ** 30)),
  }),
  { maxLength: 40 },
);

const someRuns = steps.map((list) => {
  let end = 0;
  const rows = list.flatMap(({ gap, entries, ...run }) => {
    const index = end + gap;
    const nr_pages = entries * levelPages(run.level);
    end = index + nr_pages;
    return encodeRun({ ...run, index, nr_pages });
  });
  return Float64Array.from(rows);
});

test('runs that are packed come back as they were', () => {
  fc.assert(
    fc.property(someRuns, (rows) => {
      expect(unpackRuns(packRuns(rows))).toEqual(rows);
    }),
    cases(300),
  );
});

test('chunks of an owner come back each as it was, and keep no more memory than some of their neighbours', () => {
  fc.assert(
    fc.property(fc.array(someRuns, { maxLength: 100 }), (chunks) => {
      const unpacked = unpackChunks(chunks.map(packRuns));
      expect(unpacked).toEqual(chunks);
      for (const [at, { buffer }] of unpacked.entries()) {
        const neighbours = unpacked.filter(
          (other, place) => other.buffer === buffer && Math.abs(place - at) < 32,
        );
        expect(buffer.byteLength).toBe(neighbours.reduce((sum, { byteLength }) => sum + byteLength, 0));
      }
    }),
    cases(30),
  );
});

const MAPPING = { uid: 'u', revision: 1, host: 'h', id: 'v1', pid: 1, dax_device: 'd', file: null };
const NONE = { pte: 0, pmd: 0, pud: 0, anon: 0 };
const MANY = 40 * CHUNK_RUNS;

let made: ProjectedHost;

beforeEach(() => {
  made = projectedHost();
  made.commit({ op: 'put', kind: 'mappings', id: 'v1', record: { ...MAPPING, present: NONE } });
});

/** Every other page from one on, so many. */
const holed = (first: number, runs: number): object => ({
  op: 'insert_entries',
  owner: 'v1',
  rows: Array.from({ length: runs }, (_, at) => [first + 2 * at, 1, 10 * at, 0]).flat(),
});
const chunkRows = (): number =>
  made.db.prepare<[], number>('SELECT count(*) FROM entry_chunks').pluck().get()!;

/** What is loaded, of the host alone and with the fleet, is what is in memory, chunk by chunk. */
function expectLoaded(): void {
  const { db, host } = made;
  const entries = [...host.entries];
  expect([...prepareLoad(db)('h').entries]).toEqual(entries);
  expect([...prepareFleet(db).load(['h']).get('h')!.host.entries]).toEqual(entries);
  const chunks = host.entries.get('v1')?.length ?? 0;
  expect(chunkRows()).toBe(chunks === 1 ? 0 : chunks);
}

test('one chunk stands in the row of its owner, several have a row each', () => {
  for (const runs of [1, CHUNK_RUNS, 1, MANY]) {
    made.commit(holed(0, runs));
    expectLoaded();
  }
  made.commit({ op: 'drop_entries', owner: 'v1', index: 9, nr_pages: 2 * MANY, anon: true });
  expectLoaded();
  made.commit({ op: 'drop_entries', owner: 'v1', index: 0, nr_pages: 2 * MANY, anon: true });
  expectLoaded();
  made.commit(holed(0, MANY));
  made.commit({ op: 'empty_entries', owners: ['v1'] });
  expectLoaded();
  expect(made.host.entries.has('v1')).toBe(false);
});

test('a change among many runs writes the chunks around it, by this host and by one that was loaded', () => {
  made.commit(holed(0, MANY));
  made.reload();
  for (const at of [1, MANY + 1, 2 * MANY - 1]) {
    const fault = { op: 'insert_entries', owner: 'v1', rows: [at, 1, 7, 0] };
    // The record, and chunks that are written or go.
    expect(made.rowsWritten(() => made.commit(fault))).toBeLessThanOrEqual(1 + 6);
    expectLoaded();
  }
});

test('what goes takes its chunks along: an owner, one that comes again in the same commit, a host', () => {
  made.commit(holed(0, MANY));
  const put = { op: 'put', kind: 'mappings', id: 'v1', record: { ...MAPPING, present: NONE } };
  made.commit({ op: 'delete', kind: 'mappings', id: 'v1' }, put, holed(5, 3 * CHUNK_RUNS));
  expectLoaded();
  made.commit({ op: 'delete', kind: 'mappings', id: 'v1' });
  expectLoaded();
  made.commit(put, holed(0, MANY));
  made.commit({ op: 'delete', kind: 'mappings', id: 'v1' }, { op: 'delete', kind: 'hosts', id: 'h' });
  expect(chunkRows()).toBe(0);
});

const HUGE = encodeRun({
  index: 3 * 512,
  nr_pages: 512,
  pfn: 512,
  level: 'pmd',
  kind: 'dax',
  writable: false,
  pgmap: 1,
});

test.each([
  ['few entries', [holed(0, 5)], 0],
  ['many', [holed(0, MANY)], 1],
  ['many, written in the same commit', [holed(0, MANY), holed(1, MANY)], 1],
  ['many, of which one is huge', [holed(0, MANY), { op: 'insert_entries', owner: 'v1', rows: HUGE }], 1],
])('a copy of %s has chunks of its own', (_name, changes, withOthers) => {
  if (withOthers === 1) made.commit({ op: 'insert_entries', owner: 'v1', rows: [2 ** 40, 1, 7, 0] });
  const put = (id: string): object => {
    return { op: 'put', kind: 'mappings', id, record: { ...MAPPING, uid: id, id, present: NONE } };
  };
  const copy = (from: string, to: string): object => ({ op: 'copy_entries', from, to, only_pte: true });
  made.commit(...changes, put('v2'), copy('v1', 'v2'), put('v3'), copy('v2', 'v3'));
  const ptes = rowsOf(made.host.entries.get('v1')!).filter(
    (_v, at, rows) => rows[at - (at % 4) + 3] !== HUGE[3],
  );
  for (const child of ['v2', 'v3']) expect(rowsOf(made.host.entries.get(child)!)).toEqual(ptes);
  const { host } = made;
  made.reload();
  expect([...made.host.entries].sort()).toEqual([...host.entries].sort());
  made.commit({ op: 'delete', kind: 'mappings', id: 'v1' }, { op: 'delete', kind: 'mappings', id: 'v2' });
  made.reload();
  expect(rowsOf(made.host.entries.get('v3')!)).toEqual(ptes);
});

test.each([1, CHUNK_RUNS, MANY])('entries of %i runs that were stored before are there', (runs) => {
  const old = before(43);
  addHost(old);
  const rows = Float64Array.from({ length: 4 * runs }, (_, at) => [2 * (at >> 2), 1, 5 * at, 16][at % 4]!);
  for (const [table, more] of [
    ['mappings', 'pid, dax_device'],
    ['files', 'mount, dax_device, file_system, path'],
  ] as const) {
    const values = more.split(', ').map(() => '7');
    old
      .prepare(
        `INSERT INTO ${table} (host, id, uid, revision, record, entries, ${more})
         VALUES ('h', '${table}', '${table}', 1, '{}', ?, ${values.join(', ')})`,
      )
      .run(Buffer.from(rows.buffer));
  }
  migrate(old);
  const { entries } = prepareLoad(old)('h');
  for (const table of ['mappings', 'files']) {
    expect(entries.get(table)).toEqual(chunksOf(rows));
    expect(rowsOf(entries.get(table)!)).toEqual(rows);
  }
});
