import { describe, expect, test } from 'vitest';
import { structPagesOf } from '../../src/engine/model/struct_pages.ts';
import { deviceOf } from '../../src/engine/model/lookup.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { told } from './observe.ts';
import { mounted, type Rig } from './rig.ts';
import { access, DEVICE, MIB, outcomeOf, processOf, removeDevice, type MapperOptions } from './support.ts';

/** The NVDIMM of the recordings: its first whole memory block begins 110 MiB behind its start. */
const NVDIMM = { phys_addr: '0x101200000', size: 1006 * MIB };
const FIRST_BLOCK = 0x108000;

/** An xfs of it: files begin below the first block, and one of 128 MiB goes on above. */
function xfsOn(kernel: KernelName): Rig {
  return mounted(kernel, { device: NVDIMM, mount: { fs_type: 'xfs' } });
}

/** Removed, and given to System RAM. */
function toRam({ made }: Rig): void {
  removeDevice(made);
  made.run({ type: 'patch_host', auto_online_blocks: 'online_movable' });
  made.run({ type: 'bind', dax_device: DEVICE, mode: 'system-ram' });
}

/** What the exit of a process that maps this much of a file comes to, once its pages are System RAM. */
function exitOver(kernel: KernelName, length: number, from: number, options: MapperOptions = {}): string {
  const rig = xfsOn(kernel);
  rig.file('/a', 256 * MIB);
  const { pid } = rig.mapper({ offset: from, length, ...options });
  toRam(rig);
  const outcome = outcomeOf(rig.made.run({ type: 'exit_process', pid }));
  return `${told(outcome)}, ${processOf(rig.made, pid).state}`;
}

describe('[S45] whether a page frame has a struct page is a matter of its memory block', () => {
  test.each([
    ['v5.10', 'ok, dead'],
    ['v6.1', 'ok, dead'],
    ['v6.12', 'ok, dead'],
    ['v7.3', 'oops vm_normal_folio_pmd, oopsed'],
  ] as const)(
    '%s: the old owner of pages below the first block ends as if nothing were bound',
    (kernel, end) => {
      expect(exitOver(kernel, 2 * MIB, 0)).toBe(end);
    },
  );

  test('v7.3: the old owner of pages above it just ends', () => {
    expect(exitOver('v7.3', 2 * MIB, 128 * MIB)).toBe('ok, dead');
  });

  test('v7.3: of a run that lies on both sides, the part below decides', () => {
    expect(exitOver('v7.3', 128 * MIB, 0)).toBe('oops vm_normal_folio_pmd, oopsed');
    expect(exitOver('v7.3', 128 * MIB, 0, { small: true })).toBe('oops __zap_vma_range, oopsed');
  });

  test('v7.3: a look at the pages above the boundary does not meet those below', () => {
    const rig = xfsOn('v7.3');
    rig.file('/a', 256 * MIB);
    const { mapping } = rig.mapper({ length: 128 * MIB });
    toRam(rig);
    expect(told(access(rig.made, mapping, 'smaps', { page: 120 * 256 }))).toBe('ok');
    expect(told(access(rig.made, mapping, 'smaps'))).toBe('oops smaps_pte_range (caller)');
  });

  test('v7.3: a store into the pages below is met as without a device, one above passes', () => {
    const rig = xfsOn('v7.3');
    rig.file('/a', 256 * MIB);
    const { mapping } = rig.mapper({ length: 128 * MIB, flags: ['private'] });
    toRam(rig);
    expect(told(access(rig.made, mapping, 'write', { page: 120 * 256 }))).toBe('SIGBUS BUS_ADRERR');
    expect(told(access(rig.made, mapping, 'write'))).toBe('oops split_huge_pmd_locked');
  });

  test('what lies behind the last whole block has none either', () => {
    const rig = mounted('v6.12', { device: { phys_addr: '0x108000000', size: 200 * MIB } });
    toRam(rig);
    const device = deviceOf(rig.made.host, DEVICE);
    const end = FIRST_BLOCK + 128 * 256;
    expect(structPagesOf(rig.made.host, device, [end - 1, 2])).toEqual([
      { pfn: end - 1, nr_pages: 1, struct_pages: 'ram' },
      { pfn: end, nr_pages: 1, struct_pages: 'none' },
    ]);
  });
});
