import { expect, test } from 'vitest';
import type { Assessment } from '../../src/engine/questions/record.ts';
import { create, cxl } from './cxl_rig.ts';
import { advice, assess, systemRam } from './imagine.ts';
import { DAX, devdax, ext4, rmapbt } from './rig.ts';
import {
  addFile,
  addMapper,
  addMount,
  addPin,
  DEVICE,
  found,
  MIB,
  PIPE,
  removeDevice,
  settle,
  type Machine,
} from './support.ts';

function standing(made: Machine): Partial<Assessment> {
  const { state, verdict, waiting_on, hazards, impact, refused } = found(assess(made)[0]);
  return { state, verdict, waiting_on, hazards, impact, refused };
}

test('[AS5] a removal that is stuck is assessed as stuck, with what is dangerous now', () => {
  const { made, mapper } = rmapbt('v7.3', 0, 4);
  mapper();
  const { state, verdict } = removeDevice(made);
  expect([state, verdict]).toEqual(['stuck', 'unsafe']);
  const hazards = ['frozen_file_system', 'kernel_livelock'].map((kind) => ({ kind, count: 1 }));
  const refused = { code: 'removal_in_progress' };
  expect(standing(made)).toMatchObject({ state, verdict, hazards, impact: null, refused });
});

test('[AS5] a range that was left behind is leaked; a reboot heals it', () => {
  const made = systemRam('v6.12', true);
  expect(removeDevice(made, { dax_device: DAX }).verdict).toBe('leaked');
  expect(standing(made)).toMatchObject({
    state: 'completed',
    verdict: 'leaked',
    hazards: [{ kind: 'leaked_range', count: 1 }],
    refused: { code: 'dax_device_not_bound' },
  });
  made.run({ type: 'reboot' });
  expect(standing(made)).toMatchObject({ refused: null });
});

test('[AS5] what a completed removal left is told until nobody reaches it, and its umount is harmless', () => {
  const { made } = devdax('v6.12', { name: DEVICE });
  expect(removeDevice(made).verdict).toBe('contained');
  const nothing = { state: null, verdict: null, waiting_on: [], hazards: [], impact: null };
  expect(standing(made)).toMatchObject({ ...nothing, refused: { code: 'dax_device_not_bound' } });
  const used = ext4('v6.12');
  const { pid } = used.mapper();
  removeDevice(used.made);
  expect(standing(used.made)).toMatchObject({ state: 'completed', verdict: 'exposed' });
  used.made.run({ type: 'exit_process', pid });
  expect(standing(used.made)).toMatchObject({
    state: 'completed',
    verdict: 'contained',
    hazards: [{ kind: 'unsafe_clean_up', count: 1 }],
  });
  used.made.run({ type: 'umount', mount: used.mount, lazy: false });
  const stays = { state: 'completed', verdict: 'contained', hazards: [] };
  expect(standing(used.made)).toMatchObject(stays);
  used.made.run({ type: 'reboot' });
  removeDevice(used.made);
  expect(standing(used.made)).toMatchObject(nothing);
});

test('[AS5] a removal that waits is assessed as waiting; one that runs, as it will end', () => {
  const { made, mapper } = ext4('v5.10');
  const pin = addPin(made, mapper(), PIPE);
  made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
  const waits = {
    state: 'waiting',
    verdict: null,
    waiting_on: [{ pin }],
    hazards: [{ kind: 'unsafe_clean_up' }],
  };
  expect(standing(made)).toMatchObject(waits);
  expect(settle(made).state).toBe('waiting');
  expect(standing(made)).toMatchObject(waits);
  made.run({ type: 'unpin', pin });
  const foreseen = standing(made);
  const advised = advice(made);
  const ended = settle(made);
  expect([foreseen.state, foreseen.verdict]).toEqual([ended.state, ended.verdict]);
  expect(advised.map(({ action }) => action)).toEqual(['clean_up']);
  expect(advice(made)).toEqual(advised);
});

test('[AS5] a device in use, whose sibling on the memdev is stuck, has no removal that began', () => {
  const sibling = 'dax1.0';
  const made = cxl('v7.3', { name: DEVICE, mode: 'fsdax' });
  made.run(create({ region: 'region0' }, { name: sibling, size: 64 * MIB }));
  const mount = addMount(made, { fs_type: 'xfs', rmapbt: true, agcount: 4 });
  addMapper(made, { file: addFile(made, mount.id, '/a') });
  addMapper(made, { dax_device: sibling, touched: 'write' });
  expect(removeDevice(made).state).toBe('stuck');
  const [stuck, neighbour] = assess(made);
  expect(stuck).toMatchObject({ dax_device: DEVICE, state: 'stuck', verdict: 'unsafe' });
  expect(neighbour).toMatchObject({
    dax_device: sibling,
    state: null,
    verdict: null,
    waiting_on: [],
    hazards: [],
    residue: { mappings: 0 },
    blast_radius: { processes: 1 },
    refused: { code: 'removal_in_progress' },
  });
  // An unbind of its driver takes no sibling along: the holders are told of that one.
  const survey = made.ask({ type: 'survey_holders', dax_device: sibling });
  expect(survey).toMatchObject({ state: 'completed', refused: null, residue: { mappings: 0 } });
  const consequences = survey.items.map(({ consequence }) => consequence);
  expect(consequences).not.toContain(null);
});
