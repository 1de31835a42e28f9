import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

it('[KM25] daxctl offline-memory and online-memory are requests of the device', async () => {
  const host = '/v1/hosts/daxctl';
  await server.call('POST', '/v1/hosts', { name: 'daxctl', kernel: 'v6.12', auto_online_blocks: 'offline' });
  const device = {
    name: 'dax0.0',
    mode: 'system-ram',
    size: '1GiB',
    phys_addr: '0x108000000',
    target_node: 1,
  };
  await server.call('POST', `${host}/dax-devices`, device);
  const url = `${host}/dax-devices/dax0.0`;
  const counted = (online: number, movable: boolean | null) => ({
    status: 200,
    json: {
      host: 'daxctl',
      dax_device: 'dax0.0',
      result: 'ok',
      errno: null,
      detail: null,
      written: 8,
      memory_blocks: { online, total: 8, movable },
    },
  });
  const post = async (verb: string, body?: object) => server.call('POST', `${url}/${verb}`, body ?? {});
  expect(await post('online-memory?dry_run=true')).toMatchObject(counted(8, true));
  expect(await post('online-memory', { no_movable: true })).toMatchObject(counted(8, false));
  const already = { status: 409, json: { code: 'tool_refused', errno: null } };
  expect(await post('online-memory')).toMatchObject(already);
  const chance = { code: 'outcome_unknown', possible: [{ outcome: 'EBUSY' }, { outcome: 'offline' }] };
  expect(await post('offline-memory')).toMatchObject({ status: 409, json: chance });
  for (let block = 33; block < 41; block += 1)
    await server.call('PATCH', `${url}/memory-blocks/${String(block)}`, { kernel_pages: false });
  expect(await post('offline-memory')).toMatchObject(counted(0, null));
  expect(await post('offline-memory')).toMatchObject(already);
  expect(await post('online-memory', { zone: 'Movable' })).toMatchObject({ status: 400 });
  await server.call('POST', `${host}/dax-devices`, {
    ...device,
    name: 'dax1.0',
    phys_addr: '0x208000000',
    mode: 'devdax',
  });
  const devdax = await server.call('POST', `${host}/dax-devices/dax1.0/offline-memory`, {});
  expect(devdax).toMatchObject({ status: 409, json: { code: 'tool_refused', errno: 'ENXIO' } });
});
