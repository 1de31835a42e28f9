import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ONLINE_POLICIES } from '../../src/engine/model/vocabulary.ts';
import { newHosts } from '../support/new_host.ts';
import { serve, type TestAnswer } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const FILE = '/sys/devices/system/memory/auto_online_blocks';
const FEDORA = '6.12.30-200.fc41.x86_64';

const host = newHosts(server);

const policyOf = async (at: string) => (await server.call('GET', at)).json['auto_online_blocks'];

/** A dax device of seven memory blocks and a bit, without a driver. */
async function dax(at: string): Promise<void> {
  const device = {
    name: 'dax0.0',
    mode: 'devdax',
    size: 1054867456,
    phys_addr: '0x101200000',
    target_node: 1,
  };
  expect((await server.call('POST', `${at}/dax-devices`, device)).status).toBe(201);
  const removed = await server.call(
    'POST',
    `${at}/dax-devices/dax0.0/remove`,
    { trigger: 'unbind' },
    { prefer: 'wait=60' },
  );
  expect(removed.json.state).toBe('completed');
}

const bind = (at: string, more: object = {}): Promise<TestAnswer> =>
  server.call('POST', `${at}/dax-devices/dax0.0/bind`, { mode: 'system-ram', ...more });

async function statesOf(at: string): Promise<unknown[]> {
  const { json } = await server.call('GET', `${at}/dax-devices/dax0.0/memory-blocks`);
  return [...new Set(json.items.map(({ state }) => state))];
}

function deciding({ json }: TestAnswer): unknown {
  const told = json['depends_on'] as { fact: string; probes: string[]; values: { value: string }[] }[];
  return told.map(({ fact, probes, values }) => [
    fact,
    probes.join().includes(FILE),
    values.map(({ value }) => value),
  ]);
}

describe('[M87] the online policy of a host', () => {
  test.each([
    ['6.12.117+deb12-amd64', 'online'],
    ['6.12.90+deb13-amd64', 'online'],
    ['6.1.170-3', 'offline'],
    [FEDORA, null],
    ['6.8.0', null],
    ['6.8.0-45-generic', null],
    ['5.14.0-427.13.1.el9_4.x86_64', null],
    ['9.9.9', null],
  ])('of a kernel %s is %s where nobody tells it', async (kernel_release, policy) => {
    expect(await policyOf(await host({ kernel_release }))).toBe(policy);
  });

  test.each(ONLINE_POLICIES)('that is read as %s in sysfs is that one', async (policy) => {
    const kernel_probes = { sysfs: { [FILE]: policy } };
    expect(await policyOf(await host({ kernel_release: FEDORA, kernel_probes }))).toBe(policy);
    const patched = await host({ kernel: 'v6.12' });
    await server.call('PATCH', patched, { kernel_probes });
    expect(await policyOf(patched)).toBe(policy);
    const booted = await host({ kernel: 'v6.12' });
    await server.call('POST', `${booted}/reboot`, { kernel_release: FEDORA, kernel_probes });
    expect(await policyOf(booted)).toBe(policy);
    const listed = await host({ kernel_release: FEDORA });
    await server.call('POST', `${listed}/inventory`, { kernel_probes });
    expect(await policyOf(listed)).toBe(policy);
    const { json } = await server.call('GET', `${listed}/kernel`);
    const [probe] = json['probes'] as { settles: string[] }[];
    expect(probe!.settles).toContain('auto_online_blocks');
  });

  test('is not set to one and read as another', async () => {
    const told = { auto_online_blocks: 'online', kernel_probes: { sysfs: { [FILE]: 'offline' } } };
    const created = await server.call('POST', '/v1/hosts', { name: 'both', kernel: 'v6.12', ...told });
    const at = await host({ kernel: 'v6.12' });
    for (const { status, json } of [created, await server.call('PATCH', at, told)]) {
      expect([status, json]).toEqual([
        400,
        expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/auto_online_blocks' })] }),
      ]);
    }
    const agreed = { ...told, auto_online_blocks: 'offline' };
    expect((await server.call('PATCH', at, agreed)).json['auto_online_blocks']).toBe('offline');
  });

  test('stays as it was told when another kernel boots, and becomes known with a kernel whose build is', async () => {
    const at = await host({ kernel_release: FEDORA });
    await server.call('PATCH', at, { labels: { rack: 'r1' } });
    expect(await policyOf(at)).toBeNull();
    await server.call('POST', `${at}/reboot`, { kernel: 'v6.1' });
    expect(await policyOf(at)).toBe('offline');
    await server.call('POST', `${at}/reboot`, { kernel: 'v6.12' });
    expect(await policyOf(at)).toBe('offline');
  });
});

describe('[M87] [UNK8] what hangs on a policy that nobody has told', () => {
  test.each([FEDORA, '6.6.30', '6.6.60', '6.8.0', '7.3.4'])(
    'on %s the state of memory blocks is undetermined until it is told',
    async (kernel_release) => {
      const at = await host({ kernel_release });
      await dax(at);
      const refused = await bind(at);
      expect([refused.status, refused.json.code]).toEqual([409, 'undetermined']);
      expect(deciding(refused)).toContainEqual(['auto_online_blocks', true, [...ONLINE_POLICIES]]);
      await server.call('PATCH', at, { auto_online_blocks: 'online_movable' });
      expect((await bind(at)).status).toBe(200);
      expect(await statesOf(at)).toEqual(['online_movable']);
    },
  );

  test('no system-ram is made, either', async () => {
    const at = await host({ kernel_release: FEDORA });
    const ram = {
      name: 'dax0.0',
      mode: 'system-ram',
      size: 2 ** 30,
      phys_addr: '0x100000000',
      target_node: 1,
    };
    expect((await server.call('POST', `${at}/dax-devices`, ram)).json.code).toBe('undetermined');
  });

  test('[M89] whether daxctl refuses to reconfigure is undetermined', async () => {
    const at = await host({ kernel_release: FEDORA });
    await dax(at);
    const refused = await bind(at, { via: 'daxctl_reconfigure_device' });
    expect([refused.status, refused.json.code]).toEqual([409, 'undetermined']);
    expect(deciding(refused)).toEqual([['auto_online_blocks', true, [...ONLINE_POLICIES]]]);
    await server.call('PATCH', at, { auto_online_blocks: 'offline' });
    expect((await bind(at, { via: 'daxctl_reconfigure_device' })).status).toBe(200);
  });
});

describe('[IMP60] memory in a listing', () => {
  const device = { chardev: 'dax1.0', size: 2 ** 30, target_node: 1, mode: 'system-ram' };
  const counted = { ...device, online_memblocks: 8, total_memblocks: 8, movable: true };
  const shown = async (at: string) => {
    const { json } = await server.call('GET', `${at}/dax-devices/dax1.0`);
    return [json['mode'], json['mode_as_listed'], json['driver']];
  };

  test('whose blocks are counted needs no policy', async () => {
    const at = await host({ kernel_release: FEDORA });
    const { json } = await server.call('POST', `${at}/inventory`, [counted]);
    expect([json['skipped'], await shown(at), await policyOf(at)]).toEqual([
      [],
      ['system-ram', null, 'kmem'],
      null,
    ]);
  });

  test('whose blocks are not counted needs none, either: all are taken as online', async () => {
    const at = await host({ kernel_release: FEDORA });
    const { status, json } = await server.call('POST', `${at}/inventory`, [device]);
    expect([status, json['skipped']]).toEqual([200, [expect.objectContaining({ reason: 'not counted' })]]);
    expect(await shown(at)).toEqual(['system-ram', null, 'kmem']);
  });
});
