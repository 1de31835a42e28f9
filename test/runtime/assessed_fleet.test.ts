import { afterEach, expect, test } from 'vitest';
import { createAssessedFleet } from '../../src/runtime/assessed_fleet.ts';
import { openReadConnection } from '../../src/store/connection.ts';
import { prepareFleet } from '../../src/store/load_fleet.ts';
import { openLocalStore } from '../support/local_store.ts';
import { sqliteHarness } from '../store/support/sqlite_harness.ts';

/** More than are kept in memory. */
const HOSTS = 70;
const harness = sqliteHarness(null);
afterEach(() => harness.cleanup());

const nameOf = (at: number): string => `node-${String(at)}`;

test('what concerns one host costs the loading of that host, however large the fleet is', async () => {
  const store = await harness.own(openLocalStore(harness.path));
  const device = { name: 'pmem0', mode: 'fsdax', size: 2 ** 30 } as const;
  for (let at = 0; at < HOSTS; at += 1) {
    const host = nameOf(at);
    await store.submit({ host, command: { type: 'create_host', name: host, kernel: 'v6.12' } });
    await store.submit({ host, command: { type: 'create_dax_device', ...device } });
  }
  const db = openReadConnection(harness.path);
  const fleet = prepareFleet(db);
  const read: (readonly string[] | null)[] = [];
  const assessed = createAssessedFleet({
    ...fleet,
    devices: (names) => {
      read.push(names);
      return fleet.devices(names);
    },
    load: (names) => {
      read.push(names);
      return fleet.load(names);
    },
  });
  expect(read).toEqual([]);
  assessed.refresh();
  assessed.assess(assessed.hosts.pending(HOSTS));
  expect(assessed.hosts.tally()).toMatchObject({ devices: HOSTS, contained: HOSTS });
  read.length = 0;
  assessed.refresh();
  expect(read).toEqual([]);
  await store.submit({ host: nameOf(7), command: { type: 'patch_host', labels: { rack: '1' } } });
  assessed.refresh();
  expect(assessed.hosts.pending(HOSTS)).toEqual([nameOf(7)]);
  expect(assessed.hosts.tally().devices).toBe(HOSTS - 1);
  assessed.assess(assessed.hosts.pending(HOSTS));
  expect(read).toEqual([[nameOf(7)], [nameOf(7)]]);
  expect(assessed.hosts.tally().devices).toBe(HOSTS);
  // Let go since it was assessed.
  expect(assessed.open(nameOf(0)).assessments.length).toBe(1);
  expect(assessed.open(nameOf(0)).assessments.length).toBe(1);
  expect(read.slice(2)).toEqual([[nameOf(0)]]);
  db.close();
});
