import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

interface Found {
  readonly fact: string;
  readonly status: string;
  readonly value: unknown;
  readonly values: readonly unknown[];
  readonly decided_by: string | null;
}
interface Shown {
  readonly kernel: string;
  readonly kernel_release: string | null;
  readonly read_as: string;
  readonly facts: readonly Found[];
  readonly unknown: readonly { readonly id: string; readonly probes: readonly string[] }[];
  readonly probes: readonly { readonly name: string; readonly settles: readonly string[] }[];
}

const server = serve(beforeAll, afterAll);
const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';

let hosts = 0;
async function host(body: object): Promise<{ readonly name: string; readonly shown: Shown }> {
  const name = `k${String((hosts += 1))}`;
  const created = await server.call('POST', '/v1/hosts', { name, ...body });
  expect(created.status, JSON.stringify(created.json)).toBe(201);
  return { name, shown: await kernelOf(name) };
}

async function kernelOf(name: string): Promise<Shown> {
  const { json } = await server.call('GET', `/v1/hosts/${name}/kernel`);
  return json as unknown as Shown;
}

const factOf = ({ facts }: Shown, fact: string) => facts.find((each) => each.fact === fact)!;

describe('[KREL1] a release as a shell sends it', () => {
  test('has no white space around it, wherever it is told', async () => {
    const { name, shown } = await host({ kernel_release: ' 6.8.12\n' });
    expect(shown.kernel_release).toBe('6.8.12');
    await server.call('PATCH', `/v1/hosts/${name}`, { kernel_release: '6.8.11\n' });
    expect((await kernelOf(name)).kernel_release).toBe('6.8.11');
    await server.call('POST', `/v1/hosts/${name}/inventory`, '{"kernel_release":"6.8.10\\n"}');
    expect((await kernelOf(name)).kernel_release).toBe('6.8.10');
  });

  test('is none where there is nothing else', async () => {
    const kernel_release = ' \n';
    const refused = await server.call('POST', '/v1/hosts', { name: 'no-release', kernel_release });
    expect(refused).toMatchObject({ status: 400, json: { errors: [{ pointer: '/kernel_release' }] } });
    const { name } = await host({ kernel_release: '6.8.12' });
    const told = await server.call('POST', `/v1/hosts/${name}/inventory`, JSON.stringify({ kernel_release }));
    expect(told.json).toMatchObject({ skipped: [{ kind: 'host', reason: 'invalid value' }] });
    expect((await kernelOf(name)).kernel_release).toBe('6.8.12');
  });
});

describe('[KREL1] [KREL2] [KREL4] a release that a host says', () => {
  test.each(['5.10.223-1', '6.1.192-2', '6.12.117+deb12-amd64', '7.3.4-1~bpo13+1'])(
    '%s was recorded: it is the profile, and all of it is so',
    async (kernel_release) => {
      const { shown } = await host({ kernel_release });
      expect(shown.kernel).toMatch(/^v\d/);
      expect(new Set(shown.facts.map(({ status }) => status))).toEqual(new Set(['recorded']));
    },
  );

  test.each([
    '5.10.223',
    '6.12.117',
    '6.12.117-1-lts',
    '6.12.117-200.fc41.x86_64',
    '6.1.192-122.189.amzn2023.x86_64',
  ])(
    '%s was built by somebody else: what a build decides is not known, all else is read',
    async (kernel_release) => {
      const { shown } = await host({ kernel_release });
      const unknown = shown.facts.filter(({ status }) => status !== 'read').map(({ fact }) => fact);
      expect(shown.kernel).toBe('resolved');
      expect(unknown.filter((fact) => !fact.startsWith('cost.'))).toEqual([
        'auto_online_default',
        'eviction.bound_again',
      ]);
    },
  );

  test('another package of Debian has its defaults, and was not recorded', async () => {
    const { shown } = await host({ kernel_release: '6.12.117+deb13-amd64' });
    expect(factOf(shown, 'auto_online_default')).toMatchObject({ status: 'read', value: 'online' });
    expect(factOf(shown, 'cost.ext4').status).toBe('unknown');
  });

  test.each([
    ['6.8.12', 'steps.dax_holder_notify_failure.collect', 'every_leader_with_entry'],
    ['6.6.30', 'steps.dax_holder_notify_failure.collect', 'early_kill_or_current'],
    ['5.15.168', 'ext4_error_sets_rdonly', false],
    ['5.15.167', 'ext4_error_sets_rdonly', true],
    ['6.18.5', 'kmem.policy_follows_memory', false],
    ['5.17.4', 'steps.memunmap_pages.wait_in', 'memunmap_pages'],
    ['6.1.111', 'steps.dax_holder_notify_failure.page_count_outside_last_ag', 'walks_past_last_ag'],
  ])('%s: %s is read', async (kernel_release, fact, value) => {
    const { shown } = await host({ kernel_release });
    expect(shown.kernel).toBe('resolved');
    expect(factOf(shown, fact)).toMatchObject({ status: 'read', value, values: [value], decided_by: null });
  });

  test.each([
    ['5.15.168', 'memory_failure.counts_dax', [false, true]],
    ['6.18.15', 'kmem.policy_follows_memory', [false, true]],
    ['5.15.0-91-generic', 'ext4_error_sets_rdonly', [true, false]],
    [RHEL_9, 'steps.memunmap_pages.waits_for', ['page_refs', 'nothing']],
    ['6.4.0-150600.21-default', 'memory_failure.fs_hook', ['none', 'xfs_rmapbt']],
  ])('%s: nobody can say of %s', async (kernel_release, fact, values) => {
    const { shown } = await host({ kernel_release });
    const found = factOf(shown, fact);
    expect(found).toMatchObject({ status: 'unknown', value: null, values });
    expect(shown.unknown.map(({ id }) => id)).toContain(found.decided_by);
  });
});

describe('[KREL5] probes', () => {
  test('settle what the version does not say, and those that are not known tell nothing', async () => {
    const { name, shown } = await host({ kernel_release: RHEL_9 });
    const fact = 'lists.fsdax';
    expect(factOf(shown, fact).status).toBe('unknown');
    const kernel_probes = {
      symbols: { dax_holder_notify_failure: true, of_nobody: true },
      btf: { 'dev_pagemap.ref': 'struct' },
    };
    const patched = await server.call('PATCH', `/v1/hosts/${name}`, { kernel_probes });
    expect(patched.status).toBe(200);
    const after = await kernelOf(name);
    expect(factOf(after, fact)).toMatchObject({ status: 'read' });
    expect(factOf(after, fact).value).toContain('dax_holder_notify_failure');
    expect(after.probes).toContainEqual(expect.objectContaining({ name: 'of_nobody', settles: [] }));
    expect(after.probes.find((probe) => probe.name === 'dax_holder_notify_failure')!.settles).toContain(
      '6f643c57d57c',
    );
    expect(shown.unknown.map(({ id }) => id)).toContain('6f643c57d57c');
    expect(after.unknown.map(({ id }) => id)).not.toContain('6f643c57d57c');
  });

  test('a symbol that is not there is as telling', async () => {
    const kernel_probes = { symbols: { vmf_insert_folio_pmd: false } };
    const { shown } = await host({ kernel_release: RHEL_9, kernel_probes });
    expect(factOf(shown, 'stale.exit')).toMatchObject({
      status: 'read',
      value: { pte: { do: 'ok' }, pmd: { do: 'ok' } },
    });
  });
});

describe('a profile and a release', () => {
  test('the release decides, and a profile that boots clears it', async () => {
    const { name, shown } = await host({ kernel: 'v6.12', kernel_release: '6.8.12' });
    expect(shown).toMatchObject({ kernel: 'resolved', kernel_release: '6.8.12' });
    await server.call('POST', `/v1/hosts/${name}/reboot`, { kernel: 'v7.3' });
    expect(await kernelOf(name)).toMatchObject({ kernel: 'v7.3', kernel_release: null, unknown: [] });
    await server.call('PATCH', `/v1/hosts/${name}`, { kernel_release: '6.18.15' });
    expect(await kernelOf(name)).toMatchObject({ kernel: 'resolved', kernel_release: '6.18.15' });
  });

  test('a series that was never released is no release', async () => {
    const both = { name: 'both', kernel: 'force-unmap', kernel_release: '5.10.223' };
    const { status, json } = await server.call('POST', '/v1/hosts', both);
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'invalid_field', errors: [{ pointer: '/kernel' }] });
  });

  test('a host that runs a series is told no release: it boots into one', async () => {
    const { name } = await host({ kernel: 'force-unmap-v5.10' });
    const told = await server.call('PATCH', `/v1/hosts/${name}`, { kernel_release: '6.8.12' });
    expect(told.status).toBe(400);
    expect(told.json).toMatchObject({ errors: [{ pointer: '/kernel_release' }] });
    await server.call('POST', `/v1/hosts/${name}/reboot`, { kernel_release: '6.8.12' });
    expect(await kernelOf(name)).toMatchObject({ kernel: 'resolved', kernel_release: '6.8.12' });
  });

  test('what was told may be taken back where a profile stands behind it', async () => {
    const { name } = await host({ kernel_release: '6.12.117+deb12-amd64' });
    await server.call('PATCH', `/v1/hosts/${name}`, { kernel_release: null });
    expect(await kernelOf(name)).toMatchObject({ kernel: 'v6.12', kernel_release: null });
    await server.call('PATCH', `/v1/hosts/${name}`, { kernel_release: '6.8.12' });
    const refused = await server.call('PATCH', `/v1/hosts/${name}`, { kernel_release: null });
    expect(refused.status).toBe(400);
  });

  test('a host without either is none', async () => {
    const { status, json } = await server.call('POST', '/v1/hosts', { name: 'neither' });
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/kernel' }] });
  });

  test('the profile of the letter was observed by nobody', async () => {
    const { shown } = await host({ kernel: 'force-unmap' });
    expect(new Set(shown.facts.map(({ status }) => status))).toEqual(new Set(['read']));
  });
});
