import type { DaxDevice, Host } from './model/host.ts';
import { deviceOf, mountsOfDevice, must, pinsOfDevice, usersOf } from './model/lookup.ts';
import { nameInSysfs } from './model/name_in_sysfs.ts';
import { isOnDaxBus } from './model/vocabulary.ts';
import { NO_IMPACT } from './questions/impact.ts';
import { mayLetGo } from './questions/lets_go.ts';
import type { PlanAction, PlannedCommand, PlanStep } from './questions/plan_record.ts';
import type { RemedyCommand } from './questions/remedies.ts';
import type { Call } from './questions/call.ts';
import { hasBegun } from './questions/standing.ts';

const ACTIONS: { readonly [Type in RemedyCommand['type']]: PlanAction } = {
  exit_process: 'stop_process',
  umount: 'umount',
  thaw: 'thaw',
  unpin: 'drop_pin',
  patch_memory_block: 'offline_memory_blocks',
};

/**
 * The steps of what is done before removals, as the host is before it: one for each process, mount and pin, so that each
 * says which devices it concerns; the memory blocks of a device are one.
 */
export function stepsOf(
  host: Host,
  devices: readonly string[],
  commands: readonly RemedyCommand[],
  why: string,
): PlanStep[] {
  return together(commands).map((calls): PlanStep => {
    const [first] = calls;
    const concerned = devices
      .map((name) => deviceOf(host, name))
      .filter((each) => concerns(host, first, each));
    return {
      action: ACTIONS[first.type],
      command: typed(host, first),
      calls,
      why: `${why}${insteadOf(host, first, concerned)}`,
      before: concerned.filter((device) => !hasBegun(device)).map(({ name }) => name),
      cost: {
        ...NO_IMPACT,
        processes_killed: first.type === 'exit_process' ? 1 : 0,
        simulated_kernel_cost: null,
      },
    };
  });
}

/** What a process may do instead of being ended; an administrator has kill(1) alone (ADV16). */
function insteadOf(host: Host, command: RemedyCommand, concerned: readonly DaxDevice[]): string {
  if (command.type !== 'exit_process') return '';
  const { pid } = command;
  if (!concerned.every((device) => mayLetGo(host, device, pid))) return '';
  return `; or it unmaps and closes itself what it has of ${concerned.map(({ name }) => name).join(', ')}`;
}

/** Whether a plan does a call that cleans up: it binds nothing (PLAN10). */
export function isPlanned(call: Call): call is Call & RemedyCommand {
  return call.type in ACTIONS;
}

type Calls = readonly [first: RemedyCommand, ...others: RemedyCommand[]];

function together(commands: readonly RemedyCommand[]): Calls[] {
  const blocks = commands.filter(({ type }) => type === 'patch_memory_block');
  const others = commands.filter(({ type }) => type !== 'patch_memory_block');
  const [first, ...more] = blocks;
  return [
    ...(first === undefined ? [] : [[first, ...more] as const]),
    ...others.map((each) => [each] as const),
  ];
}

function concerns(host: Host, command: RemedyCommand, device: DaxDevice): boolean {
  switch (command.type) {
    case 'exit_process':
      return usersOf(host, device).some(({ pid }) => pid === command.pid);
    case 'umount':
    case 'thaw':
      return mountsOfDevice(host, device.name).some(({ id }) => id === command.mount);
    case 'unpin':
      return pinsOfDevice(host, device.name).some(({ id }) => id === command.pin);
    case 'patch_memory_block':
      return device.name === command.dax_device;
  }
}

/**
 * What an administrator types for it; null where nothing that is typed does it, or the name that is typed is not known.
 * Source: the disk of nd_pmem is a child of the device that the driver is bound to (drivers/nvdimm/pmem.c
 * pmem_attach_disk(), device_add_disk()); the dax bus has `unbind` of each driver (drivers/dax/bus.c).
 */
export function typed(host: Host, command: PlannedCommand): string | null {
  switch (command.type) {
    case 'exit_process':
      return `kill ${String(command.pid)}`;
    case 'umount':
      return `umount ${pathOf(host, command.mount)}`;
    case 'thaw':
      return `fsfreeze -u ${pathOf(host, command.mount)}`;
    case 'unpin':
      return null;
    case 'patch_memory_block':
      return offlineOf(deviceOf(host, command.dax_device));
    case 'remove_dax_device':
      return command.trigger === 'unbind' ? unbindOf(deviceOf(host, command.dax_device)) : null;
  }
}

function pathOf(host: Host, mount: string): string {
  return quoted(must(host.tables.mounts.get(mount), mount).path);
}

function offlineOf({ name, mode }: DaxDevice): string | null {
  const shown = nameInSysfs(name, mode);
  return shown === null ? null : `daxctl offline-memory ${shown}`;
}

function unbindOf({ name, mode }: DaxDevice): string | null {
  const shown = nameInSysfs(name, mode);
  if (shown === null) return null;
  if (isOnDaxBus(mode)) {
    const driver = mode === 'system-ram' ? 'kmem' : 'device_dax';
    return `echo ${shown} > /sys/bus/dax/drivers/${driver}/unbind`;
  }
  const bound = `/sys/block/${shown}/device`;
  return `basename "$(readlink -f ${bound})" > ${bound}/driver/unbind`;
}

/** A path as a POSIX shell takes it for one word; names of devices are words. */
function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
