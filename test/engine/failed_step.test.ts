import { expect, test } from 'vitest';
import { addDevice, DEVICE, machine, settle } from './support.ts';

const FAILED = { type: 'advance_removal', failed: true } as const;

test('[UNK13] a removal whose step failed rests before it, and is tried again as any that rests', () => {
  const made = machine('v6.12');
  addDevice(made);
  const { id } = made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
  const rests = made.run({ ...FAILED, removal: id });
  expect(rests).toMatchObject({ state: 'undetermined', verdict: 'undetermined', depends_on: [] });
  expect(rests.steps.map(({ state, result }) => [state, 'failed' in result]).slice(0, 2)).toEqual([
    ['pending', true],
    ['pending', false],
  ]);
  made.run({ type: 'patch_host', labels: { seen: 'yes' } });
  expect(settle(made)).toMatchObject({ state: 'completed' });
});

test('[UNK13] one that has ended meanwhile stays as it ended', () => {
  const made = machine('v6.12');
  addDevice(made);
  const { id } = made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
  const ended = settle(made);
  expect(made.run({ ...FAILED, removal: id })).toEqual(ended);
});
