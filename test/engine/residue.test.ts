import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Holder, Survey } from '../../src/engine/questions/record.ts';
import { anyStory, play } from './fleet.ts';
import { assess, systemRam } from './imagine.ts';
import { fail, scene } from './poison.ts';
import { DAX, devdax, ext4, rmapbt } from './rig.ts';
import {
  addDevice,
  addMapper,
  addPin,
  DEVICE,
  found,
  machine,
  PAGE,
  PIPE,
  removeDevice,
  UMEM,
  type Machine,
} from './support.ts';
import { cases } from '../support/property.ts';

const NOTHING = { mappings: 0, pins: 0, processes: 0, pages: 0, exposures: 0, superblocks: 0 };

function survey(made: Machine, name = DEVICE): Survey {
  const told = made.ask({ type: 'survey_holders', dax_device: name });
  const assessed = found(assess(made).find(({ dax_device }) => dax_device === name));
  expect(assessed.residue).toEqual(told.residue);
  return told;
}

function endings({ items }: Survey, kind: Holder['kind']): string[] {
  const held = items.filter((holder) => holder.kind === kind);
  return held.flatMap(({ ends }) => ends.map(({ by, result }) => `${by}: ${String(result)}`));
}

describe('[RESIDUE1] after the removal holders answer who still reaches the device', () => {
  test.each([
    ['v5.10', 'ok'],
    ['v6.1', 'ok'],
    ['v6.12', 'ok'],
    ['v7.3', 'kernel_oops'],
  ] as const)('ext4 on %s: who may be stopped, and what that does: %s', (kernel, result) => {
    const { made, mapper } = ext4(kernel);
    const { mapping, pid } = mapper();
    expect(survey(made).residue).toEqual(NOTHING);
    removeDevice(made);
    const told = survey(made);
    expect(told).toMatchObject({
      state: 'completed',
      verdict: 'exposed',
      refused: { code: 'kernel_refused', errno: 'ENODEV' },
    });
    expect(told.residue).toEqual({
      mappings: 1,
      pins: 0,
      processes: 1,
      pages: 512,
      exposures: 0,
      superblocks: 1,
    });
    const reaching = told.items.filter(({ residue }) => residue).map(({ kind, id }) => [kind, id]);
    expect(reaching).toEqual([
      ['process', String(pid)],
      ['mapping', mapping],
    ]);
    expect(endings(told, 'mapping')).toEqual([`munmap: ${result}`]);
    expect(endings(told, 'process')).toEqual([`exit: ${result}`, `SIGKILL: ${result}`]);
    const acted = made.run({ type: 'exit_process', pid });
    expect(acted.result).toBe(result);
  });

  test('it is of now: what was unmapped since is told no more, as the removal still tells', () => {
    const { made, mapper } = ext4('v6.12');
    const { mapping } = mapper();
    mapper();
    const removal = removeDevice(made);
    made.run({ type: 'munmap', mapping });
    expect(survey(made).residue).toMatchObject({ mappings: 1, processes: 1, pages: 512 });
    expect(found(made.host.tables.removals.get(removal.id)).hazards.length).toBeGreaterThan(1);
    made.run({ type: 'reboot' });
    expect(survey(made).residue).toEqual(NOTHING);
  });

  test('whoever was unmapped is no residue, and has been told of the removal', () => {
    const { made, mapper } = rmapbt('v6.12');
    mapper();
    removeDevice(made);
    const told = survey(made);
    expect(told.residue).toEqual({ ...NOTHING, superblocks: 1 });
    const process = told.items.find(({ kind }) => kind === 'process');
    expect(process).toMatchObject({ consequence: 'survives', residue: false, ends: [] });
    expect(process?.detail).toMatch(/^SIGBUS BUS_MCEERR_AO/);
  });

  test('of a device that was given away: the exposure, and the ends of now', () => {
    const { made, mapper } = ext4('v6.12');
    const { mapping } = mapper();
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE, mode: 'devdax', tenant: 'next' });
    const told = survey(made);
    expect(told.residue).toEqual({
      mappings: 1,
      pins: 0,
      processes: 1,
      pages: 512,
      exposures: 1,
      superblocks: 1,
    });
    expect(told.refused).toBeNull();
    const [exposure] = made.host.tables.exposures.keys();
    const holder = told.items.find(({ id }) => id === mapping);
    expect(holder).toMatchObject({ residue: true, exposure, ends: [{ by: 'munmap', result: 'ok' }] });
    addMapper(made, { dax_device: DEVICE });
    expect(survey(made).residue).toMatchObject({ mappings: 1, processes: 1 });
  });

  test('pins: known ends, unknown ones, and tasks that take no signal', () => {
    const { made, mapper } = devdax('v6.12');
    const first = mapper();
    addPin(made, first, UMEM);
    const second = mapper();
    made.run({
      type: 'create_pin',
      ...second,
      offset: 0,
      length: PAGE,
      kind: 'longterm',
      holder: 'rdma',
    });
    removeDevice(made, { dax_device: DAX });
    const told = survey(made, DAX);
    expect(told.residue).toMatchObject({ pins: 2, processes: 2 });
    expect(endings(told, 'pin')[1]).toBe('unpin: null');
    expect(told.items.at(-1)?.ends[0]?.detail).toMatch(/is not recorded/);
    const stuck = ext4('v7.3');
    const { mapping, pid } = stuck.mapper();
    removeDevice(stuck.made);
    stuck.made.try({ type: 'munmap', mapping });
    const [killed] = endings(survey(stuck.made), 'process').slice(-1);
    const { state } = found(stuck.made.host.tables.processes.get(String(pid)));
    expect([state, killed]).toEqual(['oopsed', 'SIGKILL: null']);
  });

  test('a removal that waits: what it waits for blocks, and reaches', () => {
    const { made, mapper } = ext4('v5.10');
    addPin(made, mapper(), PIPE);
    removeDevice(made);
    const told = survey(made);
    expect(told.refused?.code).toBe('removal_in_progress');
    expect(told.residue).toMatchObject({ mappings: 1, pins: 1, processes: 1, pages: 512 });
    expect(told.items.find(({ kind }) => kind === 'pin')).toMatchObject({ consequence: 'blocks' });
  });

  test('memory that leaked is reached as before', () => {
    const made = systemRam('v6.12', true);
    addMapper(made, { dax_device: DAX, length: 4 * PAGE, flags: ['private'], touched: 'write' });
    expect(survey(made, DAX).residue).toEqual(NOTHING);
    removeDevice(made, { dax_device: DAX });
    expect(survey(made, DAX).residue).toMatchObject({ mappings: 1, processes: 1, pages: 4 });
  });

  test('a device that a listing shows without a driver has no removal to be told of', () => {
    const made = machine('v6.12');
    addDevice(made, { name: DAX, mode: 'devdax' });
    addMapper(made, { dax_device: DAX });
    const listed = { name: DAX, mode: 'devdax', size: null, state: 'unbound', change: 'updated' } as const;
    made.run({ type: 'import_inventory', imported: '', devices: [listed], record: {} });
    const told = survey(made, DAX);
    expect(told.residue).toMatchObject({ mappings: 1, processes: 1 });
    expect(told.items.map(({ consequence }) => consequence)).toEqual(['survives', 'survives']);
  });
});

test('[HOLD2] what no source tells of a removal has no consequence, and no 409', () => {
  const at = scene('force-unmap-v5.12', 'rmapbt', { one: {} });
  fail(at, { source: 'madvise' });
  const told = at.made.ask({ type: 'survey_holders', dax_device: at.device });
  expect(told.refused?.code).toBe('outcome_unknown');
  expect(told.items.map(({ consequence }) => consequence)).toEqual(told.items.map(() => null));
  expect(told.items.length).toBeGreaterThan(2);
});

test('[RESIDUE1] whatever the fleet: what a completed removal leaves stale is its residue', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const made = play(story, (own) => {
        const last = [...own.host.tables.removals.values()].at(-1);
        const event = own.events.at(-1);
        if (last?.state !== 'completed' || event?.type !== 'removal_completed') return;
        const stale = last.hazards.filter(({ kind }) => kind === 'stale_mapping');
        const { mode } = found(own.host.tables.dax_devices.get(last.dax_device));
        if (mode === 'system-ram' || last.hazards.length >= 100) return;
        expect(survey(own, last.dax_device).residue.mappings).toBe(stale.length);
      });
      for (const device of made.host.tables.dax_devices.values()) survey(made, device.name);
    }),
    cases(15),
  );
});
