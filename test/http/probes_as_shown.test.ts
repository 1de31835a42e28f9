import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { fenced } from '../readme/fenced.ts';
import { serve } from '../support/server.ts';

interface Shown {
  readonly unknown: readonly { readonly probes: readonly string[] }[];
  readonly probes: readonly {
    readonly name: string;
    readonly settles: readonly string[];
    readonly tells_nothing: string | null;
  }[];
}

const server = serve(beforeAll, afterAll);
const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';

async function told(name: string, body: object): Promise<Shown> {
  const created = await server.call('POST', '/v1/hosts', { name, kernel_release: RHEL_9, ...body });
  expect(created.status, JSON.stringify(created.json)).toBe(201);
  return (await server.call('GET', `/v1/hosts/${name}/kernel`)).json as unknown as Shown;
}

describe('[KREL5] [KREL11] a probe', () => {
  test('may be sent as it is shown', async () => {
    const { unknown } = await told('fresh', {});
    const shown = [...new Set(unknown.flatMap(({ probes }) => probes))];
    const symbols = shown.filter((name) => name.includes('/proc/kallsyms'));
    const btf = shown.filter((name) => name.includes('/sys/kernel/btf/') && !name.includes('.ref '));
    const sysfs = shown.filter((name) => name.startsWith('/sys/') && /state$|memory_failure$/.test(name));
    expect([symbols.length, btf.length, sysfs.length].every((found) => found > 0)).toBe(true);
    const kinds = [
      ['symbols', symbols.filter((name) => !name.includes('ddev')), true],
      ['btf', btf, true],
      ['sysfs', sysfs, true],
    ] as const;
    const kernel_probes = Object.fromEntries(
      kinds.map(([kind, names, answer]) => [kind, Object.fromEntries(names.map((name) => [name, answer]))]),
    );
    const after = await told('sent', { kernel_probes });
    for (const { name, tells_nothing } of after.probes) expect([name, tells_nothing]).toEqual([name, null]);
  });

  test.each([
    ['struct percpu_ref *', 'pointer'],
    ['struct percpu_ref', 'struct'],
  ])('may be what BTF prints: %s', async (printed, word) => {
    const as = async (name: string, answer: string) =>
      (await told(name, { kernel_probes: { btf: { 'dev_pagemap.ref': answer } } })).probes[0]!.settles;
    expect(await as(`printed-${word}`, printed)).toEqual(await as(`word-${word}`, word));
  });

  test.each([
    ['symbols', 'of_nobody', true, /^not known: of symbols .*io_release_ubuf/],
    [
      'symbols',
      'io_buffer_unmap',
      true,
      /^it is there before 27cb27b6d5ea and after it.*: io_release_ubuf tells$/,
    ],
    ['symbols', 'io_buffer_unmap in /proc/kallsyms', false, /io_release_ubuf tells$/],
    [
      'symbols',
      'fs_mark_dead',
      false,
      /^false proves nothing here while its other name is not told; what may: true$/,
    ],
    ['symbols', 'xfs_dax_notify_dev_failure', false, /^false proves nothing here; what may: true$/],
    [
      'btf',
      'dev_pagemap.ref',
      true,
      /^true proves nothing here; what may: pointer, struct percpu_ref \*, struct, struct percpu_ref$/,
    ],
    ['sysfs', '/sys/bus/cxl', true, /^true proves nothing here; what may: false$/],
  ])('that tells nothing is kept, and the answer says why: %s %s', async (kind, name, answer, why) => {
    const host = `${kind}-${String(answer)}-${String(name.length)}`;
    const { probes } = await told(host, { kernel_probes: { [kind]: { [name]: answer } } });
    expect(probes).toEqual([{ name, settles: [], tells_nothing: expect.stringMatching(why) as string }]);
  });

  test('of the README settles something, each', async () => {
    const readme = readFileSync('README.md', 'utf8');
    const heading = /^## (.*)(?=\n(?:(?!^## )[^])*```json)/m.exec(readme)![1]!;
    const body = JSON.parse(fenced(readme, heading, 'json')) as object;
    const { probes } = await told('readme', body);
    expect(probes.length).toBeGreaterThan(3);
    for (const { name, settles } of probes) expect([name, settles.length > 0]).toEqual([name, true]);
  });
});
