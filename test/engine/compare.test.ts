import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { compare } from './imagine.ts';
import { DAX, devdax, ext4, mounted, rmapbt } from './rig.ts';
import {
  addDevice,
  addMount,
  addPin,
  DEVICE,
  FIXED_BUFFER,
  found,
  machine,
  MIB,
  PAGE,
  removeDevice,
  UMEM,
  type Machine,
} from './support.ts';

describe('[CMP1] a comparison', () => {
  test('tells each kernel and only what differs', () => {
    const { made, mapper } = rmapbt('v6.12', 0, 4);
    mapper();
    mapper();
    const { items, differences } = compare(made);
    expect(items.map(({ kernel }) => kernel)).toEqual([...KERNEL_NAMES]);
    const verdicts = found(differences.find(({ field }) => field === 'verdict')).values;
    expect(verdicts).toMatchObject({ 'v5.10': 'exposed', 'force-unmap': 'contained', 'v6.12': 'contained' });
    expect(verdicts['v7.3']).toBe('unsafe');
    expect(differences.map(({ field }) => field)).not.toContain('waiting_on');
    const own = items.find(({ kernel }) => kernel === 'v6.12');
    expect(own).toMatchObject({
      state: 'completed',
      report: { signals: [{ si_code: 'BUS_MCEERR_AO', si_addr_lsb: 21, count: 2, processes: 2, killed: 0 }] },
    });
  });

  test('on one kernel, named twice, has no difference', () => {
    const { made } = ext4('v6.12');
    expect(compare(made, { kernels: ['v7.3', 'v7.3'] })).toMatchObject({
      items: [{ kernel: 'v7.3' }],
      differences: [],
    });
  });

  test('goes as it is asked for: by a tool, which refuses', () => {
    const { made } = ext4('v6.12');
    const { items } = compare(made, { via: 'ndctl_disable_namespace', kernels: ['v5.10'] });
    expect(items).toEqual([
      {
        kernel: 'v5.10',
        kernel_release: null,
        refused: expect.objectContaining({ code: 'tool_refused', errno: 'EBUSY' }) as object,
      },
    ]);
  });

  test('refuses kernels under which the device or its users cannot be there', () => {
    const cxl = machine('v6.12');
    addDevice(cxl, { provider: 'CXL' });
    const reflink = mounted('v6.12', { mount: { fs_type: 'xfs', reflink: true } }).made;
    const buffer = devdax('v6.12');
    addPin(buffer.made, buffer.mapper(), FIXED_BUFFER);
    const refused = (made: Machine, dax_device = DEVICE) =>
      compare(made, { dax_device, kernels: ['v5.10', 'v6.12'] }).items.map((item) => item.refused?.errno);
    expect([refused(cxl), refused(reflink), refused(buffer.made, DAX)]).toEqual([
      ['ENODEV', undefined],
      ['EINVAL', undefined],
      ['EOPNOTSUPP', undefined],
    ]);
    const { differences } = compare(cxl, { kernels: ['v5.10', 'v6.12'] });
    expect(differences).toEqual([{ field: 'refused', values: { 'v5.10': 'kernel_refused', 'v6.12': null } }]);
  });

  test('takes a CXL device of which no listing has told the region for persistent memory', () => {
    const made = machine('v6.12');
    const listed = {
      name: DEVICE,
      mode: 'fsdax',
      size: 64 * MIB,
      provider: 'CXL',
      change: 'created',
    } as const;
    made.run({ type: 'import_inventory', imported: '', devices: [listed], record: {} });
    const { items } = compare(made, { kernels: ['v5.10', 'v6.1'] });
    expect(items.map((item) => item.refused?.errno)).toEqual(['ENODEV', undefined]);
  });

  test('of a device that is not there is refused', () => {
    expect(
      machine('v6.12').tryAsk({
        type: 'compare_removals',
        dax_device: 'pmem9',
        trigger: 'unbind',
        kernels: [],
      }),
    ).toMatchObject({
      code: 'dax_device_not_found',
      pointer: '/dax_device',
    });
  });

  test('an umem of AF_XDP is no fixed buffer', () => {
    const { made, mapper } = devdax('v6.12');
    addPin(made, mapper(), UMEM);
    expect(compare(made, { dax_device: DAX, kernels: ['v5.10'] }).items[0]?.refused).toBeNull();
  });

  test('takes an oops of another kernel for gone: the host has booted since', () => {
    const { made, mapper } = ext4('v7.3');
    const { mapping } = mapper({ small: true });
    addDevice(made, { name: 'pmem1' });
    addMount(made, { dax_device: 'pmem1', path: '/mnt/b' });
    removeDevice(made);
    made.run({ type: 'access', mapping, offset: 0, length: PAGE, kind: 'write' });
    const states = compare(made, { dax_device: 'pmem1', kernels: ['v6.12', 'v7.3'] }).items;
    expect(states).toMatchObject([{ state: 'completed' }, { state: 'stuck' }]);
  });
});
