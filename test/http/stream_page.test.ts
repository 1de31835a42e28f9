import { expect, test } from 'vitest';
import type { EventQuery } from '../../src/http/backend.ts';
import { createPageReader } from '../../src/http/stream/read_page.ts';
import { openFreshStore } from '../support/local_store.ts';
import { startTestServer } from '../support/server.ts';

test('[STREAM6] a page is read once for all who are at the same place', async () => {
  const store = await openFreshStore();
  const server = await startTestServer({ store });
  await server.call('POST', '/v1/hosts', { name: 'a', kernel: 'v6.12' });
  for (let pid = 1; pid < 120; pid += 1)
    await server.call('POST', '/v1/hosts/a/processes', { pid, comm: 'a' });
  const asked: (number | undefined)[] = [];
  const events = (query: EventQuery) => {
    asked.push(query.after);
    return store.events(query);
  };
  const pages = createPageReader({ events });
  const read = await Promise.all(Array.from({ length: 50 }, () => pages.read({}, 0)));
  expect(asked).toEqual([0]);
  expect(new Set(read).size).toBe(1);
  expect(read[0]).toMatchObject({ last: 100, is_full: true, as_of: 120, oldest_seq: 1 });
  // One that is not full is read anew: more may have come.
  for (const as_of of [120, 121]) {
    expect(await pages.read({ host: 'a' }, 100)).toMatchObject({ last: as_of, is_full: false, as_of });
    await server.call('POST', '/v1/hosts/a/processes', { pid: 1_000 + as_of, comm: 'a' });
  }
  await server.close();
});
