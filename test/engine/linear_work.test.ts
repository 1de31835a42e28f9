import { describe, expect, test } from 'vitest';
import { foresee } from '../../src/engine/foresee.ts';
import { anonymousMappingsOf, blocksAt, mappingsOfPid, pfnOf } from '../../src/engine/model/lookup.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { begin, remove, rollback } from '../../src/engine/model/transaction.ts';
import { emptyHost } from '../../src/engine/model/apply.ts';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import type { File, Host } from '../../src/engine/model/host.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { countSet } from './copied.ts';
import { countSteps } from './counted.ts';
import { crowd, FEW, growth, MANY } from './crowd.ts';
import { mounted } from './rig.ts';
import {
  access,
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  addProcess,
  DEVICE,
  machine,
  mappingOf,
  MIB,
  outcomeOf,
  PAGE,
  PIPE,
  processOf,
  removeDevice,
  steadyContext,
  type Machine,
} from './support.ts';

describe('work grows with the records it concerns, not with their square:', () => {
  test.each([false, true])('exit of a process with many mappings, pinned: %s', (pinned) => {
    const factor = growth((mappings) => {
      const { made, pids } = crowd(mappings, 'one', { pinned });
      const [pid] = pids;
      return countSteps(made.host, () => made.run({ type: 'exit_process', pid: pid! }));
    });
    expect(factor).toBeLessThan(5);
  });

  test('exit of a process with many mappings of a file that was unlinked', () => {
    const factor = growth((mappings) => {
      const { made, pids } = crowd(mappings, 'one');
      const [file] = made.host.tables.files.keys();
      made.run({ type: 'unlink', file: file! });
      const steps = countSteps(made.host, () => made.run({ type: 'exit_process', pid: pids[0]! }));
      expect(made.host.tables.files.size).toBe(0);
      return steps;
    });
    expect(factor).toBeLessThan(5);
  });

  test('an access that is served asks for nothing else that its process has', () => {
    const steps = (mappings: number) => {
      const { made, pids, mappings: all } = crowd(mappings, 'one', { pinned: true });
      const [file] = made.host.tables.files.keys();
      for (let at = 0; at < mappings; at += 1)
        made.run({ type: 'open_file', pid: pids[0]!, file: file!, flags: ['rdonly'] });
      return countSteps(made.host, () => access(made, all.at(-1)!, 'write'));
    };
    expect(steps(MANY)).toBe(steps(FEW));
  });

  test('an access that is served looks at no other file of its device', () => {
    const steps = (files: number) => {
      const { made, mapper, mount } = mounted('v6.12', { device: { size: 64 * MIB } });
      for (let at = 0; at < files; at += 1) addFile(made, mount, `/${String(at)}`, PAGE);
      const { mapping } = mapper({ file: addFile(made, mount, '/last', PAGE), length: PAGE, small: true });
      return countSteps(made.host, () => access(made, mapping, 'write'));
    };
    expect(steps(MANY)).toBe(steps(FEW));
  });

  test('exit of a process with many stale mappings after another owner has the device', () => {
    const factor = growth((mappings) => {
      const { made, pids } = crowd(mappings, 'one');
      const [pid] = pids;
      const process = { ...processOf(made, pid!), sigbus: 'handled' } as const;
      made.host.tables.processes.set(String(pid), process);
      removeDevice(made);
      made.run({ type: 'bind', dax_device: DEVICE, tenant: 'b' });
      return countSteps(made.host, () => made.run({ type: 'exit_process', pid: pid! }));
    });
    expect(factor).toBeLessThan(5);
  });

  test.each([false, true])('a removal that kills many processes, pinned: %s', (pinned) => {
    const factor = growth((mappings) => {
      const { made, pids } = crowd(mappings, 'each', { pinned });
      const steps = countSteps(made.host, () => removeDevice(made));
      expect(pids.filter((pid) => processOf(made, pid).state === 'dead')).toHaveLength(mappings);
      return steps;
    });
    expect(factor).toBeLessThan(5);
  });

  test.each([
    ['whose processes live on', 'each', { sigbus: 'handled', pinned: false }],
    ['whose processes live on, pinned', 'each', { sigbus: 'handled', pinned: true }],
    ['that one process maps, which dies at any access', 'one', { fs_type: 'ext4', pinned: false }],
    ['that one process maps, which dies at any access, pinned', 'one', { fs_type: 'ext4', pinned: true }],
  ] as const)('the holders of a device %s', (_whose, by, more) => {
    const factor = growth((mappings) => {
      const { made } = crowd(mappings, by, more);
      return countSteps(made.host, () => made.ask({ type: 'survey_holders', dax_device: DEVICE }));
    });
    expect(factor).toBeLessThan(5);
  });
});

/** Every other page of a file mapped by one process, and pinned, on a device that was then bound again. */
function outlived(mappings: number, options: { readonly pinned: boolean }): { made: Machine; pid: number } {
  const made = machine('v7.3');
  addDevice(made);
  const file = addFile(made, addMount(made, { fs_type: 'xfs' }).id, '/f');
  const pid = addProcess(made);
  made.run({ type: 'open_file', pid: addProcess(made), file, flags: ['rdonly'] });
  for (let at = 0; at < mappings; at += 1) {
    const base = { offset: 2 * at * PAGE, length: PAGE, flags: ['shared'], prot: 'rw' } as const;
    made.run({ type: 'create_mapping', pid, file, ...base, page_size: 4096, populate: 'write' });
    const mapping = [...made.host.tables.mappings.keys()].at(-1)!;
    if (!options.pinned) continue;
    addPin(made, { pid, mapping }, PIPE);
    made.run({ type: 'munmap', mapping });
  }
  removeDevice(made);
  made.run({ type: 'bind', dax_device: DEVICE });
  return { made, pid };
}

/** Ranges of lost references in all records of devices that an exit journals. */
function rangesTold(made: Machine, pid: number): number {
  const before = made.events.length;
  made.run({ type: 'exit_process', pid });
  const puts = made.events.slice(before).flatMap(({ changes }) => changes);
  const told = puts.map((change) => {
    if (change.op !== 'put' || change.kind !== 'dax_devices') return 0;
    return change.record.lost_refs.length + change.record.lost_ptes.length;
  });
  return told.reduce((sum, ranges) => sum + ranges, 0);
}

describe('[S10] [S53] what an exit drops over the folios of the next owner is told once for all of it:', () => {
  test.each([false, true])('pinned: %s', (pinned) => {
    const factor = growth((records) => {
      const { made, pid } = outlived(records, { pinned });
      return rangesTold(made, pid);
    });
    expect(factor).toBe(MANY / FEW);
  });

  test('and what a new file system has taken is looked up once', () => {
    const factor = growth((records) => {
      const { made, pid } = outlived(records, { pinned: false });
      const mount = addMount(made, { path: '/mnt/b' });
      const taker = { small: true, touched: 'write', length: PAGE } as const;
      for (let at = 0; at < records; at += 1)
        addMapper(made, { ...taker, file: addFile(made, mount.id, `/${String(at)}`, PAGE) });
      return countSteps(made.host, () => made.run({ type: 'exit_process', pid }));
    });
    expect(factor).toBeLessThan(5);
  });
});

/** Devices of which each has a file system with a file. */
function mountedDevices(devices: number): Machine {
  const made = machine('v6.12');
  for (let at = 0; at < devices; at += 1) {
    const dax_device = `pmem${String(at)}`;
    addDevice(made, { name: dax_device });
    addFile(made, addMount(made, { dax_device, path: `/mnt/${String(at)}` }).id, '/f');
  }
  return made;
}

describe('what concerns one mounted device does not look at the others:', () => {
  test('an assessment of many', () => {
    const factor = growth((devices) => {
      const { host, ask } = mountedDevices(devices);
      return countSteps(host, () => ask({ type: 'assess_removals' }));
    });
    expect(factor).toBeLessThan(5);
  });

  // After any command what is lost or lazily detached is looked for: once through the mounts and file systems.
  test.each([
    ['holders', { type: 'survey_holders' }],
    ['a comparison of removals', { type: 'compare_removals', trigger: 'unbind', kernels: KERNEL_NAMES }],
  ] as const)('%s of one', (_what, asked) => {
    const steps = [FEW, MANY].map((devices) => {
      const { host, ask } = mountedDevices(devices);
      return countSteps(host, () => ask({ ...asked, dax_device: 'pmem3' }));
    });
    expect(steps[1]! - steps[0]!).toBeLessThan(4 * (MANY - FEW));
  });
});

/** Devices of system RAM side by side, each with a range of memory under its own name. */
function memories(devices: number): Machine {
  const made = machine('v6.12', 0, { auto_online_blocks: 'online_movable' });
  for (let at = 0; at < devices; at += 1)
    addDevice(made, {
      name: `dax${String(at)}.0`,
      mode: 'system-ram',
      provider: 'hmem',
      size: 256 * MIB,
      phys_addr: `0x${(2 ** 36 + at * 256 * MIB).toString(16)}`,
      target_node: 1,
    });
  return made;
}

/** Steps over the tables, and what is put into maps beside them. */
function stepsAndSets(host: Host, work: () => unknown): number {
  let steps = 0;
  const sets = countSet(() => {
    steps = countSteps(host, work);
  });
  return steps + sets;
}

describe('records that go and come again under their ids do not look at the others:', () => {
  test('a reboot of many devices of system RAM', () => {
    const factor = growth((devices) => {
      const { host, run } = memories(devices);
      return stepsAndSets(host, () => run({ type: 'reboot' }));
    });
    expect(factor).toBeLessThan(5);
  });

  test('a listing that counts the blocks of many devices of system RAM otherwise', () => {
    const factor = growth((devices) => {
      const { host, run } = memories(devices);
      const memory_blocks = { online: 1, total: 2, movable: true };
      const listed = [...host.tables.dax_devices.keys()].map((name) => ({
        ...{ name, mode: 'system-ram', provider: 'hmem', size: null, change: 'updated' },
        memory_blocks,
      }));
      const devicesListed = listed as readonly ImportedDevice[];
      return stepsAndSets(host, () =>
        run({ type: 'import_inventory', imported: '', record: {}, devices: devicesListed }),
      );
    });
    expect(factor).toBeLessThan(5);
  });
});

describe('what concerns one mapping looks at one, however many there are:', () => {
  test.each([false, true])('a touch, pinned: %s', (pinned) => {
    const steps = [FEW, MANY].map((records) => {
      const { made, mappings } = crowd(records, 'each', { pinned });
      return countSteps(made.host, () => access(made, mappings[records / 2]!, 'read'));
    });
    expect(steps[1]! - steps[0]!).toBeLessThan(FEW);
  });

  test.each([
    ['oldest', 0, false],
    ['newest', -1, false],
    ['newest, pinned', -1, true],
  ])('the munmap of the %s', (_which, position, pinned) => {
    const steps = [FEW, MANY].map((records) => {
      const { made, mappings } = crowd(records, 'each', { pinned });
      return countSteps(made.host, () => made.run({ type: 'munmap', mapping: mappings.at(position)! }));
    });
    expect(steps[1]! - steps[0]!).toBeLessThan(FEW);
  });
});

describe('what follows a command does not look at removals that have completed:', () => {
  const FIRST_PID = 1001;

  /** A process, beside a device that has changed hands many times. */
  const afterRemovals = (removals: number): Machine => {
    const made = machine('v6.12');
    addDevice(made);
    for (let at = 0; at < removals; at += 1) {
      removeDevice(made);
      made.run({ type: 'bind', dax_device: DEVICE });
    }
    expect(addProcess(made)).toBe(FIRST_PID);
    return made;
  };

  test.each<[string, Command]>([
    ['the end of a process, which may settle what rests', { type: 'exit_process', pid: FIRST_PID }],
    ['a removal', { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' }],
    ['a reboot', { type: 'reboot' }],
  ])('%s', (_what, command) => {
    const steps = [FEW, MANY].map((removals) => {
      const { host } = afterRemovals(removals);
      return countSteps(host, () => foresee(host, command, steadyContext()));
    });
    expect(steps[1]).toBe(steps[0]);
  });
});

describe('look-ups answer in order of creation', () => {
  test.each([
    ['the oldest', [0]],
    ['one of the middle and the newest', [5, 11]],
    ['all', [...Array(12).keys()]],
  ])('also after deletes of %s were undone', (_which, positions) => {
    const { made, pids, mappings } = crowd(12, 'one');
    const pid = pids[0]!;
    const tx = begin(made.host, steadyContext());
    for (const position of positions) remove(tx, 'mappings', mappings[position]!);
    const left = mappings.filter((_id, at) => !positions.includes(at));
    expect(mappingsOfPid(made.host, pid).map(({ id }) => id)).toEqual(left);
    rollback(tx);
    expect([...made.host.tables.mappings.keys()]).toEqual(mappings);
    expect(mappingsOfPid(made.host, pid).map(({ id }) => id)).toEqual(mappings);
  });

  test('the mappings of a file on a device are no anonymous memory', () => {
    const { made } = crowd(1, 'one');
    expect(anonymousMappingsOf(made.host, DEVICE)).toEqual([]);
  });
});

test('[R161] a device says once that its pages have wrong counts, however many mappings were zapped', () => {
  const { made, mapper } = mounted('v7.3', { device: { size: 256 * MIB } });
  const { pid, mapping } = mapper({ touched: 'write', small: true });
  const { file } = mappingOf(made, mapping);
  const again = { offset: 0, length: PAGE, flags: ['shared'], prot: 'rw', page_size: 4096 } as const;
  made.run({ type: 'create_mapping', pid, file: file!, ...again, populate: 'write' });
  removeDevice(made);
  made.run({ type: 'patch_host', auto_online_blocks: 'online_movable' });
  made.run({ type: 'bind', dax_device: DEVICE, mode: 'system-ram', tenant: 'b' });
  addMapper(made, { touched: 'write', dax_device: DEVICE, flags: ['private'], length: 160 * MIB });
  const { kernel_log } = outcomeOf(made.run({ type: 'exit_process', pid }));
  expect(kernel_log.filter((line) => line.includes('Bad page state'))).toHaveLength(61);
  const { conditions } = made.host.tables.dax_devices.get(DEVICE)!;
  expect(conditions.filter(({ type }) => type === 'bad_page_state')).toHaveLength(1);
});

test('the extent of a page is found among many', () => {
  const extents = Array.from({ length: 9 }, (_, at) => ({
    offset: at * 3,
    pfn: 1000 - at * 10,
    nr_pages: 3,
  }));
  const file = { id: 'f1', extents } as unknown as File;
  const host = emptyHost();
  for (let index = 0; index < 27; index += 1)
    expect(blocksAt(host, file, index).extent).toBe(extents[Math.floor(index / 3)]);
  expect(() => pfnOf(host, file, 27)).toThrow('block 27 of f1');
});
