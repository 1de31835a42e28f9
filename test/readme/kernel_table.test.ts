import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHANGES } from '../../src/engine/kernels/changes.ts';
import { valueOf } from '../../src/engine/kernels/column.ts';
import { ALL_ROWS } from '../../src/engine/kernels/resolved.ts';
import { kernelFound, type FactFound } from '../../src/engine/kernels/shown.ts';
import { NO_PROBES } from '../../src/engine/kernels/told.ts';
import { REPOSITORY } from '../client/child_service.ts';

const readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8');

/** The rows of the tables of one section: their cells. */
const ROWS = readme
  .split('### What a host with kernel X gets')[1]!
  .split('\n## ')[0]!
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').slice(1, -1));

const BRANCHES = [
  ...[10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((minor) => [5, minor] as const),
  ...Array.from({ length: 20 }, (_, minor) => [6, minor] as const),
  ...[0, 1, 2, 3].map((minor) => [7, minor] as const),
];

type Point = readonly [major: number, minor: number, point: number];

/** Beyond any that a table names. */
const LAST = 299;

/** The point releases at which anything can change, whether README names them or the changes do, and those beside them. */
const POINTS = [...`${JSON.stringify(CHANGES)} ${ROWS.join()}`.matchAll(/\b\d\.\d+\.(\d+)\b/g)]
  .flatMap(([, point]) => [Number(point) - 1, Number(point), Number(point) + 1])
  .concat(0, 1, LAST);

const RELEASES: readonly Point[] = BRANCHES.flatMap(([major, minor]) =>
  [...new Set(POINTS)].filter((point) => point >= 0).map((point) => [major, minor, point] as const),
);

/** `6.13 to 7.2`, `6.12.96 to 6.12.116`, `6.6.57 on` (to the end of that branch), `6.14 on`, `5.17`. */
function isWithin(release: Point, range: string): boolean {
  const [, from = '', to, on] = /^([\d.]+)(?: to ([\d.]+)|( on))?$/.exec(range.trim())!;
  const first = numbersOf(from, 0);
  const open = from.split('.').length === 3 ? numbersOf(from.replace(/\.\d+$/, ''), LAST) : [7, 3, LAST];
  const last = on === undefined ? numbersOf(to ?? from, LAST) : open;
  return order(first) <= order(release) && order(release) <= order(last);
}

function numbersOf(text: string, point: number): readonly number[] {
  const numbers = text.split('.').map(Number);
  return numbers.length === 3 ? numbers : [...numbers, point];
}

function order([major, minor, point]: readonly number[]): number {
  return (major! * 100 + minor!) * 1000 + point!;
}

function named(cell: string): string[] {
  return [...cell.matchAll(/`([\w.]+)`/g)].map(([, name]) => name!);
}

function factsOf(release: string): readonly FactFound[] {
  const told = { kernel: 'resolved', kernel_release: release, kernel_probes: NO_PROBES } as const;
  return kernelFound(told).facts;
}

/** What a fact is on a release, null where it is not known. */
function valuesOf(release: string): ReadonlyMap<string, unknown> {
  return new Map(factsOf(release).map(({ fact, value }) => [fact, value]));
}

/** The cell of the ranges of the row that says this. */
function rangesOf(text: string): string {
  return ROWS.find((cells) => cells.join().includes(text))![0]!.split(', xfs')[0]!;
}

describe('the facts that README says are unknown on a release', () => {
  const from = ROWS.findIndex(([, head]) => head === ' Unknown on ') + 1;
  const unknown = ROWS.slice(from).map(([facts, ranges]) => ({
    facts: named(facts!),
    ranges: ranges!.split(','),
  }));

  test.each(BRANCHES.map(([major, minor]) => `${major}.${minor}`))('%s, every point release', (branch) => {
    for (const release of RELEASES.filter(([major, minor]) => `${major}.${minor}` === branch)) {
      const said = unknown
        .filter(({ ranges }) => ranges.some((range) => isWithin(release, range)))
        .flatMap(({ facts }) => facts);
      const found = factsOf(release.join('.')).filter(({ status }) => status === 'unknown');
      expect(found.map(({ fact }) => fact).toSorted(), release.join('.')).toEqual(said.toSorted());
    }
  });

  test('a default of the distribution is read of Debian', () => {
    expect(valuesOf('6.12.100+deb13-amd64').get('auto_online_default')).toBe('online');
  });

  test('one of which the function alone is unknown is the same else', () => {
    const alone = ROWS.filter(([facts]) => facts!.includes('(the function alone)'));
    expect(alone.flatMap(([facts]) => named(facts!))).toEqual([
      'worker_oops_at.xdp',
      'device_dax.evict_oopses_in',
      'sync_waits_in',
      'device_dax.mmap_oopses_in',
      'lists.cxl_memdev',
      'stale.munmap',
      'stale.exit',
      'stale.madvise_dontneed',
    ]);
    for (const release of ['6.16.3', '7.0.1']) {
      for (const { values } of factsOf(release).filter(({ fact }) => fact.startsWith('stale.'))) {
        expect(new Set(values.map((value) => JSON.stringify(value).replace(/"at":"\w+"/g, ''))).size).toBe(1);
      }
    }
  });
});

test.each([
  [
    'steps.dax_holder_notify_failure.page_count_outside_last_ag',
    'walks_past_last_ag',
    'oopses behind the last',
  ],
  ['steps.dax_holder_notify_failure.page_count_outside_last_ag', 'wraps_2_32', 'the endless walk of 7.3'],
  ['xfs_walk_of_partition', 'too_long_by_its_start', 'too long by the start'],
  ['steps.memunmap_pages.waits_for', 'page_refs', 'fsdax waits in'],
] as const)('README names the releases on which %s is %s', (fact, value, text) => {
  const ranges = rangesOf(text).split(',');
  for (const release of RELEASES) {
    const facts = valuesOf(release.join('.'));
    const waits =
      text !== 'fsdax waits in' || JSON.stringify(facts.get('lists.fsdax')).includes('memunmap_pages');
    expect(facts.get(fact) === value && waits, release.join('.')).toBe(
      ranges.some((range) => isWithin(release, range)),
    );
  }
});

test('README says in what 6.15 to 6.18 differ from 6.12', () => {
  const [, text] = ROWS.find(([ranges]) => ranges!.includes('6.15 to 6.18'))!;
  const refcounted = (fact: FactFound) => fact.changes.some(({ id }) => id === '38607c62b34b');
  const column = new Map(ALL_ROWS.map(([path, row]) => [path, valueOf(row, 'v6.12')]));
  const differ = (release: string) =>
    factsOf(release)
      .filter((fact) => fact.status === 'read' && !refcounted(fact))
      .filter(({ fact, value }) => JSON.stringify(value) !== JSON.stringify(column.get(fact)))
      .map(({ fact }) =>
        fact
          .split('.')
          .slice(fact.startsWith('steps.') ? 2 : 0)
          .join('.'),
      );
  for (const release of ['6.17.8', '6.18.5']) {
    expect(differ(release).toSorted()).toEqual(named(text!).toSorted());
  }
  const newIn = (release: string, before: string) => {
    const known = differ(before);
    return differ(release).filter((fact) => !known.includes(fact));
  };
  expect(newIn('6.16.3', '6.15.3')).toEqual(['kmem.says_truncation']);
  expect(newIn('6.17.3', '6.16.3')).toEqual(['lists.cxl_memdev']);
});
