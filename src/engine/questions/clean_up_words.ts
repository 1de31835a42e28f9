import { factsOf } from '../kernels/of_host.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { filesOfDevice } from '../model/lookup.ts';
import type { Call, Met } from './call.ts';
import type { Played } from './clean_up_orders.ts';

/** Processes that words name. */
export const NAMED_MAX = 10;

/** A call, as an administrator says it. */
export function callWords(host: Host, call: Call): string {
  switch (call.type) {
    case 'exit_process':
      return `end process ${String(call.pid)}`;
    case 'munmap':
      return `process ${String(host.tables.mappings.get(call.mapping)!.pid)} unmaps ${call.mapping}`;
    case 'close_file':
      return `process ${String(host.tables.open_files.get(call.open_file)!.pid)} closes ${call.open_file}`;
    case 'unpin':
      return `drop ${call.pin}`;
    case 'umount':
      return `umount ${host.tables.mounts.get(call.mount)!.path}`;
    case 'thaw':
      return `thaw ${host.tables.mounts.get(call.mount)!.path}`;
    case 'bind':
      return `bind ${call.dax_device}`;
    case 'remove_dax_device':
      return `unbind ${call.dax_device}`;
    case 'record_hotplug_event':
      return `put the medium of ${call.dax_device} back`;
  }
}

/** Calls in their order; of many processes the first are named. */
export function orderWords(host: Host, calls: readonly Call[]): string {
  const ends = calls.filter(({ type }) => type === 'exit_process');
  const few = calls.filter((call) => call.type !== 'exit_process' || ends.indexOf(call) < NAMED_MAX);
  const more = ends.length - NAMED_MAX;
  const told = few.map((call) =>
    ends.indexOf(call) === NAMED_MAX - 1 && more > 0
      ? `${callWords(host, call)} and ${String(more)} more`
      : callWords(host, call),
  );
  return told.join(', ');
}

/** An order up to the call that is not ok. */
export function failsWords(host: Host, order: readonly Met[]): string {
  const calls = order.map(({ call }) => call);
  return `${orderWords(host, calls)}: ${order.at(-1)!.words}`;
}

/** Why an order is none: the call that is not ok, else what is left behind it. */
export function notCleanWords(host: Host, { met, left }: Played): string {
  const last = met.at(-1);
  return last === undefined || last.does === 'ok' ? left! : failsWords(host, met);
}

/**
 * Recorded is a bind before all else, of the medium that has been there all along, and then the eviction of inodes that
 * have a name, by the last user of a detached file system or by umount.
 */
export function howSure(host: Host, { name }: DaxDevice, calls: readonly Call[]): string {
  const recorded =
    factsOf(host).eviction.bound_again === 'recorded' &&
    calls[0]!.type === 'bind' &&
    filesOfDevice(host, name).every(({ state }) => state === 'linked');
  return recorded ? 'recorded on this kernel' : 'by the source, not recorded';
}
