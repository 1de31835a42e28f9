import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dataOf } from '../../src/engine/mm/data_of.ts';
import { applyForGood } from '../../src/engine/model/apply.ts';
import { extentOfPfn } from '../../src/engine/model/extents.ts';
import type { Host } from '../../src/engine/model/host.ts';
import { anonymousMappingsOf, deviceOf, fileOf, fileSystemOf } from '../../src/engine/model/lookup.ts';
import { runs } from '../../src/engine/model/mapping_table.ts';
import { entriesOf } from '../../src/engine/model/transaction.ts';
import { cases } from '../support/property.ts';
import { finishAll, GONE } from './cxl_rig.ts';
import { anyStory, play } from './fleet.ts';
import { ext4, mounted } from './rig.ts';
import {
  access,
  addFile,
  addMount,
  DEVICE,
  found,
  mappingOf,
  removeDevice,
  type Machine,
} from './support.ts';

/** What a holder that maps is told of its reads. */
function told(made: Machine, dax_device: string, mapping: string): string {
  const survey = made.ask({ type: 'survey_holders', dax_device });
  return found(survey.items.find(({ id }) => id === mapping)).detail;
}

/** ext4 mapped by a reader whose entry outlives the removal. */
function outlived() {
  const { made, mapper, mount } = ext4('v6.12');
  const { mapping } = mapper({ prot: 'r' });
  removeDevice(made);
  return { made, mapping, mount };
}

describe('[HOLD1] a stale entry is told with whose data it reaches', () => {
  test('as long as they are those that were mapped: the old data', () => {
    const { made, mapping } = outlived();
    expect(told(made, DEVICE, mapping)).toBe('read: the old data');
    made.run({ type: 'bind', dax_device: DEVICE });
    expect(told(made, DEVICE, mapping)).toBe('read: the old data');
  });

  test('of the next tenant, as the access answers', () => {
    const { made, mapping } = outlived();
    made.run({ type: 'bind', dax_device: DEVICE, mode: 'devdax', tenant: 'next' });
    const { data_of } = access(made, mapping, 'read');
    expect(data_of).toEqual({ generation: 2, tenant: 'next', file: null });
    expect(told(made, DEVICE, mapping)).toBe('read: the data of tenant next (generation 2)');
  });

  test('of an owner without a name', () => {
    const { made, mapping } = outlived();
    made.run({ type: 'bind', dax_device: DEVICE, mode: 'devdax' });
    expect(told(made, DEVICE, mapping)).toBe('read: the data of an unnamed owner (generation 2)');
  });

  test('of another file on the same pfns', () => {
    const { made, mapping } = outlived();
    made.run({ type: 'bind', dax_device: DEVICE, tenant: 'next' });
    const other = addMount(made, { path: '/mnt/next', fs_type: 'xfs' });
    const file = addFile(made, other.id, '/new');
    expect(told(made, DEVICE, mapping)).toBe(`read: the data of tenant next, file ${file} (generation 2)`);
  });

  test('of nobody, where the range decodes to nothing', () => {
    const { made, mapper } = mounted('v6.12', { device: { provider: 'CXL' } });
    const { mapping } = mapper({ prot: 'r' });
    made.run(GONE);
    finishAll(made);
    const detail = told(made, DEVICE, mapping);
    const { data_of, stale } = access(made, mapping, 'read');
    expect([stale, data_of]).toEqual([true, null]);
    expect(detail).toBe('read: zeros: nothing decodes the range');
  });
});

/** Whose file each run of the device's pages begins in: by `dataOf()`, and by a look at every file. */
function owners(host: Host): { readonly told: unknown; readonly found: unknown }[] {
  return [...host.tables.mappings.values()].flatMap((mapping) => {
    const device = deviceOf(host, mapping.dax_device);
    if (anonymousMappingsOf(host, device.name).length > 0) return [];
    return [...runs(entriesOf(host, mapping.id))]
      .filter(({ kind }) => kind === 'dax')
      .flatMap((run) => {
        const told = dataOf(host, device, mapping, run, run.index);
        const owner = [...host.tables.files.values()].find((file) => {
          const { dax_device, generation } = fileSystemOf(host, file.file_system);
          const isPresent = dax_device === device.name && generation === device.generation;
          return isPresent && extentOfPfn(host, file, run.pfn) !== undefined;
        });
        return told === null ? [] : [{ told: told.file, found: owner?.id ?? null }];
      });
  });
}

describe('[HOLD1] the file whose data an entry reaches', () => {
  test('is the one of the present generation that has the block', () => {
    fc.assert(
      fc.property(anyStory, (story) => {
        play(story, ({ host }) => {
          for (const { told: file, found: owner } of owners(host)) expect(file).toBe(owner);
        });
      }),
      cases(30),
    );
  }, 120_000);

  test('is the first of two that have it: of file systems that lie over each other', () => {
    const { made, mapper } = ext4('v6.12');
    const { host } = made;
    const { mapping } = mapper({ touched: 'write' });
    const mapped = mappingOf(made, mapping);
    const file = fileOf(host, mapped.file!);
    const put = (kind: string, id: string, record: object): void => {
      applyForGood(host, { op: 'put', kind, id, record: { ...record, id } } as never);
    };
    put('file_systems', 's99', fileSystemOf(host, file.file_system));
    put('files', 'f99', { ...file, file_system: 's99' });
    put('mappings', mapping, { ...mapped, file: 'f99' });
    expect(owners(host).map(({ told: id }) => id)).toEqual([file.id]);
  });
});
