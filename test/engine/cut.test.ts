import { expect, test } from 'vitest';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { advice, assess, compare } from './imagine.ts';
import { devdax, ext4, type Rig } from './rig.ts';
import { addPin, DEVICE, found, PIPE, removeDevice, type Mapper } from './support.ts';

const MANY = 103;

/** So many processes of as many tenants, each of which maps the same file. */
function crowd({ mapper }: Pick<Rig, 'mapper'>): Mapper[] {
  return Array.from({ length: MANY }, (_, at) => mapper({ tenant: `t${String(at)}` }));
}

function kinds({ hazards }: Pick<RemovalRecord, 'hazards'>): string[] {
  return [...new Set(hazards.map(({ kind }) => kind))].sort();
}

test('[CUT1] of hazards the first 100 are told, one of each kind among them, and how many there are', () => {
  const rig = ext4('v7.3');
  const [one] = crowd(rig);
  addPin(rig.made, found(one), PIPE);
  const counts = found(assess(rig.made)[0]).hazards;
  const compared = found(compare(rig.made, { kernels: ['v7.3'], trigger: 'surprise_removal' }).items[0]);
  const removal = removeDevice(rig.made, { trigger: 'surprise_removal' });
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  expect(removal.hazards).toHaveLength(100);
  expect([removal.verdict, removal.cut]).toEqual(['exposed', { hazards: all }]);
  expect(counts.find(({ kind }) => kind === 'stale_mapping')).toEqual({ kind: 'stale_mapping', count: MANY });
  expect(kinds(removal)).toEqual(counts.map(({ kind }) => kind).sort());
  expect(kinds(removal)).toContain('pin_outlives_pgmap');
  expect(compared).toMatchObject({ refused: null, verdict: 'exposed', cut: { hazards: all } });
  expect(found(assess(rig.made)[0]).hazards).toEqual(counts);
});

test('[CUT1] what is waited on is cut in a comparison and in an assessment, as are the tenants', () => {
  const rig = ext4('v5.10');
  for (const mapper of crowd(rig)) addPin(rig.made, mapper, PIPE);
  const [compared] = compare(rig.made, { kernels: ['v5.10'] }).items;
  const [assessed] = assess(rig.made);
  for (const told of [compared, assessed]) {
    expect(told).toMatchObject({ refused: null, state: 'waiting', cut: { waiting_on: MANY } });
    expect((told as Pick<RemovalRecord, 'waiting_on'>).waiting_on).toHaveLength(100);
  }
  expect(assessed?.blast_radius).toMatchObject({ processes: MANY, cut: { tenants: MANY } });
  expect(assessed?.blast_radius.tenants).toHaveLength(100);
  const removal = removeDevice(rig.made);
  expect(removal.waiting_on).toHaveLength(MANY);
  expect(found(assess(rig.made)[0])).toMatchObject({ state: 'waiting', cut: { waiting_on: MANY } });
  expect(rig.made.host.tables.dax_devices.get(DEVICE)?.removal).toBe(removal.id);
});

test('[CUT1] where all lists are whole nothing is said of them', () => {
  const { made, mapper } = ext4('v7.3');
  mapper();
  expect(assess(made)[0]).not.toHaveProperty('cut');
  expect(advice(made).map(({ action, cut }) => [action, cut])).toContainEqual(['stop_processes', undefined]);
  const removal = removeDevice(made);
  expect(removal).not.toHaveProperty('cut');
  expect(removal.report.blast_radius).not.toHaveProperty('cut');
});

test('[CUT1] of what an advice is done to the first 100 are named, and how many there are', () => {
  const rig = devdax('v5.10');
  for (const mapper of crowd(rig)) addPin(rig.made, mapper, PIPE);
  const all = advice(rig.made);
  for (const action of ['stop_processes', 'drop_pins'] as const)
    expect(all.find((own) => own.action === action)).toMatchObject({ cut: { targets: MANY } });
  expect(Math.max(...all.map(({ targets }) => targets.length))).toBe(100);
});
