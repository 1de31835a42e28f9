import { describe, expect, test } from 'vitest';
import { finishAll, GONE } from './cxl_rig.ts';
import { ext4, mounted } from './rig.ts';
import { access, addFile, addMount, DEVICE, found, removeDevice, type Machine } from './support.ts';

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
