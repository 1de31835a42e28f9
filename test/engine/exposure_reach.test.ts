import { describe, expect, test } from 'vitest';
import { entriesOf } from '../../src/engine/model/transaction.ts';
import { nextRun } from '../../src/engine/model/mapping_table.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { DAX, devdax, ext4, mounted, rmapbt } from './rig.ts';
import {
  access,
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  DEVICE,
  FIXED_BUFFER,
  fork,
  found,
  machine,
  MIB,
  PIPE,
  removeDevice,
  settle,
  UMEM,
  type Machine,
} from './support.ts';
import { exposures, NEXT_TENANT, REPLACE, told, unbound } from './windows.ts';

describe('[EX1] a mapping whose pfns were given to another owner is a window', () => {
  const kernels: readonly [KernelName, number][] = [
    ['v5.10', 1],
    ['force-unmap-v5.10', 1],
    ['force-unmap-v5.12', 1],
    ['force-unmap', 0],
    ['v6.1', 1],
    ['v6.12', 1],
    ['v7.3', 1],
  ];
  test.each(kernels)('ext4 on %s: %i', (kernel, count) => {
    const { made, reader } = unbound(kernel);
    expect(exposures(made)).toEqual([]);
    made.run(NEXT_TENANT);
    expect(exposures(made)).toHaveLength(count);
    if (count === 0) return;
    expect(exposures(made)[0]).toMatchObject({
      dax_device: DEVICE,
      windows: [{ mapping: reader.mapping, pin: null, pages: 512, writable_pages: 0 }],
      pid: reader.pid,
      comm: 'probe',
      tenant: 'a',
      generation: 1,
      to_tenant: 'b',
      to_generation: 2,
      pages: 512,
      writable_pages: 0,
      open: true,
      opened_by: `dax_device_bound dax-devices/${DEVICE}`,
      opened_at: '2026-01-01T00:00:00Z',
      closed_by: null,
      closed_at: null,
    });
  });

  test('not where the removal took the entries: xfs with rmapbt on v6.12', () => {
    const { made, mapper } = rmapbt('v6.12');
    mapper();
    removeDevice(made);
    made.run(NEXT_TENANT);
    expect(told(made)).toEqual([]);
  });

  test('pages that a store still reaches are writable: an ext4 that was shut down before the unbind (R154)', () => {
    const { made, mount, mapper } = ext4('v6.12');
    mapper({ touched: 'write' });
    made.run({ type: 'shutdown_mount', mount });
    removeDevice(made);
    made.run(NEXT_TENANT);
    expect(told(made)).toEqual(['v4 1 → 2 (b): 512 pages, 512 writable; dax_device_bound, open']);
  });

  test('copied pages are none, the rest of the private mapping is', () => {
    const { made, mapper } = ext4('v6.12');
    const parent = mapper({ flags: ['private'], touched: 'cow' });
    removeDevice(made);
    made.run(NEXT_TENANT);
    const child = fork(made, parent.pid);
    expect(told(made)).toEqual([
      `${parent.mapping} 1 → 2 (b): 511 pages, 0 writable; dax_device_bound, open`,
      `${child.mapping} 1 → 2 (b): 511 pages, 0 writable; process_created, open`,
    ]);
  });

  test('many ranges are cut to 100, the pages are all counted', () => {
    const { made, mapper } = ext4('v6.12');
    const reader = mapper({ small: true, touched: 'none' });
    for (let page = 0; page < 240; page += 2) access(made, reader.mapping, 'read', { page });
    removeDevice(made);
    made.run(NEXT_TENANT);
    const [window] = exposures(made);
    expect([window?.pages, window?.pfn_ranges.length]).toEqual([120, 100]);
  });

  test('a task that oopsed keeps its window', () => {
    const { made, reader } = unbound('force-unmap-v5.10');
    access(made, reader.mapping, 'vmsplice');
    made.run(NEXT_TENANT);
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (b): 512 pages, 0 writable; dax_device_bound, open`,
    ]);
  });
});

describe('[EX1] an old VMA of a device node', () => {
  test('faults in the pages of the next tenant: a window opens at that fault', () => {
    const { made, mapper } = devdax('v6.12');
    const old = mapper({ tenant: 'a' });
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'bind', dax_device: DAX, tenant: 'b' });
    expect(told(made)).toEqual([]);
    access(made, old.mapping, 'read');
    expect(told(made)).toEqual([`${old.mapping} 1 → 2 (b): 512 pages, 512 writable; page_faulted, open`]);
    mapper({ tenant: 'b' });
    expect(told(made)).toHaveLength(1);
  });

  test('pins them: the pin is of the generation of its mapping', () => {
    const { made, mapper } = devdax('v6.12');
    const old = mapper({ touched: 'none' });
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'bind', dax_device: DAX, tenant: 'b' });
    const pin = addPin(made, old, UMEM);
    expect(told(made)).toEqual([
      `${old.mapping}+${pin} 1 → 2 (b): 512 pages, 512 writable; pin_created, open`,
    ]);
  });
});

describe('[EX2] pins', () => {
  test.each(['v6.1', 'v6.12', 'v7.3'] as const)('%s: a longterm pin reads and writes by DMA', (kernel) => {
    const { made, mapper } = devdax(kernel);
    const pin = addPin(made, mapper(), UMEM);
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'bind', dax_device: DAX, tenant: 'b' });
    expect(told(made)).toEqual([`${pin} 1 → 2 (b): 1 pages, 1 writable; dax_device_bound, open`]);
    expect(exposures(made)[0]?.windows).toEqual([{ mapping: null, pin, pages: 1, writable_pages: 1 }]);
    made.run({ type: 'reboot' });
    expect(told(made)).toEqual([`${pin} 1 → 2 (b): 1 pages, 1 writable; dax_device_bound, host_rebooted`]);
  });

  test('its release closes the window', () => {
    const { made, mapper } = devdax('v6.12');
    const pin = addPin(made, mapper(), UMEM);
    removeDevice(made, { dax_device: DAX, trigger: 'surprise_removal' });
    made.run({ ...REPLACE, dax_device: DAX });
    made.run({ type: 'unpin', pin });
    expect(told(made)).toEqual([`${pin} 1 → 2 (null): 1 pages, 1 writable; dax_device_changed, pin_deleted`]);
  });

  test('a transient reference reaches nothing', () => {
    const { made, mapper } = devdax('v6.12');
    addPin(made, mapper(), PIPE);
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'bind', dax_device: DAX, tenant: 'b' });
    expect(told(made)).toEqual([]);
  });

  test('there is none where the removal waits for it: v5.10', () => {
    const { made, mapper } = devdax('v5.10');
    const pin = addPin(made, mapper(), UMEM);
    made.run({ type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' });
    expect(made.try({ ...NEXT_TENANT, dax_device: DAX })).toMatchObject({
      answer: { bind: { result: 'blocked' } },
    });
    expect(told(made)).toEqual([]);
    expect(pin).not.toBe('');
  });
});

describe('[EX1] system RAM', () => {
  const RAM = { name: DAX, mode: 'system-ram', size: 256 * MIB } as const;

  test('as the next owner: old readers see other processes’ anonymous memory (R152)', () => {
    const { made, reader } = unboundOf256();
    made.run({ type: 'bind', dax_device: DEVICE, mode: 'system-ram', tenant: 'b' });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (b): 512 pages, 0 writable; dax_device_bound, open`,
    ]);
  });

  test('that outlives its driver, under another medium: all but the poisoned page', () => {
    const made = machine('v6.12', 0, { auto_online_blocks: 'online' });
    addDevice(made, RAM);
    const user = addMapper(made, { dax_device: DAX, touched: 'write' });
    removeDevice(made, { dax_device: DAX, trigger: 'surprise_removal' });
    expect(told(made)).toEqual([]);
    made.run({ ...REPLACE, dax_device: DAX, tenant: 'b' });
    expect(told(made)).toEqual([
      `${user.mapping} 1 → 2 (b): 512 pages, 512 writable; dax_device_changed, open`,
    ]);
    const other = addMapper(made, { dax_device: DAX, touched: 'none' });
    access(made, other.mapping, 'write');
    expect(told(made)[1]).toBe(`${other.mapping} 1 → 2 (b): 1 pages, 1 writable; page_faulted, open`);
    poisonFirst(made);
    expect(told(made)[0]).toBe(
      `${user.mapping} 1 → 2 (b): 511 pages, 511 writable; dax_device_changed, open`,
    );
  });

  test('that was taken offline and is another tenant’s now: what a process has there is its own', () => {
    const made = machine('v6.12', 0, { auto_online_blocks: 'online_movable' });
    addDevice(made, RAM);
    const user = addMapper(made, { dax_device: DAX, touched: 'none' });
    for (const { block } of blocks(made)) {
      made.run({ type: 'patch_memory_block', dax_device: DAX, block, state: 'offline' });
    }
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'bind', dax_device: DAX, tenant: 'b' });
    access(made, user.mapping, 'write');
    expect(told(made)).toEqual([]);
  });

  function unboundOf256() {
    const rig = mounted('v6.12', { device: { size: 256 * MIB } });
    const reader = rig.mapper();
    removeDevice(rig.made);
    return { ...rig, reader };
  }

  function blocks({ host }: Machine): { block: number }[] {
    const range = found(host.tables.memory_ranges.get(DAX));
    const block_pages = range.block_bytes / 4096;
    const count = range.nr_pages / block_pages;
    return Array.from({ length: count }, (_, at) => ({ block: range.base_pfn / block_pages + at }));
  }

  /** memory_failure() of the page that the first mapping maps first. */
  function poisonFirst({ host, run }: Machine): void {
    const [mapping] = host.tables.mappings.keys();
    const pfn = found(nextRun(entriesOf(host, found(mapping)), 0) ?? undefined).pfn;
    const offset = (pfn - found(host.tables.dax_devices.get(DAX)).base_pfn) * 4096;
    run({ type: 'memory_failure', dax_device: DAX, offset, length: 4096, source: 'debugfs' });
  }
});

describe('[EX1] a CXL device', () => {
  test('reaches nothing while its region is reset, and the new medium once it is programmed again', () => {
    const made = machine('v6.12');
    addDevice(made, { provider: 'CXL', cxl: {} });
    const file = addFile(made, addMount(made).id, '/a');
    const reader = addMapper(made, { file });
    made.run({ type: 'remove_cxl_memdev', memdev: 'mem0', trigger: 'surprise_removal' });
    settle(made);
    made.run({ ...REPLACE, media: { media_serial: '0x2', size: 64 * MIB }, tenant: 'b' });
    expect(told(made)).toEqual([]);
    made.run({ type: 'commit_cxl_region', region: 'region0', memdevs: ['mem0'] });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (b): 512 pages, 0 writable; dax_device_changed, open`,
    ]);
    made.run({ type: 'bind_cxl_region', region: 'region0' });
    made.run({ type: 'remove_cxl_memdev', memdev: 'mem0', trigger: 'unbind', via: 'cxl_mem' });
    settle(made);
    expect(exposures(made).map(({ open }) => open)).toEqual([false]);
  });
});

test('a longterm pin by io_uring is one as well', () => {
  const { made, mapper } = devdax('v6.12');
  addPin(made, mapper(), FIXED_BUFFER);
  removeDevice(made, { dax_device: DAX });
  made.run({ type: 'bind', dax_device: DAX, mode: 'fsdax' });
  expect(told(made)).toHaveLength(1);
});
