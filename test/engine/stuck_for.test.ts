import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { adviceOn } from '../../src/engine/questions/assess.ts';
import { importing } from './importing.ts';
import { corrupted, MAP, node } from './node_rig.ts';
import { DAX, ext4, rmapbt } from './rig.ts';
import { addDevice, addProcess, DEVICE, removeDevice, returned, type Machine } from './support.ts';

const OTHER = 'dax1.0';

/** Somebody maps what he has opened of another device while that had no driver: no grace period of dax_srcu ends (S17). */
function strand(made: Machine): void {
  addDevice(made, { name: OTHER, mode: 'devdax', size: 512 * 2 ** 20 });
  const open = { type: 'open_file', dax_device: OTHER, flags: ['rdwr'] } as const;
  made.run({ ...open, pid: addProcess(made) });
  removeDevice(made, { dax_device: OTHER, via: 'device_dax' });
  const pid = addProcess(made);
  const { id: open_file } = returned(made.run({ ...open, pid }));
  made.run({ type: 'create_mapping', open_file, pid, ...MAP });
}

const told = (made: Machine, name: string) =>
  adviceOn(made.host, name).map(({ action, detail }) => `${action}: ${detail}`);
const NEVER = (name: string, stuck = 'dax_srcu') =>
  `reboot: no removal of ${name} returns any more once it is bound again, for what the host has stuck (${stuck}) until a reboot`;

describe.each(KERNEL_NAMES)(
  '[ADV18] a device without a driver says what the host has stuck: %s',
  (kernel) => {
    test.each(['device_dax', 'dax_pmem'] as const)('it would be bound for good, unbound by %s', (via) => {
      const dax = node(kernel);
      dax.unbind(via);
      expect(told(dax.made, DAX)).toEqual([]);
      strand(dax.made);
      expect(told(dax.made, DAX)).toEqual([NEVER(DAX)]);
      expect(told(dax.made, OTHER)).toEqual([NEVER(OTHER)]);
      const { advice } = dax.made.ask({ type: 'survey_holders', dax_device: DAX });
      expect(advice).toMatchObject([{ action: 'reboot', calls: [{ type: 'reboot' }] }]);
      const { left } = dax.made.ask({ type: 'plan_removals', trigger: 'unbind', dax_devices: [DAX] });
      expect(left).toMatchObject([{ not_cleaned_up: NEVER(DAX).replace('reboot: ', '') }]);
      dax.made.run({ type: 'reboot' });
      expect(told(dax.made, DAX)).toEqual([]);
    });

    test('nothing more is told of the host (CDEV2)', () => {
      const { dax } = corrupted(kernel);
      addDevice(dax.made, { name: OTHER, mode: 'devdax' });
      dax.made.run(
        importing([{ name: OTHER, mode: 'devdax', size: null, change: 'updated', state: 'unbound' }]),
      );
      expect(told(dax.made, OTHER)).toEqual([
        expect.stringMatching(/^reboot: bind dax1.0: not known .* \(cdev_lock\) until a reboot$/),
      ]);
    });
  },
);

test('[ADV18] [S32] its bind would not return', () => {
  const { made, mapper } = ext4('v7.3');
  const { pid } = mapper({ small: true });
  removeDevice(made);
  addDevice(made, { name: OTHER, mode: 'devdax' });
  removeDevice(made, { dax_device: OTHER });
  expect(told(made, OTHER)).toEqual([]);
  made.run({ type: 'exit_process', pid });
  expect(told(made, OTHER)).toEqual([
    'reboot: bind dax1.0: does not return from synchronize_rcu_normal, for what the host has stuck (rcu) until a reboot',
  ]);
});

test('[ADV18] not where no bind serves anyhow, nor for another superblock', () => {
  const dax = node('v6.12');
  strand(dax.made);
  dax.made.run(importing([{ name: DAX, mode: 'unknown', size: null, change: 'updated', state: 'unbound' }]));
  expect(told(dax.made, DAX)).toEqual([]);
  const { made, mapper, mount } = ext4('v6.12');
  const { pid } = mapper();
  addDevice(made, { name: OTHER, mode: 'devdax' });
  for (const dax_device of [DEVICE, OTHER]) removeDevice(made, { dax_device });
  made.run({ type: 'exit_process', pid });
  made.run({ type: 'umount', mount, lazy: false });
  expect(made.host.tables.hosts.get('h')?.stuck).toEqual(['s_umount']);
  expect(told(made, OTHER)).toEqual([]);
});

test('[ADV18] [ADV10] a clean-up that binds it leads nowhere; behind one that does not comes the reboot', () => {
  const binds = ext4('v6.12');
  binds.mapper();
  removeDevice(binds.made);
  strand(binds.made);
  expect(told(binds.made, DEVICE)).toEqual([NEVER(DEVICE)]);
  const plain = rmapbt('v6.12');
  plain.mapper();
  removeDevice(plain.made);
  strand(plain.made);
  expect(told(plain.made, DEVICE)).toEqual([expect.stringMatching(/^clean_up: /), NEVER(DEVICE)]);
});
