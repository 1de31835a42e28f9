import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { setOf, type PfnSet } from '../../src/engine/model/pfn_set.ts';
import { openReadConnection } from '../../src/store/connection.ts';
import { prepareLoad } from '../../src/store/load.ts';
import { prepareFleet } from '../../src/store/load_fleet.ts';
import type { Store } from '../../src/store/port.ts';
import { prepareReplay } from '../../src/store/replay.ts';
import { cases } from '../support/property.ts';
import { projectedHost } from './support/projected_host.ts';
import { mappedAndPinned, submitAll } from './support/scenario.ts';
import { sqliteHarness } from './support/sqlite_harness.ts';

const harness = sqliteHarness();
afterEach(async () => harness.cleanup());

const RANGES = 101;
const PAGE = 4096;

/** A host whose process maps every other page, so many of them, and pins one. */
function fragmented(host: string): Command[] {
  const pages = Array.from({ length: RANGES }, (_, at): Command => {
    const how = { flags: ['shared'], prot: 'r', page_size: 4096, populate: 'read' } as const;
    return {
      type: 'create_mapping',
      pid: 42,
      file: 'f3',
      offset: (1_025 + 2 * at) * PAGE,
      length: PAGE,
      ...how,
    };
  });
  return [...mappedAndPinned(host, 'v5.10'), ...pages];
}

interface Kept {
  readonly loaded: ReadonlyMap<string, PfnSet>;
  readonly inFleet: ReadonlyMap<string, PfnSet>;
  readonly replayed: ReadonlyMap<string, PfnSet>;
}

function kept(host: string): Kept {
  const db = openReadConnection(harness.path);
  const loaded = prepareLoad(db)(host).mapped_before;
  const inFleet = prepareFleet(db).load([host]).get(host)!.host.mapped_before;
  const replayed = prepareReplay(db)(host).mapped_before;
  db.close();
  return { loaded, inFleet, replayed };
}

async function advance(store: Store, removal: string): Promise<void> {
  await store.submit({ host: 'node-a', command: { type: 'advance_removal', removal } });
}

test('what was mapped stands beside the record until the removal has counted its pages, over a restart', async () => {
  let store = await harness.open();
  await submitAll(store, 'node-a', fragmented('node-a'));
  const begun = await store.submit({
    host: 'node-a',
    command: { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' },
  });
  const removal = begun.status === 'done' ? begun.answer.id : '';
  for (let step = 0; step < 12; step += 1) await advance(store, removal);
  const record = await store.get('removals', 'node-a', removal);
  expect(record).toMatchObject({ state: 'waiting', cut: { mapped_before: RANGES + 1 } });
  expect(record?.mapped_before).toHaveLength(100);
  const { loaded, inFleet, replayed } = kept('node-a');
  expect(loaded.get(removal)).toHaveLength(2 * (RANGES + 1));
  expect([inFleet, replayed]).toEqual([loaded, loaded]);
  await store.close();
  store = await harness.open();
  await submitAll(store, 'node-a', [
    { type: 'munmap', mapping: 'v6' },
    { type: 'unpin', pin: 'p5' },
  ]);
  for (let step = 0; step < 12; step += 1) await advance(store, removal);
  expect(await store.get('removals', 'node-a', removal)).toMatchObject({
    state: 'completed',
    report: { pages: { mapped: 1_024 + RANGES, unmapped: 1 } },
  });
  const none = new Map();
  expect(kept('node-a')).toEqual({ loaded: none, inFleet: none, replayed: none });
});

test('pfns that are packed come back as they were', () => {
  const { db } = projectedHost();
  const write = db.prepare(
    'INSERT OR REPLACE INTO mapped_before (host, removal, pfns) SELECT key, ?, ? FROM hosts',
  );
  const packed = db.prepare<[string], Buffer>('SELECT packed_pfns(?)').pluck();
  const load = prepareLoad(db);
  const ranges = fc.array(fc.tuple(fc.nat(2 ** 48), fc.integer({ min: 1, max: 2 ** 40 })), { maxLength: 30 });
  fc.assert(
    fc.property(ranges, (list) => {
      write.run('r', packed.get(JSON.stringify(list)));
      const pairs = Float64Array.from(list.flat());
      expect(load('h').mapped_before.get('r')).toEqual(setOf({ pairs, length: pairs.length }));
    }),
    cases(300),
  );
});
