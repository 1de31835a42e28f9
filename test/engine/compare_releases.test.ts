import { expect, test } from 'vitest';
import type { ComparedRemoval } from '../../src/engine/questions/record.ts';
import { compare } from './imagine.ts';
import { rmapbt } from './rig.ts';
import { DEVICE, found, type Machine } from './support.ts';

const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';

function compareReleases(made: Machine, ...kernel_releases: readonly string[]) {
  return made.ask({
    type: 'compare_removals',
    dax_device: DEVICE,
    trigger: 'unbind',
    kernels: ['v6.12'],
    kernel_releases,
  });
}

/** A host whose xfs with rmapbt is mapped by a process that wants to be told early. */
function xfs(): Machine {
  const { made, mapper } = rmapbt('v6.12');
  mapper({ mce_kill: 'early' });
  return made;
}

function stands({ kernel, kernel_release, refused, ...item }: ComparedRemoval): unknown[] {
  const end = refused === null && 'state' in item ? [item.state, item.verdict] : [refused?.code];
  return [kernel, kernel_release, ...end];
}

test('[CMP3] a release stands beside the kernels, resolved', () => {
  const { items, differences } = compareReleases(xfs(), '6.8.0', '6.1.4');
  expect(items.map(stands)).toEqual([
    ['v6.12', null, 'completed', 'contained'],
    ['resolved', '6.8.0', 'completed', 'contained'],
    ['resolved', '6.1.4', 'stuck', 'unsafe'],
  ]);
  expect(found(differences.find(({ field }) => field === 'verdict')).values).toEqual({
    'v6.12': 'contained',
    '6.8.0': 'contained',
    '6.1.4': 'unsafe',
  });
});

test('[CMP3] what depends on an unknown fact is undetermined, and the item says on which', () => {
  const { items, differences } = compareReleases(xfs(), RHEL_9);
  const item = found(items[1]);
  expect(item).toMatchObject({ kernel: 'resolved', kernel_release: RHEL_9, refused: null });
  expect(item).toMatchObject({ state: 'undetermined', verdict: 'undetermined', report: null });
  expect(item.depends_on!.map(({ fact }) => fact)).toContain(
    'steps.dax_holder_notify_failure.page_count_outside_last_ag',
  );
  const unmapped = found(differences.find(({ field }) => field === 'pages_unmapped'));
  expect(unmapped.values).toEqual({ 'v6.12': 512, [RHEL_9]: null });
});

test('[CMP3] of the own release of the host is known what was looked up on it', () => {
  const { made, mapper } = rmapbt('v6.12');
  mapper({ mce_kill: 'early' });
  made.run({ type: 'patch_host', kernel_release: RHEL_9 });
  const asked = ['xfs_dax_notify_ddev_failure', 'vmf_insert_folio_pmd'];
  const probed = { symbols: { [asked[0]!]: true, [asked[1]!]: false }, btf: {}, sysfs: {} };
  const facts = (): (string | undefined)[] =>
    (compareReleases(made, RHEL_9).items[1]?.depends_on ?? []).map(({ change }) => change);
  const before = facts();
  made.run({ type: 'patch_host', kernel_probes: probed });
  const after = facts();
  expect(before.length).toBeGreaterThan(after.length);
  expect(after).not.toContain('6f643c57d57c');
});

test('[CMP1] where no release is named the items are the profiles', () => {
  expect(compare(xfs()).items.every(({ kernel_release }) => kernel_release === null)).toBe(true);
});
