import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const HOST = '/v1/hosts/old';
const LISTED = [
  { dev: 'namespace0.0', mode: 'memory', size: 1073741824, blockdev: 'pmem0' },
  { dev: 'namespace1.0', mode: 'dax', size: 1073741824, chardev: 'dax1.0' },
];

test('[IMP43] a mode of former ndctl is taken as what it is called today, said so, and exported as it was listed', async () => {
  await server.call('POST', '/v1/hosts', { name: 'old', kernel: 'v6.12' });
  const { json } = await server.call('POST', `${HOST}/inventory`, LISTED);
  expect(json['skipped']).toMatchObject([
    { name: 'namespace0.0', reason: 'former mode', document: 0, pointer: '/0' },
    { name: 'namespace1.0', reason: 'former mode', document: 0, pointer: '/1/chardev' },
  ]);
  const modeOf = async (name: string): Promise<unknown> => {
    const { mode, mode_as_listed } = (await server.call('GET', `${HOST}/dax-devices/${name}`)).json as Record<
      string,
      unknown
    >;
    return [mode, mode_as_listed];
  };
  expect([await modeOf('pmem0'), await modeOf('dax1.0')]).toEqual([
    ['fsdax', 'memory'],
    ['devdax', 'dax'],
  ]);
  const exported = await server.call('GET', `${HOST}/inventory?format=ndctl`);
  expect(exported.json).toMatchObject(LISTED);
  const again = await server.call('POST', `${HOST}/inventory`, LISTED);
  expect(again.json['devices']).toMatchObject([{ change: 'unchanged' }, { change: 'unchanged' }]);
});

test('[IMP43] bound in another mode, it has that word no more', async () => {
  await server.call('POST', `${HOST}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });
  const { json } = await server.call('POST', `${HOST}/dax-devices/pmem0/bind`, { mode: 'raw' });
  expect([json['mode'], json['mode_as_listed']]).toEqual(['raw', null]);
});
