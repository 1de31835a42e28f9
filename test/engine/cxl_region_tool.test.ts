import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { RemoveVia } from '../../src/engine/model/vocabulary.ts';
import { create, cxl, DAX, device, finishAll, memdevs, regions } from './cxl_rig.ts';
import { addMapper, addPin, found, MIB, PIPE, type Machine } from './support.ts';

/** The answer of the tool; where it is no refusal, the removals are played to their end. */
function disable(made: Machine, via: RemoveVia, name = DAX): string {
  const decision = made.try({ type: 'remove_dax_device', dax_device: name, trigger: 'unbind', via });
  if (isRefusal(decision)) return `${decision.code} ${decision.errno ?? ''}`.trim();
  finishAll(made);
  return found(made.host.tables.removals.get(decision.answer.id)).verdict ?? 'no verdict';
}

/** System RAM of a CXL ram region, online as the policy has it. */
function ram(policy: 'online' | 'online_movable' | 'offline'): Machine {
  const more = { mode: 'system-ram', size: 256 * MIB, target_node: 1 } as const;
  const made = cxl('v6.12');
  made.run({ type: 'patch_host', auto_online_blocks: policy });
  made.run(create({ type: 'ram' }, { ...more, name: 'dax7.0' }));
  return made;
}

function tellKernelPages(made: Machine): void {
  const range = found(made.host.tables.memory_ranges.get('dax7.0'));
  const block = range.base_pfn / (range.block_bytes / 4096);
  made.run({ type: 'patch_memory_block', dax_device: 'dax7.0', block, kernel_pages: true });
}

describe('[CX20] cxl disable-region', () => {
  test('unbinds a persistent region as it is, decoders and memdevs stay', () => {
    const made = cxl();
    expect(disable(made, 'cxl_disable_region')).toBe('contained');
    expect([regions(made), memdevs(made)]).toEqual(['region0 commit disabled', 'mem0 enabled']);
    expect(device(made)).toMatchObject({ state: 'unbound' });
  });

  test('offlines memory first, so that it goes with the region', () => {
    const made = ram('online_movable');
    expect(disable(made, 'cxl_disable_region', 'dax7.0')).toBe('contained');
    expect(made.host.tables.memory_ranges.size).toBe(0);
  });

  test('refuses where the kernel has pages there, and with -f leaks the memory', () => {
    const made = ram('online');
    tellKernelPages(made);
    expect(disable(made, 'cxl_disable_region', 'dax7.0')).toBe('tool_refused EBUSY');
    expect(device(made, 'dax7.0')).toMatchObject({ state: 'bound' });
    expect(disable(made, 'cxl_disable_region_force', 'dax7.0')).toBe('leaked');
    expect(regions(made)).toContain('region1 commit disabled');
  });

  test('does not say what comes of a chance, -f or not', () => {
    const made = ram('offline');
    made.run({ type: 'import_inventory', devices: [], record: {}, imported: '' });
    const range = found(made.host.tables.memory_ranges.get('dax7.0'));
    const block = range.base_pfn / (range.block_bytes / 4096);
    made.run({ type: 'patch_memory_block', dax_device: 'dax7.0', block, state: 'online' });
    expect(disable(made, 'cxl_disable_region', 'dax7.0')).toBe('outcome_unknown');
    expect(disable(made, 'cxl_disable_region_force', 'dax7.0')).toBe('outcome_unknown');
  });

  test('does not return where a page is pinned, or where another offline waits', () => {
    const made = ram('online_movable');
    const memory = { flags: ['private'], length: MIB, touched: 'write', dax_device: 'dax7.0' } as const;
    addPin(made, addMapper(made, memory), PIPE);
    expect(disable(made, 'cxl_disable_region_force', 'dax7.0')).toBe('dax_device_busy');
    const range = found(made.host.tables.memory_ranges.get('dax7.0'));
    const block = range.base_pfn / (range.block_bytes / 4096);
    made.run({ type: 'patch_memory_block', dax_device: 'dax7.0', block, state: 'offline' });
    expect(disable(made, 'cxl_disable_region', 'dax7.0')).toBe('dax_device_busy');
  });

  test('asks nothing of memory that is offline', () => {
    expect(disable(ram('offline'), 'cxl_disable_region', 'dax7.0')).toBe('contained');
  });

  test('is no way to take a device that stands on no region', () => {
    const made = cxl();
    made.run({ type: 'create_dax_device', name: 'pmem0', mode: 'fsdax', size: 64 * MIB });
    expect(disable(made, 'cxl_disable_region', 'pmem0')).toBe('invalid_field');
    expect(disable(made, 'cxl_destroy_region', 'pmem0')).toBe('invalid_field');
  });
});

describe('[CX20] cxl destroy-region', () => {
  test('refuses a region that has its driver', () => {
    const made = cxl();
    expect(disable(made, 'cxl_destroy_region')).toBe('tool_refused EBUSY');
    expect(regions(made)).toBe('region0 commit enabled');
  });

  test('with -f unbinds it, resets its decoders and frees its memdevs; commit makes it again', () => {
    const made = cxl();
    expect(disable(made, 'cxl_destroy_region_force')).toBe('contained');
    expect([regions(made), memdevs(made)]).toEqual(['region0 reset disabled', 'mem0 enabled']);
    expect(found(made.host.tables.cxl_regions.get('region0')).mappings).toEqual([]);
    expect(device(made).conditions).toMatchObject([{ type: 'cxl_region_reset' }]);
    made.run({ type: 'commit_cxl_region', region: 'region0', memdevs: ['mem0'] });
    made.run({ type: 'bind_cxl_region', region: 'region0' });
    expect(regions(made)).toBe('region0 commit enabled');
  });

  test('waits with the decoders for the last device on the region', () => {
    const made = cxl();
    made.run(create({ region: 'region0' }));
    const via = 'cxl_destroy_region_force';
    made.run({ type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind', via });
    const [first, second] = [...made.host.tables.removals.values()].map(({ id }) => id);
    const play = (id: string | undefined) => {
      while (found(made.host.tables.removals.get(found(id))).state === 'running')
        made.run({ type: 'advance_removal', removal: found(id) });
    };
    play(first);
    expect(regions(made)).toBe('region0 commit disabled');
    const { steps } = found(made.host.tables.removals.get(found(first)));
    expect(steps.at(-1)).toMatchObject({ name: 'cxl_region_decode_reset', result: { waits_for: [second] } });
    play(second);
    expect(regions(made)).toBe('region0 reset disabled');
  });

  test('of locked decoders is not known', () => {
    const made = cxl('v7.3', { cxl: { locked: true } });
    expect(disable(made, 'cxl_destroy_region_force')).toBe('outcome_unknown');
  });
});
