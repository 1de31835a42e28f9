import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareAssess, type AssessedPage } from '../../src/runtime/assessor.ts';
import { TURNS_MAX } from '../../src/runtime/assessed_page.ts';
import { openReadConnection, type Connection } from '../../src/store/connection.ts';
import type { AssessmentPage, AssessmentQuery, Store } from '../../src/store/port.ts';
import { openLocalStore } from '../support/local_store.ts';
import { sqliteHarness } from '../store/support/sqlite_harness.ts';

const harness = sqliteHarness(null);
let store: Store;
let db: Connection;
beforeEach(async () => {
  store = await openLocalStore(harness.path);
  db = openReadConnection(harness.path);
});
afterEach(async () => {
  db.close();
  await store.close();
  await harness.cleanup();
});

const nameOf = (at: number): string => `node-${String(at)}`;

/** Hosts with two devices each, in order. */
async function makeHosts(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const host = nameOf(at);
    await store.submit({ host, command: { type: 'create_host', name: host, kernel: 'v6.12' } });
    for (const mode of ['fsdax', 'devdax'] as const)
      await store.submit({ host, command: { type: 'create_dax_device', name: mode, mode, size: 2 ** 30 } });
  }
}

/** An assessor whose clock says at each look that a slice is over. */
function slow() {
  let now = 0;
  return prepareAssess(db, () => (now += 1_000));
}

type Assessor = ReturnType<typeof prepareAssess>;

function turnOf(assessor: Assessor, query: Partial<AssessmentQuery>, turn: number): AssessedPage {
  return assessor.answer({ query: { filters: {}, limit: 500, ...query }, turn }).answer as AssessedPage;
}

/** Turn after turn, as the store asks; how many there were. */
function pageOf(
  assessor: Assessor,
  query: Partial<AssessmentQuery> = {},
): { page: AssessmentPage; turns: number } {
  for (let turn = 0; ; turn += 1) {
    const page = turnOf(assessor, query, turn);
    if (page === 'unfinished') continue;
    if ('refused' in page) throw new Error(page.detail);
    return { page, turns: turn + 1 };
  }
}

const hostsOf = ({ items }: AssessmentPage): string[] =>
  items.map((item) => (JSON.parse(item) as { host: string }).host);

test('[AS11] a page assesses the hosts that it comes to and 16 more, and tells how many devices are pending', async () => {
  await makeHosts(20);
  const assessor = prepareAssess(db, () => 0);
  const { page } = pageOf(assessor, { limit: 3 });
  expect(hostsOf(page)).toEqual([nameOf(0), nameOf(0), nameOf(1)]);
  expect(page.summary).toMatchObject({ devices: 36, contained: 36, pending: 4, not_assessed: 0 });
  // Of one host nothing is pending, whatever is of the others.
  const own = pageOf(slow(), { filters: { host: nameOf(19) } });
  expect(own.page.summary).toMatchObject({ devices: 2, pending: 0 });
});

test('[AS11] what is pending is assessed between jobs, in slices, each of some hosts', async () => {
  await makeHosts(20);
  const assessor = slow();
  expect(assessor.between()).toBe(false);
  pageOf(assessor, { limit: 1 });
  let slices = 1;
  while (assessor.between()) slices += 1;
  expect(slices).toBeGreaterThan(1);
  expect(pageOf(assessor, { limit: 1 }).page.summary).toMatchObject({ devices: 40, pending: 0 });
});

test('a host that goes while it is pending is left out', async () => {
  await makeHosts(18);
  const assessor = prepareAssess(db, () => 0);
  pageOf(assessor, { limit: 1 });
  await store.submit({ host: nameOf(17), command: { type: 'delete_host' } });
  expect(assessor.between()).toBe(false);
  expect(pageOf(assessor).page.summary).toMatchObject({ devices: 34, pending: 0 });
});

test('a page that takes more than a slice goes on in its next turn, and is whole in the end', async () => {
  await makeHosts(6);
  const { page, turns } = pageOf(slow());
  expect(turns).toBeGreaterThan(6);
  expect(page.items.length).toBe(12);
  expect(page.last).toBeNull();
});

test('the last turn makes the texts that are missing at once', async () => {
  await makeHosts(6);
  const assessor = slow();
  for (let turn = 0; turn < 6; turn += 1) expect(turnOf(assessor, {}, turn)).toBe('unfinished');
  while (assessor.between());
  expect(turnOf(assessor, {}, TURNS_MAX)).toMatchObject({ last: null, items: { length: 12 } });
});

test('[AS12] a filter that nothing matches ends after a bound of work, and says where it stands', async () => {
  await makeHosts(TURNS_MAX + 10);
  const query = { filters: { verdict: 'exposed' }, limit: 5 } as const;
  const assessor = slow();
  const first = pageOf(assessor, query);
  expect(first.turns).toBe(TURNS_MAX + 1);
  expect(first.page).toMatchObject({ items: [], summary: { devices: 0 } });
  expect(first.page.last).toBeGreaterThan(0);
  const second = pageOf(assessor, { ...query, after: first.page.last! });
  expect(second.page).toMatchObject({ items: [], last: null, summary: { devices: 0, pending: 0 } });
});

test('a page by labels comes to the hosts that have them, and to no others', async () => {
  await makeHosts(19);
  for (const at of [3, 18])
    await store.submit({ host: nameOf(at), command: { type: 'patch_host', labels: { rack: '1' } } });
  const labels = [['rack', '1']] as const;
  const assessor = prepareAssess(db, () => 0);
  const { page } = pageOf(assessor, { labels });
  expect(hostsOf(page)).toEqual([nameOf(3), nameOf(3), nameOf(18), nameOf(18)]);
  expect(page.summary).toMatchObject({ devices: 4, pending: 2 });
  const { page: one } = pageOf(assessor, { labels, filters: { host: nameOf(18) } });
  expect(hostsOf(one)).toEqual([nameOf(18), nameOf(18)]);
});

test('devices that come to a host, and go, are told in order of creation', async () => {
  await makeHosts(3);
  const assessor = prepareAssess(db, () => 0);
  pageOf(assessor);
  const device = { name: 'pmem9', mode: 'fsdax', size: 2 ** 30 } as const;
  await store.submit({ host: nameOf(0), command: { type: 'create_dax_device', ...device } });
  const { page } = pageOf(assessor);
  expect(hostsOf(page)).toEqual([0, 0, 1, 1, 2, 2, 0].map(nameOf));
  await store.submit({ host: nameOf(1), command: { type: 'delete_host' } });
  expect(hostsOf(pageOf(assessor).page)).toEqual([0, 0, 2, 2, 0].map(nameOf));
});
