import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordedInventories } from '../inventory/support/recordings.ts';
import { mapOnPmem0 } from '../support/mapped.ts';
import { newHosts } from '../support/new_host.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const JSON_LINES = { 'content-type': 'application/json' };

const host = newHosts(server);

async function pmem0(at: string): Promise<void> {
  const { status, text } = await server.call('POST', `${at}/dax-devices`, {
    name: 'pmem0',
    mode: 'fsdax',
    size: '1GiB',
  });
  expect(status, text).toBe(201);
}

const unbind = (at: string, query = '') =>
  server.call('POST', `${at}/dax-devices/pmem0/remove${query}`, { trigger: 'unbind' }, { prefer: 'wait=60' });

describe.each([
  ['2.6.32-754.el6.x86_64', 'older than 5.10'],
  ['4.18.0-553.el8_10.x86_64', 'older than 5.10'],
  ['5.4.0-150-generic', 'older than 5.10'],
  ['5.9.16', 'older than 5.10'],
  ['7.4.1', 'newer than 7.3'],
  ['9.9.9', 'newer than 7.3'],
  ['my kernel', 'says no version'],
])('[KREL8] %s lies beyond what is known', (kernel_release, why) => {
  test('a removal is refused, says why, and does nothing', async () => {
    const at = await host({ kernel_release });
    await pmem0(at);
    for (const query of ['', '?dry_run=true']) {
      const { status, json } = await unbind(at, query);
      expect([status, json.code, json.detail]).toEqual([
        409,
        'outcome_unknown',
        expect.stringContaining(why),
      ]);
    }
    expect((await server.call('GET', `${at}/dax-devices/pmem0`)).json.state).toBe('bound');
  });

  test('no fact has a value, or values that it could have, and no probe settles one', async () => {
    const kernel_probes = { symbols: { vmf_insert_folio_pmd: false, mf_dax_kill_procs: true } };
    const at = await host({ kernel_release, kernel_probes });
    const { json } = await server.call('GET', `${at}/kernel`);
    const facts = json['facts'] as { status: string; values: unknown[] }[];
    expect(json['read_as']).toContain(why);
    expect(new Set(facts.map(({ status }) => status))).toEqual(new Set(['unknown']));
    expect(facts.flatMap(({ values }) => values)).toEqual([]);
    expect(json['unknown']).toEqual([]);
    await pmem0(at);
    expect((await unbind(at)).json.code).toBe('outcome_unknown');
  });
});

const BEYOND = { kernel_release: '4.18.0-553.el8_10.x86_64' };

test('[KREL8] the fleet is assessed with such a host in it, and its device says why it is not', async () => {
  const at = await host(BEYOND);
  await pmem0(at);
  const { status, json } = await server.call('GET', `/v1/assessment?host=${at.slice('/v1/hosts/'.length)}`);
  expect([status, json.items[0]!['verdict'], json.items[0]!['refused']]).toEqual([
    200,
    null,
    { code: 'outcome_unknown', errno: null, detail: expect.stringContaining('older than 5.10') as unknown },
  ]);
  const holders = await server.call('GET', `${at}/dax-devices/pmem0/holders`);
  expect([holders.status, holders.json['refused']]).toEqual([
    200,
    expect.objectContaining({ code: 'outcome_unknown' }),
  ]);
});

test('[KREL8] what a former kernel has left there is assessed, too', async () => {
  const at = await host({ kernel: 'v6.12' });
  await pmem0(at);
  await mapOnPmem0(server, at, { fs_type: 'ext4' });
  expect((await unbind(at)).json['verdict']).toBe('exposed');
  await server.call('PATCH', at, BEYOND);
  const { status, json } = await server.call('GET', `/v1/assessment?host=${at.slice('/v1/hosts/'.length)}`);
  expect([status, json.items[0]!['verdict'], json.items[0]!['advice']]).toEqual([200, null, []]);
  const holders = await server.call('GET', `${at}/dax-devices/pmem0/holders`);
  const refused = expect.objectContaining({ code: 'outcome_unknown' }) as unknown;
  expect([holders.status, holders.json['refused']]).toEqual([200, refused]);
});

test('[KREL8] it may be compared on the kernels that are known, and boots into one', async () => {
  const at = await host(BEYOND);
  await pmem0(at);
  const asked = {
    host: at.slice('/v1/hosts/'.length),
    dax_device: 'pmem0',
    trigger: 'unbind',
    kernels: ['v6.12'],
  };
  const compared = await server.call('POST', '/v1/comparisons', asked);
  expect([compared.status, compared.json.items[0]!['verdict']]).toEqual([200, 'contained']);
  await server.call('POST', `${at}/reboot`, { kernel: 'v6.12' });
  expect((await unbind(at)).json['verdict']).toBe('contained');
});

/** Of one kernel: what kernels list alike is recorded of each. */
const INVENTORIES = recordedInventories()
  .filter(({ name }) => name.endsWith('@6.12'))
  .map(({ name, listings }) => {
    const whole = [...listings].filter(([command]) =>
      /^(?:ndctl list -[RBNDMXvi]+|daxctl list -RDM|cxl list -vvv)$/.test(command),
    );
    return [name, whole.map(([, text]) => text)] as const;
  });

describe('[KREL8] [UNK3] whatever the kernel, listings are taken as on one that is known', () => {
  test.each(INVENTORIES)('%s', async (_name, texts) => {
    const kernels = ['4.18.0-553.el8_10.x86_64', '5.14.0-427.13.1.el9_4.x86_64', '6.18.15-200.fc43.x86_64'];
    const known = await host({ kernel_release: '6.12.117+deb12-amd64' });
    const others = await Promise.all(kernels.map((kernel_release) => host({ kernel_release })));
    for (const text of texts) {
      const on = async (at: string) => {
        const { status, json } = await server.call('POST', `${at}/inventory`, text, JSON_LINES);
        return [status, json['devices'], json['skipped']];
      };
      const expected = await on(known);
      for (const at of others) expect(await on(at), at).toEqual(expected);
    }
    const devices = async (at: string) =>
      (await server.call('GET', `${at}/dax-devices?limit=200`)).json.items.map(({ name, mode, driver }) => [
        name,
        mode,
        driver,
      ]);
    for (const at of others) expect(await devices(at)).toEqual(await devices(known));
  });
});
