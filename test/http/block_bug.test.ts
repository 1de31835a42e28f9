import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const host = '/v1/hosts/bug';

test('[S46] an offline that kills its writer is answered 200, and the block goes on going offline', async () => {
  const made = async (path: string, body: object) => {
    const { status, json } = await server.call('POST', `${host}/${path}`, body);
    expect([path, status < 300]).toEqual([path, true]);
    return json;
  };
  const policy = { auto_online_blocks: 'online_movable' };
  await server.call('POST', '/v1/hosts', { name: 'bug', kernel: 'v7.3', ...policy });
  await made('dax-devices', { name: 'pmem0', mode: 'fsdax', size: '1GiB', phys_addr: '0x200000000' });
  const mount = await made('mounts', {
    ...{ dax_device: 'pmem0', path: '/mnt/a', fs_type: 'ext4', dax: 'always', mkfs: true },
  });
  const file = await made('files', { mount: mount['id'], path: '/f', size: '4MiB' });
  await made('processes', { pid: 7, comm: 'owner' });
  const whole = { offset: 0, length: '4MiB', flags: ['shared'], prot: 'rw', populate: 'write' };
  await made('mappings', { pid: 7, file: file['id'], ...whole });
  await server.call('POST', `${host}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });
  await made('dax-devices/pmem0/bind', { mode: 'system-ram' });
  await server.call('DELETE', `${host}/processes/7`);
  const block = `${host}/dax-devices/pmem0/memory-blocks/memory65`;
  const died = await server.call('PATCH', block, { state: 'offline' });
  expect([died.status, died.json]).toMatchObject([
    200,
    { state: 'going-offline', result: 'kernel_oops', kernel_oopses: [{ task: 'caller' }], blocked_in: null },
  ]);
  expect((await server.call('GET', block)).json['state']).toBe('going-offline');
  expect((await server.call('GET', host)).json).toMatchObject({ stuck: ['device_hotplug_lock'] });
});
