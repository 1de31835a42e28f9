import { describe, expect, test } from 'vitest';
import type { CreateDaxDevice, RemoveDaxDevice } from '../../src/engine/model/device_command.ts';
import { systemRam } from './imagine.ts';
import { cached, DAX, devdax, ext4, mounted, rmapbt } from './rig.ts';
import { addDevice, addMount, addPin, DEVICE, machine, PIPE, removeDevice, type Machine } from './support.ts';

describe('[COST1] there is no estimate where nothing like it was recorded', () => {
  const reason = (made: Machine, more: Partial<RemoveDaxDevice> = {}) =>
    removeDevice(made, more).report.simulated_kernel_cost.reason;

  test('while it has not ended', () => {
    const { made } = ext4('v6.12');
    made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
    const [removal] = made.host.tables.removals.values();
    expect(removal?.report.simulated_kernel_cost).toMatchObject({
      seconds: null,
      range: null,
      reason: 'the removal has not ended',
    });
  });

  test.each([
    ['no file system', () => machineWith({})],
    ['the page cache', () => cached('v6.12').made],
    ['devdax', () => devdax('v6.12').made],
  ])('%s', (about, make) => {
    const made = make();
    const dax_device = about === 'devdax' ? DAX : DEVICE;
    expect(reason(made, { dax_device })).toBe('no removal of a device used like this was recorded');
  });

  function machineWith(device: Partial<CreateDaxDevice>): Machine {
    const made = machine('v6.12');
    addDevice(made, device);
    return made;
  }

  test('the letter, xfs without rmapbt, two file systems', () => {
    expect(reason(ext4('force-unmap').made)).toMatch(/the cover letter/);
    expect(reason(mounted('v6.12', { mount: { fs_type: 'xfs' } }).made)).toMatch(/recorded on this kernel/);
    const made = machine('v6.12');
    addDevice(made);
    addMount(made, { partition: 1 });
    addMount(made, { partition: 2, path: '/mnt/b' });
    expect(reason(made)).toMatch(/used like this/);
  });

  test('signals where the recordings have none', () => {
    const told = rmapbt('v6.1', 1);
    told.mapper();
    expect(reason(told.made)).toMatch(/with signals/);
    const armed = ext4('force-unmap-v5.12');
    armed.mapper({ mce_kill: 'early' });
    expect(reason(armed.made)).toMatch(/with signals/);
  });

  test('memory that was online, and CXL, have their own', () => {
    const ram = removeDevice(systemRam('v6.12', true), { dax_device: DAX }).report.simulated_kernel_cost;
    expect([ram.workload, ram.range]).toEqual(['system_ram', [0.01, 0.112]]);
    const cxl = machineWith({ provider: 'CXL' });
    const { workload, seconds } = removeDevice(cxl, { via: 'cxl_region' }).report.simulated_kernel_cost;
    expect([workload, seconds]).toEqual(['cxl', 0.09]);
  });

  test('a removal that waits is told without its wait', () => {
    const { made, mapper } = ext4('v5.10');
    addPin(made, mapper(), PIPE);
    const { state, report } = removeDevice(made);
    expect([state, report.simulated_kernel_cost.seconds]).toEqual(['waiting', 0.16]);
  });
});
