import { expect, test } from 'vitest';
import { apply, emptyHost } from '../../src/engine/model/apply.ts';
import { extentsOf } from '../../src/engine/model/extents.ts';
import { withBlocks } from '../../src/engine/model/inode.ts';
import { fileOf } from '../../src/engine/model/lookup.ts';
import { runCount } from '../../src/engine/model/mapping_table.ts';
import { entriesOf } from '../../src/engine/model/transaction.ts';
import { countCopied } from './copied.ts';
import {
  access,
  addDevice,
  addFile,
  addMount,
  addProcess,
  found,
  machine,
  mappingOf,
  PAGE,
  returned,
} from './support.ts';

/** Every other page of a mapping has an entry, or is writable where all have one. */
function holed(holes: number, populate: 'none' | 'read') {
  const made = machine('v6.12');
  addDevice(made);
  const mount = addMount(made, { fs_type: 'xfs', rmapbt: true });
  const length = 2 * holes * PAGE;
  const file = addFile(made, mount.id, '/f', length);
  const pid = addProcess(made);
  const base = { offset: 0, length, flags: ['shared'], prot: 'rw', page_size: 4096 } as const;
  made.run({ type: 'create_mapping', pid, file, ...base, populate });
  const [mapping] = made.host.tables.mappings.keys();
  for (let page = 0; page < 2 * holes; page += 2)
    access(made, mapping!, populate === 'none' ? 'read' : 'write', { page });
  return { made, mapping: mapping! };
}

test.each([
  ['a read of a mapping', 'none', 'read'],
  ['a write to a mapping', 'none', 'write'],
  ['a write to a mapping with protected entries between', 'read', 'write'],
] as const)(
  '%s with many holes copies in proportion to them, not to their square',
  (_what, populate, kind) => {
    const [few, many] = [500, 2000].map((holes) => {
      const { made, mapping } = holed(holes, populate);
      expect(runCount(entriesOf(made.host, mapping))).toBeGreaterThanOrEqual(holes);
      const copied = countCopied(() => access(made, mapping, kind, { pages: 2 * holes }));
      expect(runCount(entriesOf(made.host, mapping))).toBe(1);
      expect(mappingOf(made, mapping).present.pte).toBe(2 * holes);
      return copied;
    });
    expect(many! / few!).toBeLessThan(5);
  },
);

test('a store into a hole is told by the blocks that it gets, however many extents the file has', () => {
  const made = machine('v6.12');
  addDevice(made);
  const length = 2 * 400 * PAGE;
  const file = found(
    made.run({ type: 'create_file', mount: addMount(made).id, path: '/f', size: length, sparse: true }),
  ).id;
  const how = { flags: ['shared'], prot: 'rw', page_size: 4096 } as const;
  const pid = addProcess(made);
  const { id } = returned(made.run({ type: 'create_mapping', pid, file, offset: 0, length, ...how }));
  const told = (page: number, pages = 1): number => {
    const before = made.events.length;
    expect(access(made, id, 'write', { page, pages }).result).toBe('ok');
    return JSON.stringify(made.events.slice(before)).length;
  };
  told(0);
  const few = told(2);
  for (let page = 4; page < 798; page += 2) told(page);
  expect(told(798) / few).toBeLessThan(1.1);
  expect(extentsOf(made.host, fileOf(made.host, file))).toHaveLength(400);
  expect(told(0, 800) / few).toBeLessThan(400);
  const replayed = made.events.reduce(apply, emptyHost());
  expect([replayed.tables.files.get(file), replayed.extents]).toEqual([
    made.host.tables.files.get(file),
    made.host.extents,
  ]);
});

test.each([
  ['joins what is before', { offset: 2, pfn: 12, nr_pages: 1 }, '0:10+3 4:14+2'],
  ['joins what is behind', { offset: 3, pfn: 13, nr_pages: 1 }, '0:10+2 3:13+3'],
  ['joins both', { offset: 2, pfn: 12, nr_pages: 2 }, '0:10+6'],
  ['joins neither, for its pfns', { offset: 2, pfn: 90, nr_pages: 2 }, '0:10+2 2:90+2 4:14+2'],
  ['joins neither, for its place', { offset: 3, pfn: 12, nr_pages: 1 }, '0:10+2 3:12+1 4:14+2'],
  ['is the last', { offset: 9, pfn: 16, nr_pages: 1 }, '0:10+2 4:14+2 9:16+1'],
])('blocks for a hole: an extent that %s', (_what, given, then) => {
  const extents = [
    { offset: 0, pfn: 10, nr_pages: 2 },
    { offset: 4, pfn: 14, nr_pages: 2 },
  ];
  const told = withBlocks([extents], given)
    .flat()
    .map(({ offset, pfn, nr_pages }) => `${offset}:${pfn}+${nr_pages}`);
  expect(told.join(' ')).toBe(then);
});
