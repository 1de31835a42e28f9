import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { serve } from '../support/server.ts';
import { until } from '../support/until.ts';

const server = serve(beforeEach, afterEach);
const at = '/v1/hosts/node-a';

async function make(url: string, body: unknown, headers?: Record<string, string>) {
  const { status, text, json } = await server.call('POST', url, body, headers);
  expect([status < 300, text]).toEqual([true, text]);
  return json;
}

/** A devdax on a kernel that waits for each of so many pins. */
async function pinned(pins: number): Promise<void> {
  await make('/v1/hosts', { name: 'node-a', kernel: 'v5.10' });
  await make(`${at}/dax-devices`, { name: 'dax0.0', mode: 'devdax', size: '1GiB' });
  await make(`${at}/processes`, { pid: 100, comm: 'redis' });
  const memory = { dax_device: 'dax0.0', offset: 0, length: '2MiB', flags: ['shared'], prot: 'rw' };
  const { id } = await make(`${at}/mappings`, { pid: 100, ...memory, populate: 'read' });
  const pin = { pid: 100, mapping: id, offset: 0, length: 4096, kind: 'transient', holder: 'vmsplice' };
  for (let made = 0; made < pins; made += 1) await make(`${at}/pins`, pin);
}

test.each([100, 101])(
  '[CUT1] of %i pins that a removal waits on 100 are told, and how many',
  async (pins) => {
    await pinned(pins);
    const counted = { waiting_on: pins, pins_waited_for: pins };
    const told = pins > 100 ? [counted, 100, 100] : [undefined, pins, pins];
    const seen = (json: unknown) => {
      const { cut, waiting_on, report } = json as RemovalRecord;
      return [cut, waiting_on.length, report.pins_waited_for.length];
    };
    const remove = `${at}/dax-devices/dax0.0/remove`;
    expect(seen(await make(`${remove}?dry_run=true`, { trigger: 'unbind' }))).toEqual(told);
    const { id } = await make(remove, { trigger: 'unbind' });
    const { json } = await until(
      () => server.call('GET', `/v1/removals/${id}`),
      (answer) => answer.json.state === 'waiting',
    );
    expect(seen(json)).toEqual(told);
    expect((await server.call('GET', '/v1/removals')).json.items).toEqual([json]);
    const rest = await server.call('GET', `${at}/pins?dax_device=dax0.0&limit=500`);
    expect(rest.json.items).toHaveLength(pins);
  },
);
