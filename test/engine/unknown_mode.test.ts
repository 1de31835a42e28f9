import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import { addDevice, addMount, addProcess, DEVICE, found, machine, MIB, type Machine } from './support.ts';
import { importing } from './importing.ts';

const DAX = 'dax0.0';
const UNKNOWN: ImportedDevice = {
  name: DAX,
  mode: 'unknown',
  mode_as_listed: 'famfs',
  size: 1073741824,
  state: 'bound',
  change: 'created',
};

function list(made: Machine, ...devices: readonly ImportedDevice[]): string {
  return made.run(importing(devices));
}

function famfs(): Machine {
  const made = machine('v6.12');
  list(made, UNKNOWN);
  return made;
}

const deviceIn = (made: Machine) => found(made.host.tables.dax_devices.get(DAX));

const VERBS: readonly Command[] = [
  { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' },
  { type: 'remove_dax_device', dax_device: DAX, trigger: 'surprise_removal' },
  { type: 'record_hotplug_event', dax_device: DAX, action: 'orderly_removal' },
  { type: 'record_hotplug_event', dax_device: DAX, action: 'replace' },
  { type: 'bind', dax_device: DAX, mode: 'devdax' },
  { type: 'create_mount', dax_device: DAX, fs_type: 'ext4', mountpoint: '/mnt' },
  { type: 'create_mapping', dax_device: DAX, pid: 1, offset: 0, length: 2097152 },
  { type: 'memory_failure', dax_device: DAX, offset: 0, length: 4096, source: 'mce' },
  { type: 'clear_errors', dax_device: DAX, offset: 0, length: 4096 },
  { type: 'patch_memory_block', dax_device: DAX, block: 0, state: 'offline' },
  { type: 'patch_dax_device', dax_device: DAX, kmem_state: 'online' },
] as readonly Command[];

describe('[IMP45] a device in a mode that is not modelled', () => {
  test.each(VERBS)('refuses $type, naming the word', (verb) => {
    const made = famfs();
    const pid = addProcess(made);
    expect(made.try(verb.type === 'create_mapping' ? { ...verb, pid } : verb)).toMatchObject({
      code: 'outcome_unknown',
      detail: `${DAX} is listed in mode famfs, which is not modelled`,
    });
  });

  test('is there as listed, is patched, stays over a reboot, and is deleted', () => {
    const made = famfs();
    const listed = {
      mode: 'unknown',
      mode_as_listed: 'famfs',
      driver: null,
      state: 'bound',
      size: 1073741824,
    };
    expect(deviceIn(made)).toMatchObject(listed);
    made.run({
      type: 'patch_dax_device',
      dax_device: DAX,
      tenant: 'a',
      labels: { rack: 'r1' },
      holders: 'told',
    });
    made.run({ type: 'reboot' });
    expect(deviceIn(made)).toMatchObject({ ...listed, tenant: 'a', labels: { rack: 'r1' } });
    made.run({ type: 'delete_dax_device', dax_device: DAX });
    expect(made.host.tables.dax_devices.size).toBe(0);
  });

  test('has questions answered so', () => {
    const made = famfs();
    const refused = { code: 'outcome_unknown' };
    expect(made.ask({ type: 'survey_holders', dax_device: DAX })).toMatchObject({ items: [], refused });
    expect(made.ask({ type: 'assess_removals' })).toMatchObject([{ mode: 'unknown', refused }]);
    const asked = {
      type: 'compare_removals',
      dax_device: DAX,
      trigger: 'unbind',
      kernels: ['v6.12'],
    } as const;
    expect(made.tryAsk(asked)).toMatchObject(refused);
  });

  test('becomes what a later listing says, another one as after any change of mode', () => {
    const made = machine('v6.12');
    addDevice(made, { name: DAX, mode: 'devdax', size: 1073741824 });
    list(made, { ...UNKNOWN, change: 'updated' });
    expect(deviceIn(made)).toMatchObject({ mode: 'unknown', driver: null, generation: 2 });
    const { mode_as_listed: _word, ...known } = UNKNOWN;
    list(made, { ...known, mode: 'devdax', change: 'updated' });
    expect(deviceIn(made)).toMatchObject({
      mode: 'devdax',
      mode_as_listed: null,
      driver: 'device_dax',
      generation: 3,
    });
  });

  test('is left out while it is in use in a mode that is', () => {
    const made = machine('v6.12');
    addDevice(made);
    addMount(made);
    const listed = { ...UNKNOWN, name: DEVICE, size: 64 * MIB, change: 'updated' } as const;
    expect(JSON.parse(list(made, listed, UNKNOWN))).toMatchObject({
      devices: [{ name: DAX }],
      skipped: [{ name: DEVICE, reason: 'refused' }],
    });
    expect(found(made.host.tables.dax_devices.get(DEVICE)).mode).toBe('fsdax');
  });
});
