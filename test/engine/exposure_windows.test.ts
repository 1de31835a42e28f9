import { describe, expect, test } from 'vitest';
import { apply, emptyHost } from '../../src/engine/model/apply.ts';
import type { Exposure } from '../../src/engine/model/exposure.ts';
import { noOpenExposures } from '../../src/engine/model/open_exposures.ts';
import { DAX, devdax, ext4 } from './rig.ts';
import {
  access,
  addMapper,
  addPin,
  addProcess,
  DEVICE,
  FIXED_BUFFER,
  found,
  MIB,
  PAGE,
  removeDevice,
  type Machine,
} from './support.ts';
import { applyUndoable } from './undoable.ts';
import { exposures, NEXT_TENANT, REPLACE, through, told, unbound } from './windows.ts';

/** A process that maps pages of a file of ext4, a mapping each, beside one that has its own; the device unbound. */
function mapsEach(pages: readonly number[]): { made: Machine; pid: number; mappings: readonly string[] } {
  const { made, file, mapper } = ext4('v6.12');
  mapper({ tenant: 'a' });
  const pid = addProcess(made, { tenant: 'a' });
  const one = { length: PAGE, flags: ['shared'], prot: 'rw', page_size: 4096, populate: 'read' } as const;
  for (const page of pages) {
    made.run({ type: 'create_mapping', pid, file: file(), offset: page * PAGE, ...one });
  }
  const mappings = [...made.host.tables.mappings.keys()].slice(1);
  removeDevice(made);
  return { made, pid, mappings };
}

function of({ host }: Machine, pid: number): Exposure {
  return found([...host.tables.exposures.values()].find((exposure) => exposure.pid === pid));
}

describe('[EX3] one exposure for all windows of a process', () => {
  test('[EX17] a page that several reach counts once, and each window has its own count', () => {
    const { made, pid, mappings } = mapsEach([0, 0, 1, 7]);
    made.run(NEXT_TENANT);
    expect(exposures(made)).toHaveLength(2);
    const { base_pfn } = found(made.host.tables.dax_devices.get(DEVICE));
    const first = found([...made.host.tables.files.values()][0]?.extents[0]).pfn;
    expect(first).toBeGreaterThan(base_pfn);
    expect(of(made, pid)).toMatchObject({
      windows: mappings.map((mapping) => ({ mapping, pin: null, pages: 1, writable_pages: 0 })),
      pages: 3,
      pfn_ranges: [
        [first, 2],
        [first + 7, 1],
      ],
    });
    expect(of(made, pid)).not.toHaveProperty('cut');
  });

  test('[EX11] it changes as windows go and closes with the last', () => {
    const { made, pid, mappings } = mapsEach([0, 0, 1]);
    made.run(NEXT_TENANT);
    const ends = mappings.map((mapping) => {
      made.run({ type: 'munmap', mapping });
      const { pages, open, windows, closed_by } = of(made, pid);
      return [made.events.at(-1)?.type, pages, windows.length, open, closed_by];
    });
    expect(ends).toEqual([
      ['exposure_changed', 2, 2, true, null],
      ['exposure_changed', 1, 1, true, null],
      ['exposure_closed', 1, 1, false, `mapping_deleted mappings/${found(mappings[2])}`],
    ]);
    expect(exposures(made)).toHaveLength(2);
  });

  test('a pin beside its mapping is a window of its own, onto pages that are counted', () => {
    const { made, mapper } = devdax('v6.12', { align: 4096 });
    const old = mapper({ touched: 'none' });
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'bind', dax_device: DAX, tenant: 'b' });
    const pin = addPin(made, old, FIXED_BUFFER);
    const [one] = exposures(made);
    expect(through(found(one))).toEqual([old.mapping, pin]);
    const before = made.events.length;
    made.run({ type: 'munmap', mapping: old.mapping });
    expect(through(found(exposures(made)[0]))).toEqual([pin]);
    expect(made.events.slice(before).filter(({ type }) => type.startsWith('exposure'))).toHaveLength(1);
    made.run({ type: 'unpin', pin });
    expect(told(made)).toHaveLength(1);
    expect(exposures(made)[0]).toMatchObject({ open: false, closed_by: `pin_deleted pins/${pin}` });
  });

  test('[EX11] another opens where the process reaches again', () => {
    const { made, mapper } = devdax('v6.12');
    const [old, other] = [mapper({ touched: 'none' }), mapper({ touched: 'none' })];
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'bind', dax_device: DAX, tenant: 'b' });
    for (const { mapping } of [old, old, other]) {
      made.run({ type: 'access', mapping, kind: 'read', offset: 0, length: 1 });
      made.run({ type: 'access', mapping, kind: 'madvise_dontneed', offset: 0, length: 2 ** 21 });
    }
    expect(exposures(made).map((one) => [through(one), one.open])).toEqual([
      [[old.mapping], false],
      [[old.mapping], false],
      [[other.mapping], false],
    ]);
  });
});

describe('[EX3] what a window reaches', () => {
  /** A mapping of two pages in entries of 4 KiB, of which the second is written, of a file that was sparse. */
  function writtenLast(): { made: Machine; mapping: string; mount: string } {
    const { made, mount } = ext4('v6.12');
    const file = made.run({ type: 'create_file', mount, path: '/hole', size: 4 * PAGE, sparse: true }).id;
    const { mapping } = addMapper(made, { file, length: 4 * PAGE, small: true, touched: 'none' });
    return { made, mount, mapping };
  }

  test('is in order of pfns, whatever the order in the file', () => {
    const { made, mapping } = writtenLast();
    for (const page of [2, 0]) access(made, mapping, 'write', { page });
    removeDevice(made);
    made.run(NEXT_TENANT);
    const [one] = exposures(made);
    const { extents } = found([...made.host.tables.files.values()][0]);
    expect(extents.map(({ pfn }) => pfn)).not.toEqual(
      extents.map(({ pfn }) => pfn).toSorted((a, b) => a - b),
    );
    expect(one).toMatchObject({ pages: 2, pfn_ranges: [[found(extents[1]).pfn, 2]] });
  });

  test('is one range where neighbouring pages differ in what can be done to them', () => {
    const { made, mapping, mount } = writtenLast();
    for (const page of [0, 1, 3]) access(made, mapping, 'write', { page });
    made.run({ type: 'sync', mount });
    access(made, mapping, 'write', { page: 1 });
    made.run({ type: 'shutdown_mount', mount });
    removeDevice(made);
    made.run(NEXT_TENANT);
    expect(exposures(made)[0]).toMatchObject({
      pages: 3,
      writable_pages: 1,
      pfn_ranges: [[expect.any(Number), 3]],
    });
  });

  test('ends with the medium: one that is smaller leaves nothing of what lay behind', () => {
    const { made, mapper } = ext4('v6.12');
    const readers = [0, 2].map((offset) => mapper({ offset: offset * MIB }));
    removeDevice(made, { trigger: 'surprise_removal' });
    const file = found([...made.host.tables.files.values()][0]);
    const first = found(file.extents[0]).pfn - found(made.host.tables.dax_devices.get(DEVICE)).base_pfn;
    made.run({ ...REPLACE, media: { media_serial: '0x2', size: (first + 512) * PAGE } });
    expect(exposures(made).map((one) => [through(one), one.pages])).toEqual([[[readers[0]?.mapping], 512]]);
  });
});

test('[EX15] a hundred windows are named, in order of creation, and all counted', () => {
  const { made, pid, mappings } = mapsEach(Array.from({ length: 102 }, (_, at) => 2 * at));
  made.run(NEXT_TENANT);
  const shown = () => {
    const { windows, cut, pages, pfn_ranges } = of(made, pid);
    return [through(of(made, pid)), windows.length, cut, pages, pfn_ranges.length];
  };
  expect(shown()).toEqual([mappings.slice(0, 100), 100, { windows: 102 }, 102, 100]);
  made.run({ type: 'munmap', mapping: found(mappings[0]) });
  expect(shown()).toEqual([mappings.slice(1, 101), 100, { windows: 101 }, 101, 100]);
  made.run({ type: 'munmap', mapping: found(mappings[50]) });
  const left = mappings.filter((_mapping, at) => at !== 0 && at !== 50);
  expect(shown()).toEqual([left, 100, undefined, 100, 100]);
  expect(of(made, pid)).not.toHaveProperty('cut');
});

describe('[EX3] what is kept of open exposures', () => {
  test('is found anew from the journal, without what who decided had found', () => {
    const { made } = mapsEach([0, 1, 2]);
    made.run(NEXT_TENANT);
    made.run({ type: 'munmap', mapping: found([...made.host.tables.mappings.keys()][2]) });
    const journal = JSON.parse(JSON.stringify(made.events)) as typeof made.events;
    const replayed = journal.reduce(apply, emptyHost());
    expect(replayed.open_exposures).toEqual(made.host.open_exposures);
  });

  test('takes from a journal that is older than it one record for each window', () => {
    const { made } = unbound();
    made.run(NEXT_TENANT);
    const [one] = exposures(made);
    const { host } = made;
    const put = (record: Exposure): (() => void) =>
      applyUndoable(host, [{ op: 'put', kind: 'exposures', id: record.id, record }]);
    const names = (): unknown[] => [...host.open_exposures.by_key.values()].map(({ exposure }) => exposure);
    const other = { ...found(one), id: 'other', uid: 'other' };
    const before = structuredClone(host.open_exposures);
    for (const record of [other, { ...other, to_generation: 9 }]) {
      const undo = put(record);
      expect(names()).toContain('other');
      undo();
      expect(host.open_exposures).toEqual(before);
    }
    put(other);
    put({ ...found(one), open: false })();
    put({ ...found(one), open: false });
    expect(names()).toEqual(['other']);
    put({ ...other, open: false });
    expect(host.open_exposures).toEqual(noOpenExposures());
  });
});
