import { afterAll, beforeAll, expect, test } from 'vitest';
import { surveyed } from '../../src/http/schemas/holder.ts';
import { Host } from '../../src/http/schemas/host.ts';
import { ImaginedState } from '../../src/http/schemas/imagined.ts';
import { Assessment, assessed as assessedBeside } from '../../src/http/schemas/what_if.ts';
import { RemovalState } from '../../src/http/schemas/word.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const WAIT = { prefer: 'wait=60' };

async function make(url: string, body: unknown, headers?: Record<string, string>) {
  const { status, text, json } = await server.call('POST', url, body, headers);
  expect([status < 300, text]).toEqual([true, text]);
  return json;
}

async function assessed(query: string) {
  const { json } = await server.call('GET', `/v1/assessment${query}`);
  return { summary: json['summary'], names: json.items.map((item) => item['dax_device']), items: json.items };
}

test('[AS5] a removal that is stuck counts as stuck, under its verdict, and not as refused', async () => {
  const host = '/v1/hosts/hangs';
  await make('/v1/hosts', { name: 'hangs', kernel: 'v7.3' });
  await make(`${host}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  const xfs = { fs_type: 'xfs', rmapbt: true, agcount: 4, dax: 'always', mkfs: true };
  const mount = await make(`${host}/mounts`, { dax_device: 'pmem0', path: '/mnt', ...xfs });
  const file = await make(`${host}/files`, { mount: mount.id, path: '/data', size: '2MiB' });
  await make(`${host}/processes`, { pid: 100, comm: 'redis' });
  const mapping = { pid: 100, file: file.id, offset: 0, length: '2MiB', flags: ['shared'], prot: 'r' };
  await make(`${host}/mappings`, { ...mapping, populate: 'read' });
  await assessed('?host=hangs');
  const removal = await make(`${host}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, WAIT);
  expect(removal).toMatchObject({ state: 'stuck', verdict: 'unsafe' });
  const { summary, items } = await assessed('?host=hangs');
  expect(summary).toMatchObject({ devices: 1, refused: 0, waiting: 0, unsafe: 1, stuck: 1 });
  expect(items).toMatchObject([
    {
      state: 'stuck',
      verdict: 'unsafe',
      advice: [{ action: 'reboot', targets: ['hangs'] }],
      refused: { code: 'removal_in_progress' },
    },
  ]);
  expect((await assessed('?state=stuck')).names).toEqual(['pmem0']);
});

test('[AS5] a device whose range has leaked counts as leaked', async () => {
  const host = '/v1/hosts/leaky';
  await make('/v1/hosts', { name: 'leaky', kernel: 'v6.12', auto_online_blocks: 'online_movable' });
  const place = { phys_addr: '0x108000000', target_node: 1, size: '1GiB' };
  await make(`${host}/dax-devices`, { name: 'dax0.0', mode: 'system-ram', ...place });
  const removal = await make(`${host}/dax-devices/dax0.0/remove`, { trigger: 'unbind' }, WAIT);
  expect(removal).toMatchObject({ state: 'completed', verdict: 'leaked' });
  const { summary } = await assessed('?host=leaky');
  expect(summary).toMatchObject({ devices: 1, refused: 0, leaked: 1, stuck: 0 });
  expect((await assessed('?verdict=leaked')).names).toEqual(['dax0.0']);
});

test('[AS7] [ADV12] what a removal has left has its advice until it is gone, as holders have it', async () => {
  const host = '/v1/hosts/idles';
  await make('/v1/hosts', { name: 'idles', kernel: 'v6.12' });
  await make(`${host}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  const ext4 = { fs_type: 'ext4', dax: 'always', mkfs: true };
  await make(`${host}/mounts`, { dax_device: 'pmem0', path: '/mnt', ...ext4 });
  await make(`${host}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, WAIT);
  const advice = [{ action: 'clean_up', targets: ['umount /mnt'] }];
  const unbound = (await assessed('?host=idles')).items;
  expect(unbound).toMatchObject([{ state: 'completed', verdict: 'contained', hazards: [], advice }]);
  await make(`${host}/dax-devices/pmem0/bind`, {});
  const { items } = await assessed('?host=idles');
  expect(items).toMatchObject([{ verdict: 'contained', refused: null, residue: { superblocks: 1 }, advice }]);
  const { json } = await server.call('GET', `${host}/dax-devices/pmem0/holders`);
  expect(json['advice']).toMatchObject(advice);
});

test('[AS5] the document says that what has begun may have another trigger than is named', () => {
  for (const { trigger } of [Assessment.shape, surveyed])
    expect(trigger.description).toMatch(/has begun, state and verdict are of that one, whatever its trigger/);
});

test('the document says of what it is that something is stuck: a removal, one that is imagined, a kernel', () => {
  const { stuck } = assessedBeside.summary.shape;
  expect([
    RemovalState.description,
    ImaginedState.description,
    Host.shape.stuck.description,
    stuck.description,
  ]).toEqual([
    expect.stringMatching(/task that removes\. .*`stuck`: it never returns, .* a reboot of the host alone/),
    expect.stringMatching(/only imagined ends, in the words of RemovalState/),
    expect.stringMatching(/keeps from everybody until a reboot.*Of no removal:/),
    expect.stringMatching(/devices whose assessment has the state `stuck`/),
  ]);
});
