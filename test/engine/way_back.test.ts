import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { cxl, device, finishAll, GONE } from './cxl_rig.ts';
import { fill, ram, unbind } from './ram.ts';
import { DAX } from './rig.ts';
import { addDevice, DEVICE, found, machine, removeDevice, type Machine } from './support.ts';

/** What holders and the assessment say of a device that cannot be removed: both the same. */
function refused(made: Machine, dax_device: string): string {
  const survey = made.ask({ type: 'survey_holders', dax_device });
  const [assessed] = made.ask({ type: 'assess_removals', dax_device });
  const { detail } = found(survey.refused ?? undefined);
  // A removal by the bus is refused for the want of a memdev before it is for that of a driver.
  const why = detail.slice(detail.indexOf(': '));
  expect(found(assessed?.refused ?? undefined).detail).toContain(why);
  return detail;
}

function why(made: Machine, command: Command): string {
  const decision = made.try(command);
  if (!isRefusal(decision)) throw new Error(`${command.type} was not refused`);
  return decision.detail;
}

describe('[WAY1] what no driver has says how it comes back', () => {
  test('by a bind, where nothing stands in its way', () => {
    const made = machine('v6.12');
    addDevice(made);
    removeDevice(made);
    expect(refused(made, DEVICE)).toBe('pmem0 is unbound: POST …/bind binds it');
    const map = {
      type: 'create_mapping',
      dax_device: DEVICE,
      offset: 0,
      length: 4096,
      prot: 'r',
      flags: ['shared'],
    };
    made.run({ type: 'create_process', pid: 7, comm: 'late' });
    expect(why(made, { ...map, pid: 7 } as Command)).toBe('the block device is gone: POST …/bind binds it');
  });

  test('by another medium, where it went', () => {
    const made = machine('v6.12');
    addDevice(made);
    removeDevice(made, { trigger: 'surprise_removal' });
    expect(refused(made, DEVICE)).toMatch(/the hotplug events add and replace bring one back$/);
    const mount = { type: 'create_mount', dax_device: DEVICE, path: '/m', fs_type: 'ext4', dax: 'always' };
    expect(why(made, mount as Command)).toMatch(/the hotplug events add and replace bring one back$/);
    made.run({ type: 'record_hotplug_event', dax_device: DEVICE, action: 'replace' });
    expect(refused(made, DEVICE)).toMatch(/POST …\/bind binds it$/);
  });

  test('by a reboot, where its range has leaked: bind says so, too', () => {
    const own = ram('v6.12');
    fill(own);
    unbind(own);
    expect(refused(own.made, DAX)).toMatch(/its range has leaked: POST …\/reboot frees it$/);
    const binding = why(own.made, { type: 'bind', dax_device: DAX });
    expect(binding).toMatch(/could not reserve region; .* error -16: its range has leaked: POST …\/reboot/);
    own.made.run({ type: 'reboot' });
    expect(own.made.host.tables.dax_devices.get(DAX)?.state).toBe('bound');
  });

  test('by its CXL region, where that decodes to nothing', () => {
    const made = cxl('v6.1');
    made.run(GONE);
    finishAll(made);
    expect(refused(made, device(made).name)).toMatch(/program the decoders \(POST …\/cxl-regions\//);
  });

  test('by a listing, where one did not show it', () => {
    const made = machine('v6.12');
    addDevice(made);
    const gone = { name: DEVICE, mode: 'fsdax', size: null, change: 'gone' } as const;
    made.run({ type: 'import_inventory', imported: '', devices: [gone], record: {} });
    expect(refused(made, DEVICE)).toMatch(/the last listing does not show it/);
    made.run({
      type: 'import_inventory',
      imported: '',
      devices: [{ ...gone, size: 2 ** 26, change: 'updated' }],
      record: {},
    });
    removeDevice(made);
  });
});
