import { isRefusal } from '../../src/engine/model/refusal.ts';
import { describe, expect, test } from 'vitest';
import type { DaxDevice } from '../../src/engine/model/host.ts';
import { cached, DAX, devdax, ext4, mounted, rmapbt } from './rig.ts';
import {
  addDevice,
  addFile,
  addMount,
  addPin,
  addProcess,
  DEVICE,
  emptyMachine,
  found,
  machine,
  MIB,
  PIPE,
  processOf,
  removeDevice,
  settle,
  type Machine,
} from './support.ts';
import { importing as listing } from './importing.ts';
import { answered } from './observe.ts';
import { fill, offlineAll, ram } from './ram.ts';
import type { Table } from '../../src/engine/model/table.ts';

function device(made: Machine, name = DEVICE): DaxDevice {
  return found(made.host.tables.dax_devices.get(name));
}

function importing(made: Machine, ...devices: Parameters<typeof listing>[0]): string {
  return answered(made, listing(devices));
}

const LISTED = { name: DEVICE, mode: 'fsdax', size: 64 * MIB, change: 'updated' } as const;

describe('a host', () => {
  test('is made with defaults, and changed', () => {
    const made = emptyMachine('v6.12');
    made.run({ type: 'create_host', name: 'h', kernel: 'v6.12' });
    made.run({ type: 'patch_host', sysctl: { memory_failure_early_kill: 1 }, labels: { rack: 'a' } });
    const { sysctl, labels, auto_online_blocks } = found(made.host.tables.hosts.get('h'));
    expect([sysctl.memory_failure_early_kill, labels, auto_online_blocks]).toEqual([
      1,
      { rack: 'a' },
      'online',
    ]);
  });

  test.each(['devdax_memory_failure', 'kmem_memory_failure'] as const)(
    'has the proposed parameter %s on force-unmap only',
    (wish) => {
      const proposed = { [wish]: true };
      const other = machine('v6.12');
      expect(answered(other, { type: 'patch_host', proposed })).toBe('invalid_field');
      expect(
        answered(emptyMachine('v5.10'), { type: 'create_host', name: 'h', kernel: 'v5.10', proposed }),
      ).toBe('invalid_field');
      const letter = machine('force-unmap');
      letter.run({ type: 'patch_host', proposed });
      letter.run({ type: 'reboot' });
      expect(found(letter.host.tables.hosts.get('h')).proposed[wish]).toBe(true);
      letter.run({ type: 'reboot', kernel: 'v5.10' });
      expect(found(letter.host.tables.hosts.get('h')).proposed[wish]).toBe(false);
    },
  );

  test('is deleted with all its records, also after removals that ended', () => {
    const { made, mapper } = ext4('v6.1');
    mapper();
    removeDevice(made);
    made.run({ type: 'delete_host' });
    expect([...Object.values(made.host.tables)].map((records: Table<unknown>) => records.size)).toEqual(
      Object.keys(made.host.tables).map(() => 0),
    );
    expect(made.host.entries.size).toBe(0);
  });

  test.each([
    ['v5.10', 'waiting', 'contained'],
    ['v7.3', 'stuck', 'exposed'],
    ['v6.1', 'completed', 'exposed'],
  ] as const)('rebooted on %s ends a removal that is %s', (kernel, state, verdict) => {
    const { made, mapper } = rmapbt(kernel, 0, 4);
    const one = mapper();
    mapper({}, '/b');
    if (state === 'waiting') addPin(made, one, PIPE);
    expect(removeDevice(made).state).toBe(state);
    made.run({ type: 'reboot', kernel: 'v6.12' });
    const removal = settle(made);
    expect([removal.state, removal.verdict, device(made).state]).toEqual(['completed', verdict, 'bound']);
    expect([made.host.tables.hosts.get('h')?.kernel, made.host.tables.mappings.size]).toEqual(['v6.12', 0]);
  });

  test('rebooted leaves a device without its medium, and one that is gone, unbound', () => {
    const made = machine('v6.1');
    addDevice(made);
    addDevice(made, { name: 'pmem1' });
    removeDevice(made, { trigger: 'surprise_removal' });
    importing(made, { ...LISTED, name: 'pmem1', change: 'gone' });
    made.run({ type: 'reboot' });
    expect(['pmem0', 'pmem1'].map((name) => [device(made, name).state, device(made, name).driver])).toEqual([
      ['unbound', null],
      ['unbound', null],
    ]);
    expect(made.host.tables.hosts.get('h')?.kernel).toBe('v6.1');
  });
});

describe('a device', () => {
  test('is made unbound, with a map of its own', () => {
    const made = machine('v6.1');
    addDevice(made, { state: 'unbound', map: 'mem' });
    const { state, driver, dax_alive, pgmap_state, mem_region, map } = device(made);
    expect([state, driver, dax_alive, pgmap_state, mem_region, map]).toEqual([
      'unbound',
      null,
      false,
      'none',
      'released',
      'mem',
    ]);
  });

  test('is deleted with its files and file systems; others keep theirs', () => {
    const { made, mount, file } = ext4('v6.1');
    file();
    addDevice(made, { name: 'pmem1' });
    const other = addMount(made, { dax_device: 'pmem1', path: '/mnt/b' });
    addFile(made, other.id, '/b');
    made.run({ type: 'umount', mount, lazy: false });
    made.run({ type: 'patch_dax_device', dax_device: DEVICE, tenant: 'a' });
    expect(device(made).tenant).toBe('a');
    made.run({ type: 'delete_dax_device', dax_device: DEVICE });
    expect([...made.host.tables.files.values()].map(({ dax_device }) => dax_device)).toEqual(['pmem1']);
    expect(made.host.tables.file_systems.size).toBe(1);
  });

  test.each([
    ['fsdax', 'raw', null],
    ['fsdax', 'sector', null],
    ['raw', 'devdax', 'dev'],
    ['raw', 'fsdax', 'dev'],
    ['raw', 'sector', null],
  ] as const)('of mode %s bound as %s has its struct pages on %s', (from, mode, map) => {
    const made = machine('v6.1');
    addDevice(made, { mode: from });
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE, mode });
    expect(device(made)).toMatchObject({ map, align: mode === 'devdax' ? 2 * MIB : null });
  });

  test('is bound under a given driver of its own mode', () => {
    const made = machine('v6.1');
    addDevice(made);
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE, driver: 'nd_pmem' });
    expect(device(made).driver).toBe('nd_pmem');
  });

  test('is bound while its removal waits: the write to bind blocks', () => {
    const { made, mapper } = ext4('v5.10');
    addPin(made, mapper(), PIPE);
    removeDevice(made);
    const bind = { type: 'bind', dax_device: DEVICE } as const;
    expect([made.run(bind).bind.result, made.run(bind).bind.result]).toEqual(['blocked', 'blocked']);
    expect(device(made).conditions).toHaveLength(1);
  });
});

describe('an inventory', () => {
  test.each([
    ['a device nobody knew', { ...LISTED, name: 'pmem1', change: 'created' }, 'bound'],
    ['a device without a size', { ...LISTED, name: 'pmem1', size: null }, undefined],
    ['a device that is gone and was not known', { ...LISTED, name: 'pmem1', change: 'gone' }, undefined],
  ] as const)('creates or skips %s', (_what, listed, state) => {
    const made = machine('v6.1');
    addDevice(made);
    expect(importing(made, listed)).toBe('ok');
    expect(made.host.tables.dax_devices.get('pmem1')?.state).toBe(state);
  });

  test('[IMP2] gives a device that does not fit where it is listed a place of its own', () => {
    const made = machine('v6.1');
    addDevice(made, { phys_addr: '0x100000000' });
    expect(importing(made, { ...LISTED, name: 'pmem1', phys_addr: '0x100000000' })).toBe('ok');
    addDevice(made, { name: 'pmem2', phys_addr: '0x200000000' });
    expect(importing(made, { ...LISTED, name: 'pmem2', phys_addr: '0x100000000' })).toBe('ok');
    const of = (name: string) => made.host.tables.dax_devices.get(name);
    expect([of('pmem0'), of('pmem1'), of('pmem2')].map((own) => own?.phys_addr)).toEqual([
      '0x100000000',
      null,
      null,
    ]);
  });

  test('moves a device that nobody uses, keeps its size where it lists none, and unbinds and binds it', () => {
    const made = machine('v6.1');
    addDevice(made, { phys_addr: '0x100000000' });
    addDevice(made, { name: 'pmem1' });
    expect(importing(made, { ...LISTED, size: null, phys_addr: '0x300000000' })).toBe('ok');
    expect([device(made).base_pfn, device(made).size]).toEqual([0x300000, 64 * MIB]);
    expect(importing(made, { ...LISTED, phys_addr: null })).toBe('ok');
    importing(made, { ...LISTED, state: 'unbound' });
    expect([device(made).state, device(made).pgmap_state]).toEqual(['unbound', 'none']);
    importing(made, { ...LISTED, state: 'unbound' });
    importing(made, { ...LISTED, state: 'bound' });
    expect([device(made).state, device(made).pgmap]).toEqual(['bound', 2]);
    importing(made, { ...LISTED, mode: 'devdax' });
    expect([device(made).driver, device(made).pgmap, device(made).generation]).toEqual(['device_dax', 3, 2]);
  });

  test('leaves a device that is being removed as it is', () => {
    const { made, mapper } = ext4('v5.10');
    addPin(made, mapper(), PIPE);
    removeDevice(made);
    expect(importing(made, LISTED)).toBe('ok');
    expect(device(made).state).toBe('removing');
  });

  test('frees the range of a device that is gone', () => {
    const made = machine('v6.1');
    addDevice(made, { phys_addr: '0x100000000' });
    importing(made, { ...LISTED, change: 'gone' });
    addDevice(made, { name: 'pmem1', phys_addr: '0x100000000' });
    expect(device(made, 'pmem1').state).toBe('bound');
  });
});

describe('a hotplug event', () => {
  const event = { type: 'record_hotplug_event', dax_device: DEVICE } as const;

  test.each(['surprise_removal', 'orderly_removal'] as const)(
    '%s starts a removal of that trigger',
    (action) => {
      const made = machine('v6.1');
      addDevice(made);
      made.run({ ...event, action });
      expect(settle(made)).toMatchObject({ trigger: action, state: 'completed' });
    },
  );

  test.each([
    ['add', {}, { tenant: 'a', media_serial: 's1', generation: 1, size: 64 * MIB }],
    [
      'add',
      { media: { size: 32 * MIB } },
      { tenant: 'a', media_serial: 's1', generation: 1, size: 32 * MIB },
    ],
    ['replace', {}, { tenant: null, media_serial: null, generation: 2, size: 64 * MIB }],
    [
      'replace',
      { media: { media_serial: 's2' }, tenant: 'b' },
      { tenant: 'b', media_serial: 's2', generation: 2, size: 64 * MIB },
    ],
  ] as const)('%s of a medium %j', (action, more, expected) => {
    const made = machine('v6.1');
    addDevice(made, { tenant: 'a', media_serial: 's1' });
    removeDevice(made, { trigger: 'surprise_removal' });
    made.run({ ...event, action, ...more });
    expect(device(made)).toMatchObject({ state: 'unbound', media_present: true, ...expected });
  });
});

describe('the holders of a device', () => {
  const survey = (made: Machine, name = DEVICE) =>
    made
      .ask({ type: 'survey_holders', dax_device: name })
      .items.map(({ kind, consequence }) => `${kind} ${consequence}`);

  test('memory that migrated, or that nobody has touched yet, goes on', () => {
    const own = ram('v6.12');
    fill(own);
    fill(own, { touched: 'none' });
    const process = 'process survives';
    const mappings = ['mapping survives', 'mapping survives'];
    expect(survey(own.made, DAX)).toEqual([process, process, ...mappings, 'memory_block survives']);
    offlineAll(own.made);
    expect(survey(own.made, DAX)).toEqual([process, process, ...mappings, 'memory_block forced']);
  });

  test.each([
    [
      'v5.10',
      [
        'mount forced',
        'file forced',
        'process survives',
        'process survives',
        'mapping survives',
        'mapping survives',
        'pin blocks',
      ],
    ],
    [
      'force-unmap',
      [
        'mount forced',
        'file forced',
        'process survives',
        'process killed',
        'mapping forced',
        'mapping forced',
        'pin blocks',
      ],
    ],
    [
      'v6.1',
      [
        'mount forced',
        'file forced',
        'process survives',
        'process survives',
        'mapping survives',
        'mapping survives',
        'pin survives',
      ],
    ],
  ] as const)('on %s are told what becomes of them, and nothing changes', (kernel, expected) => {
    const { made, mapper } = ext4(kernel);
    addPin(made, mapper(), PIPE);
    mapper({ sigbus: 'default' });
    expect(survey(made)).toEqual(expected);
    expect([device(made).state, made.host.tables.removals.size]).toEqual(['bound', 0]);
  });

  test('[HOLD2] are told where no removal could start, too', () => {
    const { made } = ext4('v6.1');
    removeDevice(made);
    expect(isRefusal(made.tryAsk({ type: 'survey_holders', dax_device: DEVICE }))).toBe(false);
    expect(made.tryAsk({ type: 'survey_holders', dax_device: 'pmem9' })).toMatchObject({
      code: 'dax_device_not_found',
    });
  });
});

describe('a waiting removal', () => {
  test('goes on when the last pin is gone, not before', () => {
    const { made, mapper } = devdax('v5.10');
    const pins = [mapper(), mapper()].map((one) => addPin(made, one, PIPE));
    const bystander = addProcess(made);
    removeDevice(made, { dax_device: DAX });
    made.run({ type: 'exit_process', pid: bystander });
    const states = pins.map((pin) => {
      made.run({ type: 'unpin', pin });
      return settle(made).state;
    });
    expect(states).toEqual(['waiting', 'completed']);
  });

  test('blocks the task that unbinds until it is over; one that ended stays so', () => {
    const { made, mapper } = devdax('v5.10');
    const pin = addPin(made, mapper(), PIPE);
    const by_pid = addProcess(made);
    removeDevice(made, { dax_device: DAX, by_pid });
    expect(processOf(made, by_pid).state).toBe('blocked');
    made.run({ type: 'unpin', pin });
    settle(made);
    expect(processOf(made, by_pid).state).toBe('running');
  });

  test('is not held up by the task that unbinds being killed by it', () => {
    const { made, mapper } = ext4('force-unmap');
    const { pid } = mapper({ sigbus: 'default' });
    expect(removeDevice(made, { by_pid: pid }).state).toBe('completed');
    expect(processOf(made, pid).state).toBe('dead');
  });
});

describe('a new file system', () => {
  test('on one partition is a new generation of the device; its neighbour lives on', () => {
    const { made, mount } = mounted('v6.1', { mount: { partition: 1 } });
    const other = addMount(made, { partition: 2, path: '/mnt/b' });
    made.run({ type: 'umount', mount, lazy: false });
    addMount(made, { partition: 1, path: '/mnt/c' });
    const systems = [...made.host.tables.file_systems.values()];
    // The one that was made over is gone, unmounted and on no medium.
    expect(systems.map(({ generation, partition }) => [partition, generation])).toEqual([
      [2, 2],
      [1, 2],
    ]);
    expect(found(made.host.tables.mounts.get(other.id)).partition).toBe(2);
  });

  test('mounted again with dax=inode keeps the flag of each file', () => {
    const { made, mount } = mounted('v6.1', { mount: { dax: 'inode' } });
    const [flagged, plain] = [addFile(made, mount, '/a', MIB, true), addFile(made, mount, '/b', MIB, false)];
    made.run({ type: 'umount', mount, lazy: false });
    addMount(made, { dax: 'inode', mkfs: false });
    expect([flagged, plain].map((id) => made.host.tables.files.get(id)?.dax)).toEqual([true, false]);
  });

  test('takes files of no length, which may be mapped beyond their end', () => {
    const { made, file } = cached('v6.1');
    const id = file('/empty', 0);
    const map = { type: 'create_mapping', offset: 0, length: 4096, flags: ['shared'], prot: 'r' } as const;
    expect(made.host.tables.files.get(id)?.extents).toEqual([]);
    expect(answered(made, { ...map, pid: addProcess(made), file: id })).toBe('ok');
  });
});
