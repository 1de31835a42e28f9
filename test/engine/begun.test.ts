import { expect, test } from 'vitest';
import { begunBy, withBegun } from '../../src/engine/begun.ts';
import { DEVICE, addDevice, machine } from './support.ts';

test('an answer that tells no removal has begun none, and stays as it is', () => {
  const made = machine('v6.1');
  addDevice(made);
  const answer = made.run({ type: 'patch_dax_device', dax_device: DEVICE, tenant: 'a' });
  expect(begunBy(answer)).toEqual([]);
  expect(withBegun(answer, (removal) => ({ ...removal, state: 'stuck' }))).toBe(answer);
});
