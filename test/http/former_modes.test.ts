import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const HOST = '/v1/hosts/old';
const LISTED = [
  { dev: 'namespace0.0', mode: 'memory', size: 1073741824, blockdev: 'pmem0' },
  { dev: 'namespace1.0', mode: 'dax', size: 1073741824, chardev: 'dax1.0' },
];

test('[IMP43] a mode of former ndctl is unknown, with its word, refused to questions, and exported as it was listed', async () => {
  await server.call('POST', '/v1/hosts', { name: 'old', kernel: 'v6.12' });
  const { json } = await server.call('POST', `${HOST}/inventory`, LISTED);
  expect(json['devices']).toMatchObject([{ change: 'created' }, { change: 'created' }]);
  expect(json['skipped']).toMatchObject([
    { name: 'namespace0.0', reason: 'unknown mode', document: 0, pointer: '/0' },
    { name: 'namespace1.0', reason: 'unknown mode', document: 0, pointer: '/1' },
    { name: 'dax1.0', reason: 'unknown mode', document: 0, pointer: '/1' },
  ]);
  for (const [name, word] of [
    ['pmem0', 'memory'],
    ['dax1.0', 'dax'],
  ] as const) {
    const at = `${HOST}/dax-devices/${name}`;
    const shown = await server.call('GET', at);
    expect(shown.json).toMatchObject({ mode: 'unknown', mode_as_listed: word, size: 1073741824 });
    const removal = await server.call('POST', `${at}/remove?dry_run=true`, { trigger: 'unbind' });
    expect([removal.status, removal.json.code]).toEqual([409, 'outcome_unknown']);
  }
  const exported = await server.call('GET', `${HOST}/inventory?format=ndctl`);
  expect(exported.json).toEqual(LISTED);
  const again = await server.call('POST', `${HOST}/inventory`, LISTED);
  expect(again.json['devices']).toMatchObject([{ change: 'unchanged' }, { change: 'unchanged' }]);
});
