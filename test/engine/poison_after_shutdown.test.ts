import { describe, expect, test } from 'vitest';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { touch } from './observe.ts';
import { counters, ends, fail, scene, story } from './poison.ts';
import { found } from './support.ts';

const HOOKED = ['v6.1', 'v6.12', 'v7.3'] as const satisfies readonly KernelName[];

function shutDown(kernel: KernelName) {
  const at = scene(kernel, 'rmapbt', { one: { mce_kill: 'early' } });
  at.made.run({ type: 'shutdown_mount', mount: found([...at.made.host.tables.mounts.keys()][0]) });
  return at;
}

test('[S52] v5.10: no file system is asked, and poison is as of one that is alive', () => {
  const alive = scene('v5.10', 'rmapbt', { one: { mce_kill: 'early' } });
  const asked = { page: 5, source: 'mce', by: 'one' } as const;
  const told = story(shutDown('v5.10'), asked);
  expect(told).toBe(story(alive, asked));
  expect(told).toContain('one AR');
});

describe.each(HOOKED)('%s', (kernel) => {
  test('[S52] poison under an xfs with rmapbt that was shut down reaches nobody, and counts', () => {
    const at = shutDown(kernel);
    const report = fail(at, { page: 5, source: 'mce' });
    expect([ends(report), report.processes]).toEqual(['EIO, dax page: Failed x1', []]);
    expect(counters(at)).toBe(kernel === 'v6.1' ? '4 kB' : '4 kB, node0 total 1 failed 1');
    expect(at.made.host.tables.dax_devices.get('pmem0')?.hwpoisoned).toEqual([]);
    expect(touch(at.made, found(at.who.one), 'read', { page: 5 })).toBe('ok');
  });

  test('[S52] madvise() ends at the first of several pages, a machine check at none', () => {
    expect(ends(fail(shutDown(kernel), { pages: 3, source: 'mce' }))).toBe('EIO, dax page: Failed x3');
    const at = shutDown(kernel);
    expect(ends(fail(at, { pages: 3, source: 'madvise' }))).toBe('EIO, dax page: Failed x1');
  });

  test('[S52] what follows the page of metadata over which xfs shuts down fails likewise', () => {
    const at = { ...scene(kernel, 'rmapbt', { one: {} }), base: 0 };
    const ended = ends(fail(at, { pages: 3, source: 'mce' }));
    expect(ended).toBe('EUCLEAN, dax page: Failed x1, dax page: Failed x2');
    expect(ends(fail(at, { source: 'mce' }))).toBe('EIO, dax page: Failed x1');
  });
});
