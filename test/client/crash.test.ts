import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { startChildService, type ChildService } from './child_service.ts';

interface Answer {
  readonly id: string;
  readonly state: string;
  readonly verdict: string | null;
  readonly waiting_on: readonly { readonly pin: string }[];
}

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function start(db: string): Promise<ChildService> {
  const service = await startChildService({ DAXPLANE_DB: db, DAXPLANE_DEMO: '0' });
  ended.push(() => service.stop());
  return service;
}

async function call(method: string, url: string, body?: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(url, init);
  expect(response.status).toBeLessThan(300);
  return (await response.json()) as Answer;
}

function atRest(url: string): Promise<Answer> {
  return until(
    () => call('GET', url),
    ({ state }) => state !== 'running',
  );
}

test('[RM3] kill -9 while a removal waits: it still waits afterwards, and the pin ends it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'daxplane-'));
  ended.push(() => rm(directory, { recursive: true, force: true }));
  const db = join(directory, 'daxplane.db');
  const before = await start(db);
  const host = `${before.url}/v1/hosts/h`;
  await call('POST', `${before.url}/v1/hosts`, { name: 'h', kernel: 'v5.10' });
  await call('POST', `${host}/dax-devices`, { name: 'dax0.0', mode: 'devdax', size: '1GiB' });
  await call('POST', `${host}/processes`, { pid: 42, comm: 'xsk' });
  const shared = { pid: 42, dax_device: 'dax0.0', offset: 0, length: '4MiB', flags: ['shared'], prot: 'rw' };
  const mapping = await call('POST', `${host}/mappings`, { ...shared, populate: 'write' });
  const umem = { pid: 42, mapping: mapping.id, offset: 0, length: '2MiB', kind: 'longterm', holder: 'xdp' };
  const pin = await call('POST', `${host}/pins`, umem);
  const begun = await call('POST', `${host}/dax-devices/dax0.0/remove`, { trigger: 'unbind' });
  const removal = await atRest(`${before.url}/v1/removals/${begun.id}`);
  expect(removal).toMatchObject({ state: 'waiting', verdict: null, waiting_on: [{ pin: pin.id }] });
  await before.crash();

  const after = await start(db);
  const at = `${after.url}/v1/removals/${removal.id}`;
  expect(await call('GET', at)).toMatchObject({ state: 'waiting', waiting_on: [{ pin: pin.id }] });
  await call('DELETE', `${after.url}/v1/hosts/h/pins/${pin.id}`);
  expect(await atRest(at)).toMatchObject({ state: 'completed', verdict: 'contained' });
});
