import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const GIB = 2 ** 30;
const MEMDEV = { memdev: 'mem0', ram_size: 8 * GIB, serial: 7, host: '0000:0d:00.0' };
const DAX = { chardev: 'dax0.0', size: 4 * GIB, target_node: 1, mode: 'devdax' };
const REGION = { region: 'region0', resource: 64 * GIB, size: 4 * GIB, type: 'ram', interleave_ways: 1 };
const TARGET = { position: 0, memdev: 'mem0', decoder: 'decoder2.0' };
const FULL = { ...REGION, mappings: [TARGET] };

/** What a dry run of the removal of mem0 answers, and the removal itself. */
async function removalAfter(name: string, ...listings: readonly object[]) {
  const host = `/v1/hosts/${name}`;
  await server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
  for (const listing of listings) {
    expect((await server.call('POST', `${host}/inventory`, JSON.stringify([listing]))).status).toBe(200);
  }
  const at = `${host}/cxl-memdevs/mem0/remove`;
  const dry = await server.call('POST', `${at}?dry_run=true`, { trigger: 'unbind' });
  const wet = await server.call('POST', at, { trigger: 'unbind' }, { prefer: 'wait=5' });
  return [dry, wet].map(
    ({ status, json, text }) => [status, (json as { code?: string }).code, text] as const,
  );
}

test.each([
  ['no region of the card is known', 'dax0.0', [MEMDEV, DAX]],
  ['the region does not show its targets', 'region0', [MEMDEV, REGION, DAX]],
  ['its number contradicts its size', 'dax0.0', [MEMDEV, FULL, { ...DAX, size: 6 * GIB }]],
])('[CX21] what goes with a memdev is unknown where %s', async (why, name, listings) => {
  for (const [status, code, text] of await removalAfter(`u-${why.replaceAll(' ', '-')}`, ...listings)) {
    expect([status, code]).toEqual([409, 'outcome_unknown']);
    expect(text).toContain(name);
    expect(text).toContain('daxctl list -R');
  }
});

test.each([
  ['the device is linked', [MEMDEV, FULL, DAX]],
  ['another bus is told', [MEMDEV, { path: '/platform/hmem.0', id: 0, devices: [DAX] }]],
  ['another number has no region', [MEMDEV, FULL, { ...DAX, chardev: 'dax1.0' }]],
])('[CX21] and known where %s', async (why, listings) => {
  for (const [status] of await removalAfter(`k-${why.replaceAll(' ', '-')}`, ...listings)) {
    expect(status).toBeLessThan(300);
  }
});
