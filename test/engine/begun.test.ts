import { expect, test } from 'vitest';
import { asItStands, beginsRemovals } from '../../src/engine/begun.ts';
import { DEVICE, addDevice, machine } from './support.ts';

test('a command that begins no removal is answered as it was', () => {
  const made = machine('v6.1');
  addDevice(made);
  const command = { type: 'patch_dax_device', dax_device: DEVICE, tenant: 'a' } as const;
  const answer = made.run(command);
  made.run({ ...command, tenant: 'b' });
  expect(beginsRemovals(command)).toBe(false);
  expect(asItStands(made.host, command.type, answer)).toBe(answer);
});
