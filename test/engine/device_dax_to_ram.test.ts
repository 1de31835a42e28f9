import { expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { SIGBUS, touch } from './observe.ts';
import { fill, RECORDED, rebind, writeState, FIRST, tellNoKernelPages, type Ram } from './ram.ts';
import { DAX } from './rig.ts';
import { addDevice, addMapper, machine, MIB, removeDevice } from './support.ts';

test.each(KERNEL_NAMES)(
  '[S21] by way of kmem and back an old mapping of the node works again: %s',
  (kernel) => {
    const made = machine(kernel, 0, { auto_online_blocks: 'offline' });
    addDevice(made, RECORDED);
    const own: Ram = { made, log: [] };
    const old = addMapper(made, { dax_device: DAX, length: 2 * MIB, touched: 'write' });
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'bind', dax_device: DAX, mode: 'system-ram' });
    expect(touch(made, old, 'read')).toBe(SIGBUS);
    writeState(made, FIRST, 'online_movable');
    tellNoKernelPages(made);
    made.run({ type: 'exit_process', pid: fill(own).pid });
    expect(writeState(made, FIRST, 'offline')).toBe('ok');
    removeDevice(made, { dax_device: DAX });
    expect(rebind(own, { driver: 'device_dax', mode: 'devdax' })).toBe('ok');
    expect([touch(made, old, 'read'), touch(made, old, 'write')]).toEqual(['ok', 'ok']);
  },
);
