import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { openLocalStore } from '../support/local_store.ts';

test('an assessment that is behind what the journal keeps looks at every host anew', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'daxplane-behind-'));
  const path = join(directory, 'test.db');
  const store = await openLocalStore(path);
  const submit = (host: string, command: Command) => store.submit({ host, command });
  const devices = async () => {
    const page = await store.assess({ filters: {}, limit: 10 });
    if (!('items' in page)) throw new Error(page.detail);
    return page.items.map((item) => (JSON.parse(item) as { dax_device: string }).dax_device);
  };
  const device = (name: string) =>
    ({ type: 'create_dax_device', name, mode: 'devdax', size: 2 ** 30 }) as const;
  for (const host of ['a', 'b']) await submit(host, { type: 'create_host', name: host, kernel: 'v6.12' });
  await submit('a', device('dax0.0'));
  await submit('b', device('dax1.0'));
  expect(await devices()).toEqual(['dax0.0', 'dax1.0']);
  await submit('a', device('dax2.0'));
  await submit('b', { type: 'delete_host' });
  await submit('c', { type: 'create_host', name: 'c', kernel: 'v6.12' });
  const other = new Sqlite(path);
  other.exec('DELETE FROM events WHERE seq < (SELECT max(seq) FROM events)');
  other.close();
  expect(await devices()).toEqual(['dax0.0', 'dax2.0']);
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});
