import { isRefusal } from '../../../src/engine/model/refusal.ts';
import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { answered, every, on, type Rule } from '../observe.ts';
import {
  fill,
  FIRST,
  offlineAll,
  ram,
  readAll,
  tellNoKernelPages,
  unbind,
  verdict,
  writeState,
  type Ram,
} from '../ram.ts';
import { DAX } from '../rig.ts';
import { addDevice, addPin, FIXED_BUFFER, MIB, PIPE, removeDevice } from '../support.ts';

const NEW = ['v6.1', 'v6.12', 'v7.3'] as const;
const OTHER = 'dax9.0';

/** The offline of a block that does not end, and the unbind of kmem behind it. */
function behindOffline(kernel: KernelName): Ram {
  const own = ram(kernel);
  addPin(own.made, fill(own), PIPE);
  writeState(own.made, FIRST, 'offline');
  unbind(own);
  return own;
}

function bindNow({ made }: Ram, dax_device: string, driver: 'kmem' | 'device_dax' | 'dax_pmem'): string {
  const decision = made.try({ type: 'bind', dax_device, driver });
  if (isRefusal(decision)) return decision.errno ?? decision.code;
  return decision.answer.bind.result;
}

/** Pins and offline; what waits behind the one hotplug lock of the machine. */
export const KMEM_WAIT_RULES: readonly Rule[] = [
  {
    rule: 'M76',
    about: 'online_movable, pinned by io_uring: offline, unbind kmem',
    act: (kernel) => {
      const own = ram(kernel);
      const owner = fill(own);
      addPin(own.made, owner, FIXED_BUFFER);
      return `${offlineAll(own.made)}; ${verdict(unbind(own))}; ${readAll(own, owner)}`;
    },
    cells: every(
      'blocked in offline_pages; waiting, null, 0 signals; ok',
      on(NEW, 'ok; completed, contained, 0 signals; ok'),
    ),
  },
  {
    rule: 'M76',
    about: 'the same in zone Normal, which a longterm pin does not leave',
    act: (kernel) => {
      const own = ram(kernel, { online: [[FIRST, 'online']] });
      tellNoKernelPages(own.made);
      addPin(own.made, fill(own), FIXED_BUFFER);
      return offlineAll(own.made);
    },
    cells: every('blocked in offline_pages'),
  },
  {
    rule: 'M159',
    about: 'while the unbind waits behind the offline: bind kmem, device_dax, dax_pmem',
    act: (kernel) => {
      const own = behindOffline(kernel);
      return (['kmem', 'device_dax', 'dax_pmem'] as const)
        .map((driver) => bindNow(own, DAX, driver))
        .join(', ');
    },
    cells: every('ENODEV, ENODEV, ENODEV', on(NEW, 'blocked, blocked, EBUSY')),
  },
  {
    rule: 'M160',
    about: 'while it waits: whether a listing waits too',
    act: (kernel) => {
      const { made } = behindOffline(kernel);
      const [removal] = [...made.host.tables.removals.values()].slice(-1);
      return String(removal!.steps.find(({ state }) => state === 'waiting')!.result['listing_blocks']);
    },
    cells: every('true', on(['v6.12', 'v7.3'], 'false')),
  },
  {
    rule: 'M161',
    about: 'while it waits: unbind of the parent, which sleeps behind it: here no second removal begins',
    act: (kernel) => {
      const { made } = behindOffline(kernel);
      const remove = { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' } as const;
      return answered(made, { ...remove, via: 'dax_pmem' });
    },
    cells: every('removal_in_progress'),
  },
  {
    rule: 'M162',
    about: 'while an offline waits: another block, unbind of other memory, hot-add of other memory',
    act: (kernel) => {
      const own = ram(kernel);
      const other = { mode: 'system-ram', size: 256 * MIB, phys_addr: '0x800000000' } as const;
      addDevice(own.made, { name: OTHER, ...other });
      addPin(own.made, fill(own), PIPE);
      writeState(own.made, FIRST, 'offline');
      const block = writeState(own.made, FIRST + 1, 'offline');
      const removal = removeDevice(own.made, { dax_device: OTHER });
      addDevice(own.made, { name: 'dax8.0', ...other, phys_addr: '0x900000000', state: 'unbound' });
      return `${block}, ${removal.state}, ${bindNow(own, 'dax8.0', 'kmem')}`;
    },
    cells: every('blocked in lock_device_hotplug_sysfs, waiting, blocked'),
  },
];
