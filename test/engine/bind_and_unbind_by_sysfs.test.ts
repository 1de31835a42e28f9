import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { answered } from './observe.ts';
import { ram } from './ram.ts';
import { DAX, devdax, ext4 } from './rig.ts';
import { DEVICE, removeDevice, type Machine } from './support.ts';

const TYPED: readonly KernelName[] = ['v6.12', 'v7.3'];

function bind(made: Machine, driver: 'kmem' | 'device_dax' | 'nd_pmem', dax_device = DAX): string {
  return answered(made, { type: 'bind', dax_device, driver });
}

function unbind(
  made: Machine,
  via?: 'kmem' | 'device_dax' | 'nd_pmem' | 'dax_pmem',
  dax_device = DAX,
): string {
  const written = { type: 'remove_dax_device', dax_device, trigger: 'unbind' } as const;
  return answered(made, via === undefined ? written : { ...written, via });
}

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test('[S41] a second unbind answers ENODEV, and so does that of a driver that never had the device', () => {
    const { made } = ext4(kernel);
    expect(unbind(made, 'device_dax', DEVICE)).toBe('ENODEV');
    expect(unbind(made, 'dax_pmem', DEVICE)).toBe('ENODEV');
    removeDevice(made);
    expect([unbind(made, 'nd_pmem', DEVICE), unbind(made, undefined, DEVICE)]).toEqual(['ENODEV', 'ENODEV']);
  });

  test('[S41] of a dax device likewise, each driver asked', () => {
    const { made } = devdax(kernel);
    expect([unbind(made, 'kmem'), unbind(made, 'nd_pmem')]).toEqual(['ENODEV', 'ENODEV']);
    removeDevice(made, { dax_device: DAX, via: 'device_dax' });
    expect([unbind(made, 'device_dax'), unbind(made, 'kmem')]).toEqual(['ENODEV', 'ENODEV']);
    removeDevice(made, { dax_device: DAX, via: 'dax_pmem' });
    expect(unbind(made, 'dax_pmem')).toBe('ENODEV');
  });

  test('[S41] of memory that leaked at the first unbind likewise', () => {
    const { made } = ram(kernel);
    expect(removeDevice(made, { dax_device: DAX, via: 'kmem' }).state).toBe('completed');
    expect([unbind(made, 'kmem'), unbind(made)]).toEqual(['ENODEV', 'ENODEV']);
  });

  test('[S49] kmem takes a pmem that daxctl never gave to it at no time, and device_dax always', () => {
    const { made } = devdax(kernel);
    expect(bind(made, 'kmem')).toBe('ENODEV');
    removeDevice(made, { dax_device: DAX });
    expect([bind(made, 'kmem'), bind(made, 'device_dax')]).toEqual(['ENODEV', 'ok']);
  });

  test('[S49] once daxctl has given it to kmem, sysfs binds it again', () => {
    const { made } = ram(kernel, { online: [] });
    removeDevice(made, { dax_device: DAX });
    expect(bind(made, 'device_dax')).toBe('ok');
    removeDevice(made, { dax_device: DAX });
    expect(bind(made, 'kmem')).toBe('ok');
  });

  test('[S42] of a pmem daxctl disable-device leaves what sysfs binds', () => {
    const { made } = devdax(kernel);
    removeDevice(made, { dax_device: DAX, via: 'daxctl_disable_device' });
    expect(bind(made, 'device_dax')).toBe('ok');
  });

  test('[S42] soft-reserved memory that daxctl disabled is bound through sysfs up to v6.1, by daxctl always', () => {
    const { made } = devdax(kernel, { provider: 'hmem' });
    removeDevice(made, { dax_device: DAX, via: 'daxctl_disable_device' });
    const again = TYPED.includes(kernel) ? 'ENODEV' : 'ok';
    expect(bind(made, 'device_dax')).toBe(again);
    if (again === 'ok') removeDevice(made, { dax_device: DAX, via: 'daxctl_disable_device' });
    expect(answered(made, { type: 'bind', dax_device: DAX, via: 'daxctl_enable_device' })).toBe('ok');
  });

  test('[S42] a plain unbind leaves the id', () => {
    const { made } = devdax(kernel, { provider: 'hmem' });
    removeDevice(made, { dax_device: DAX, via: 'device_dax' });
    expect(bind(made, 'device_dax')).toBe('ok');
  });

  test('[S42] no id outlives a reboot', () => {
    const { made } = ram(kernel, { online: [] });
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'reboot' });
    expect(bind(made, 'kmem')).toBe('ENODEV');
  });

  test('[S48] where nothing is bound there is no node to mount', () => {
    const { made } = ext4(kernel);
    removeDevice(made);
    const mount = {
      type: 'create_mount',
      dax_device: DEVICE,
      path: '/mnt/b',
      fs_type: 'xfs',
      dax: 'always',
    } as const;
    expect(answered(made, { ...mount, mkfs: true })).toBe('ENOENT');
  });
});
