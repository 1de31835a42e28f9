import { expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { CxlRegion } from '../../src/engine/model/cxl.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { create, cxl, DAX, device, finishAll, GONE, regions, run } from './cxl_rig.ts';
import { importing } from './importing.ts';
import { found, MIB, type Machine } from './support.ts';

const UNKNOWN = { type: 'unknown', type_as_listed: 'dynamic_ram_a' } as const;

/** A host whose region0 a listing has shown to be of another type. */
function listedAs(
  type: Pick<CxlRegion, 'type' | 'type_as_listed'> = UNKNOWN,
  mode: 'devdax' | 'system-ram' = 'devdax',
): Machine {
  const made = cxl('v6.12', { mode, size: 256 * MIB, cxl: { type: 'ram' } });
  const { id: _id, locked: _locked, ...region } = found(made.host.tables.cxl_regions.get('region0'));
  const gone = { memdevs: [], regions: [] };
  made.run(importing([], { cxl: { memdevs: [], regions: [{ ...region, ...type }], gone } }));
  return made;
}

const refusal = {
  code: 'outcome_unknown',
  detail: 'region0 is listed with type dynamic_ram_a, which is not modelled',
};
const BIND = { type: 'bind', dax_device: DAX } as const;
const UNBIND = { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' } as const;

test.each<[string, readonly Command[], Command]>([
  ['a bind', [UNBIND], BIND],
  ['a bind in a mode of a namespace', [UNBIND], { ...BIND, mode: 'fsdax' }],
  ['a way of the namespace', [], { ...UNBIND, via: 'dax_pmem' }],
  ['a new device on it', [], create({ region: 'region0' }, { size: 4096 })],
  [
    'a bind of the region',
    [{ ...UNBIND, via: 'cxl_region' }],
    { type: 'bind_cxl_region', region: 'region0' },
  ],
  [
    'a commit of its decoders',
    [GONE, { type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_pci' }, { type: 'reboot' }],
    { type: 'commit_cxl_region', region: 'region0', memdevs: ['mem0'] },
  ],
])('[CX23] %s is refused, with the word', (_what, before, command) => {
  const made = listedAs();
  for (const each of before) {
    made.run(each);
    finishAll(made);
  }
  expect(made.try(command)).toMatchObject(refusal);
});

test('[CX23] where no word is told the refusal says what tells it', () => {
  const made = listedAs({ type: 'unknown', type_as_listed: null });
  run(made, UNBIND);
  expect(made.try(BIND)).toMatchObject({
    code: 'outcome_unknown',
    detail: expect.stringContaining('cxl list') as string,
  });
});

test.each(['devdax', 'system-ram'] as const)(
  '[CX23] a reboot leaves the region, and its %s device with the driver that it had',
  (mode) => {
    const made = listedAs(UNKNOWN, mode);
    made.run({ type: 'reboot' });
    expect([regions(made), device(made).mode, device(made).state]).toEqual([
      'region0 commit enabled',
      mode,
      'bound',
    ]);
    expect(made.host.tables.memory_ranges.size).toBe(mode === 'devdax' ? 0 : 1);
    run(made, UNBIND);
    made.run({ type: 'reboot' });
    expect([device(made).mode, device(made).state]).toEqual([mode, 'unbound']);
  },
);

test('[CX23, M95] a kernel without drivers/cxl binds no region, of whatever type', () => {
  const made = listedAs();
  made.run({ type: 'reboot', kernel: 'v5.10' });
  expect([regions(made), device(made).state]).toEqual(['region0 commit disabled', 'unbound']);
});

test('[CX23] whether another kernel binds it is not known, but for one without drivers/cxl', () => {
  const made = listedAs();
  const kernels: readonly KernelName[] = ['v5.10', 'v6.1', 'v7.3'];
  const compared = made.ask({ type: 'compare_removals', dax_device: DAX, trigger: 'unbind', kernels });
  expect(compared).toMatchObject({
    items: [
      { kernel: 'v5.10', refused: { code: 'kernel_refused', errno: 'ENODEV' } },
      { kernel: 'v6.1', refused: refusal },
      { kernel: 'v7.3', refused: refusal },
    ],
  });
});
