import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';

const create = (name: string, kernel_probes: object, kernel_release = RHEL_9) =>
  server.call('POST', '/v1/hosts', { name, kernel_release, kernel_probes });

describe('[KREL5] probes that contradict each other', () => {
  const has = 'mf_dax_kill_procs';
  test.each<[string, Record<string, Record<string, boolean | string>>]>([
    ['the same change', { symbols: { [has]: true, dax_holder_notify_failure: false } }],
    [
      'one that stands on what another disproves',
      { symbols: { [has]: false }, btf: { 'mf_flags.MF_MEM_PRE_REMOVE': true } },
    ],
    [
      'across two names of one file',
      { sysfs: { '/sys/bus/dax/devices/dax0.0/state': true, '/sys/bus/dax/devices/dax1.0/state': false } },
    ],
    [
      'a type that was a pointer before a symbol that came later',
      { symbols: { vmf_insert_folio_pmd: true }, btf: { 'dev_pagemap.ref': 'pointer' } },
    ],
  ])('are refused, both named: %s', async (_how, probes) => {
    const refused = await create('contradicted', probes);
    expect(refused.status).toBe(400);
    expect(refused.json).toMatchObject({ code: 'invalid_field', errors: [{ pointer: '/kernel_probes' }] });
    for (const name of Object.values(probes).flatMap((kind) => Object.keys(kind))) {
      expect(JSON.stringify(refused.json)).toContain(name);
    }
  });

  test('are refused where the other was told before, until that is taken back', async () => {
    await create('later', { symbols: { [has]: false } });
    const btf = { 'mf_flags.MF_MEM_PRE_REMOVE': true };
    const refused = await server.call('PATCH', '/v1/hosts/later', { kernel_probes: { btf } });
    expect(refused.json).toMatchObject({ code: 'invalid_field' });
    const both = { btf, symbols: { [has]: true } };
    const taken = await server.call('PATCH', '/v1/hosts/later', { kernel_probes: both });
    expect(taken.status).toBe(200);
  });

  test('a renamed function under one of its names contradicts nothing', async () => {
    const created = await create('renamed', { symbols: { fs_bdev_mark_dead: true, fs_mark_dead: false } });
    expect(created.status).toBe(201);
  });
});
