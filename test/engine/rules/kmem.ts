import { isRefusal } from '../../../src/engine/model/refusal.ts';
import { hostRecord } from '../../../src/engine/model/transaction.ts';
import { capacityOf } from '../../../src/engine/questions/capacity.ts';
import { spelled } from '../../../src/engine/model/memory_block.ts';
import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { answered, atRest, every, on, shape, touch, type Cells, type Rule } from '../observe.ts';
import {
  blocksOf,
  fill,
  FIRST,
  NONE_ONLINE,
  offlineAll,
  ram,
  rangeOf,
  readAll,
  rebind,
  RECORDED,
  unbind,
  verdict,
  writeState,
  type Ram,
} from '../ram.ts';
import { DAX } from '../rig.ts';
import { addDevice, found, machine, MIB, removeDevice } from '../support.ts';
import type { Refused } from '../refused.ts';
import { KMEM_BLOCK_RULES } from './kmem_blocks.ts';
import { KMEM_WAIT_RULES } from './kmem_waits.ts';

const NEW = ['v6.1', 'v6.12', 'v7.3'] as const;
const LEAKED = 'completed, leaked, 0 signals';
const CLEAN = 'completed, contained, 0 signals';

/** Used memory, then the unbind: the leak that the rows after M66 begin with. */
function leaked(kernel: KernelName): Ram {
  const own = ram(kernel);
  fill(own);
  unbind(own);
  return own;
}

/** The log of a refused bind, without what bus.c adds. */
function log(own: Ram, driver: 'kmem' | 'device_dax'): string {
  const decision = own.made.try({ type: 'bind', dax_device: DAX, driver });
  return isRefusal(decision) ? `${String(decision.errno)}: ${decision.detail.split('; ')[0]!}` : 'ok';
}

function deviceOf({ made }: Ram) {
  return found(made.host.tables.dax_devices.get(DAX));
}

/** The bind of a device that kmem does not like, with the log of its probe. */
function probed(kernel: KernelName, device: { size?: number; target_node?: number }): string {
  const made = machine(kernel);
  addDevice(made, { ...RECORDED, ...device });
  removeDevice(made, { dax_device: DAX });
  const decision = made.try({ type: 'bind', dax_device: DAX, mode: 'system-ram' });
  if (isRefusal(decision)) return `${String(decision.errno)}: ${decision.detail}`;
  const { result, kernel_log } = decision.answer.bind;
  return `${result}: ${kernel_log.join()}, ${String(made.host.tables.memory_ranges.size)} ranges`;
}

/** What bus.c adds to the log of a probe that failed. */
const ADDED = 'kmem: probe of dax0.0 failed with error';
const ADDED_NOW = 'kmem dax0.0: probe with driver kmem failed with error';

/** ENODEV up to v5.10; then the errno of the probe, and from v6.12 on another wording. */
function failedProbes(line: string, error: number, errno: string): Cells {
  const logged = (words: string) => `kmem dax0.0: ${line}${words} ${String(error)}`;
  return every(`ENODEV: ${logged(ADDED)}`, {
    'v6.1': `${errno}: ${logged(ADDED)}`,
    ...on(['v6.12', 'v7.3'], `${errno}: ${logged(ADDED_NOW)}`),
  });
}

const SYSFS_ERRNO = every('ENODEV, ENODEV', on(NEW, 'EBUSY, EBUSY'));

/** dax_kmem: bind, unbind, and what a leak leaves. */
export const KMEM_RULES: readonly Rule[] = [
  {
    rule: 'M61',
    about: 'device 0x101200000-0x13fffffff, memory block 128 MiB: bind kmem',
    act: (kernel) => {
      const own = ram(kernel, { online: NONE_ONLINE });
      const { base_pfn, nr_pages } = rangeOf(own)!;
      const { devices } = capacityOf(own.made.host);
      const cut = devices[0]!.unaligned / MIB;
      return `${spelled(base_pfn, nr_pages)}, ${blocksOf(own)}, ${String(cut)} MiB unused${own.log.join()}`;
    },
    cells: every('0x108000000-0x13fffffff, 7 offline, 110 MiB unused', {
      'v7.3':
        '0x108000000-0x13fffffff, 7 offline, 110 MiB unusedkmem dax0.0: DAX region truncated by 110 MiB due to alignment',
    }),
  },
  {
    rule: 'M62',
    about: 'target_node < 0: bind kmem',
    act: (kernel) => probed(kernel, { target_node: -1 }),
    cells: failedProbes('rejecting DAX region with invalid node: -1; ', -22, 'EINVAL'),
  },
  {
    rule: 'M63',
    about: 'no whole block left after alignment: bind kmem',
    act: (kernel) => probed(kernel, { size: 64 * MIB }),
    cells: {
      ...failedProbes('rejecting DAX region without any memory after alignment; ', -22, 'EINVAL'),
      ...on(
        ['v5.10', 'force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12'],
        'ok: kmem dax0.0: mapping0: 0x101200000-0x1051fffff too small after alignment, 0 ranges',
      ),
    },
  },
  {
    rule: 'M64',
    about: 'bind of a device that has a driver, and one whose probe fails with EBUSY',
    act: (kernel) =>
      `${rebind(ram(kernel), { driver: 'device_dax' })}, ${rebind(leaked(kernel), { driver: 'kmem' })}`,
    cells: SYSFS_ERRNO,
  },
  {
    rule: 'M64',
    about: 'the log has the errno of the probe, whatever sysfs answers',
    act: (kernel) => {
      const decision = leaked(kernel).made.try({ type: 'bind', dax_device: DAX, driver: 'kmem' });
      if (!isRefusal(decision)) return 'ok';
      // Behind the log stands what helps (WAY1).
      return `${String(decision.errno)}: ${decision.detail.split(': its range has leaked')[0]!}`;
    },
    cells: failedProbes('mapping0: 0x108000000-0x13fffffff could not reserve region; ', -16, 'EBUSY'),
  },
  {
    rule: 'M65',
    about: 'blocks never onlined: unbind kmem, bind it again',
    act: (kernel) => {
      const own = ram(kernel, { online: NONE_ONLINE });
      const left = verdict(unbind(own));
      return `${left}; ${deviceOf(own).mem_region}; ${blocksOf(own)}; ${rebind(own, { driver: 'kmem' })}`;
    },
    cells: every(`${CLEAN}; released; none; ok`),
  },
  {
    rule: 'M66',
    about: 'blocks online, in use by a process: unbind kmem',
    act: (kernel) => {
      const own = ram(kernel);
      const owner = fill(own);
      const removal = unbind(own);
      const { mem_region } = deviceOf(own);
      const [, ...lines] = removal.report.kernel_log;
      return `${verdict(removal)}; ${mem_region}; ${readAll(own, owner)}; ${lines.join('; ')}`;
    },
    cells: every(
      `${LEAKED}; leaked; ok; kmem dax0.0: mapping0: 0x108000000-0x13fffffff cannot be hotremoved until the next reboot`,
      {
        'v7.3': `${LEAKED}; leaked; ok; kmem dax0.0: mapping0: 0x108000000-0x13fffffff stuck online until reboot; kmem dax0.0: Hotplug regions stuck online until reboot`,
      },
    ),
  },
  {
    rule: 'M67',
    about: 'blocks online, idle: unbind kmem',
    act: (kernel) => {
      const removal = unbind(ram(kernel));
      return `${verdict(removal)}; ${removal.report.kernel_log[0]!}`;
    },
    cells: every(
      `${LEAKED}; removing memory fails, because memory [0x0000000108000000-0x000000010fffffff] is onlined`,
    ),
  },
  {
    rule: 'M68',
    about: 'after M66: the device has no driver, so daxctl lists a disabled devdax',
    act: (kernel) => {
      const { driver, state } = deviceOf(leaked(kernel));
      return `${String(driver)}, ${state}`;
    },
    cells: every('null, unbound'),
  },
  {
    rule: 'M69',
    about: 'after M66: bind kmem again',
    act: (kernel) => log(leaked(kernel), 'kmem'),
    cells: every('ENODEV: kmem dax0.0: mapping0: 0x108000000-0x13fffffff could not reserve region', {
      ...on(NEW, 'EBUSY: kmem dax0.0: mapping0: 0x108000000-0x13fffffff could not reserve region'),
    }),
  },
  {
    rule: 'M70',
    about: 'after M66: bind device_dax',
    act: (kernel) => log(leaked(kernel), 'device_dax'),
    cells: every('ENODEV: device_dax dax0.0: mapping0: 0x101200000-0x13fffffff could not reserve range', {
      ...on(NEW, 'EBUSY: device_dax dax0.0: mapping0: 0x101200000-0x13fffffff could not reserve range'),
    }),
  },
  {
    rule: 'M71',
    about: 'after M66: daxctl reconfigure-device -m devdax -f',
    act: (kernel) => rebind(leaked(kernel), { mode: 'devdax' }),
    cells: every('ENODEV', on(NEW, 'EBUSY')),
  },
  {
    rule: 'M72',
    about: 'after M66: unbind and bind the parent dax_pmem',
    act: (kernel) => {
      const own = leaked(kernel);
      const removal = unbind(own, { via: 'dax_pmem' });
      const bound = rebind(own, { driver: 'dax_pmem' });
      return `${removal.state}, ${bound}, driver ${String(deviceOf(own).driver)}`;
    },
    cells: every('completed, ok, driver null'),
  },
  {
    rule: 'M73',
    about: 'after M66: ndctl destroy-namespace -f, then create-namespace -m fsdax',
    act: (kernel) => {
      const own = leaked(kernel);
      const removal = unbind(own, { via: 'ndctl_destroy_namespace' });
      return `${removal.state}, ${rebind(own, { mode: 'fsdax' })}, ${deviceOf(own).mem_region}`;
    },
    cells: every('completed, ENODEV, leaked', on(NEW, 'completed, EBUSY, leaked')),
  },
  {
    rule: 'M74',
    about: 'after M66: reboot',
    act: (kernel) => {
      const own = leaked(kernel);
      own.made.run({ type: 'reboot' });
      const { mode, state, mem_region } = deviceOf(own);
      return `${mode} ${state} ${mem_region}, ${String(capacityOf(own.made.host).leaked)} leaked`;
    },
    cells: every('devdax bound requested, 0 leaked'),
  },
  {
    rule: 'M75',
    about: 'blocks offlined first: where the pages are, unbind kmem, data, bind again',
    act: (kernel) => {
      const own = ram(kernel);
      const owner = fill(own);
      const offline = offlineAll(own.made);
      const left = `${offline}, ${shape(own.made, owner)}; ${verdict(unbind(own))}`;
      return `${left}; ${readAll(own, owner)}; ${rebind(own, { driver: 'kmem' })}`;
    },
    cells: every(`ok, 1024 anon; ${CLEAN}; ok; ok`),
  },
  {
    rule: 'M77',
    about: 'some blocks online, some offline: unbind kmem',
    act: (kernel) => {
      const own = ram(kernel, { online: [[FIRST + 3, 'online_movable']] });
      return `${verdict(unbind(own))}; ${blocksOf(own)}`;
    },
    cells: every(`${LEAKED}; 3 offline, 1 online_movable Movable, 3 offline`),
  },
  {
    rule: 'M86',
    about: 'unbind kmem with blocks online, and no parameter asked for',
    act: (kernel) => verdict(unbind(ram(kernel))),
    cells: every(LEAKED),
  },
  {
    rule: 'FU10',
    about: 'system-ram is not coordinated: the range leaks, offline by hand gives it back to nobody',
    act: (kernel) => {
      const own = leaked(kernel);
      return `${offlineAll(own.made)}, ${rebind(own, { driver: 'kmem' })}`;
    },
    cells: { 'force-unmap': 'ok, ENODEV' },
  },
  {
    rule: 'FU11',
    about: 'kmem_memory_failure: early policy, the others at their next touch, nothing leaks',
    act: (kernel) => {
      const own = ram(kernel, { host: { proposed: { kmem_memory_failure: true } } });
      const early = fill(own, { mce_kill: 'early' });
      const late = fill(own);
      const removal = unbind(own);
      const signals = `${atRest(removal, early.pid)} / ${atRest(removal, late.pid)}`;
      const later = `${touch(own.made, late, 'read')}, ${rebind(own, { driver: 'kmem' })}`;
      return `${String(removal.verdict)}; ${signals}; ${later}; ${touch(own.made, late, 'read')}`;
    },
    cells: {
      'force-unmap': 'contained; AO lsb 12 x1024 / none; SIGBUS BUS_MCEERR_AR, ok; SIGBUS BUS_MCEERR_AR',
    },
  },
  {
    rule: 'M87',
    about: 'distribution build: default of auto_online_blocks',
    act: (kernel) => String(hostRecord(machine(kernel).host).auto_online_blocks),
    cells: every('offline', on(['v6.12', 'v7.3'], 'online')),
  },
  {
    rule: 'M88',
    about: 'auto_online_blocks=online: the kernel was first, nothing is left to online as movable',
    act: (kernel) => {
      const own = ram(kernel, { host: { auto_online_blocks: 'online' }, online: NONE_ONLINE });
      return `${blocksOf(own)}; ${writeState(own.made, FIRST, 'online_movable')}`;
    },
    cells: every('7 online Normal; EINVAL'),
  },
  {
    rule: 'M91',
    about: 'system-ram with online blocks: ndctl disable-namespace; with all offline',
    act: (kernel) => {
      const own = ram(kernel);
      const disable = { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' } as const;
      const busy = answered(own.made, { ...disable, via: 'ndctl_disable_namespace' });
      offlineAll(own.made);
      return `${busy}, ${verdict(unbind(own, { via: 'ndctl_disable_namespace' }))}`;
    },
    cells: every(`EBUSY, ${CLEAN}`),
  },
  {
    rule: 'M92',
    about: 'soft-reserved device and pmem device of kmem after a boot, where nobody chooses',
    act: (kernel) => {
      const made = machine(kernel);
      addDevice(made, { name: 'dax1.0', mode: 'devdax', provider: 'hmem', size: 256 * MIB, target_node: 1 });
      addDevice(made, { ...RECORDED, mode: 'system-ram' });
      made.run({ type: 'reboot' });
      const drivers = [...made.host.tables.dax_devices.values()].map(({ driver }) => driver);
      return `${drivers.join(', ')}; ${String(made.host.tables.memory_ranges.size)} ranges`;
    },
    cells: every('device_dax, device_dax; 0 ranges', on(['v6.12', 'v7.3'], 'kmem, device_dax; 1 ranges')),
  },
  {
    rule: 'M149',
    about: 'system-ram: daxctl disable-device',
    act: (kernel) =>
      answered(ram(kernel).made, {
        ...{ type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' },
        via: 'daxctl_disable_device',
      }),
    cells: every('ENXIO'),
  },
  {
    rule: 'M150',
    about: 'devdax: daxctl offline-memory, online-memory',
    act: (kernel) => {
      const made = machine(kernel);
      addDevice(made, RECORDED);
      const types = ['offline_memory', 'online_memory'] as const;
      return types.map((type) => answered(made, { type, dax_device: DAX })).join(', ');
    },
    cells: every('ENXIO, ENXIO'),
  },
  {
    rule: 'M151',
    about: 'system-ram: daxctl offline-memory, and again',
    act: (kernel) => {
      const { made } = ram(kernel);
      const { memory } = made.run({ type: 'offline_memory', dax_device: DAX });
      return `${String(memory.written)} offline, ${answered(made, { type: 'offline_memory', dax_device: DAX })}`;
    },
    cells: every('7 offline, tool_refused'),
  },
  ...KMEM_BLOCK_RULES,
  ...KMEM_WAIT_RULES,
];

export const KMEM_REFUSED: readonly Refused[] = [
  {
    rule: 'M78',
    reason: 'a device has one range here: several ranges of a dynamic dax region are not modelled',
  },
  {
    rule: 'M79',
    reason: 'what the kernel itself puts into a block is not modelled: no page of it is unmovable for good',
  },
  { rule: 'M89', reason: 'bind is what `daxctl -f` does: what the tool says without it has no request' },
  { rule: 'M90', reason: 'bind is what `daxctl -f` does: what the tool says without it has no request' },
  { rule: 'M93', reason: 'size and create of a dax region have no request' },
  { rule: 'M94', reason: 'size and delete of a dax device have no request' },
  {
    rule: 'M148',
    reason: 'the attribute memmap_on_memory has no request: struct pages come from other memory',
  },
];
