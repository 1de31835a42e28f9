import { factsOf } from '../kernels/of_host.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import type { CleanUpCall, Met } from './clean_up.ts';

/** Processes that are named. */
const NAMED_MAX = 10;

/** A call, as an administrator says it. */
export function callWords(host: Host, call: CleanUpCall): string {
  switch (call.type) {
    case 'exit_process':
      return `end process ${String(call.pid)}`;
    case 'umount':
      return `umount ${host.tables.mounts.get(call.mount)!.path}`;
    case 'bind':
      return `bind ${call.dax_device}`;
    case 'record_hotplug_event':
      return `put the medium of ${call.dax_device} back`;
  }
}

/** Calls in their order; of many processes the first are named. */
export function orderWords(host: Host, calls: readonly CleanUpCall[]): string {
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

/** Recorded is a bind before all else, of the medium that has been there all along. */
export function howSure(host: Host, { media_present }: DaxDevice, isBoundFirst: boolean): string {
  const recorded = factsOf(host).eviction.bound_again === 'recorded' && isBoundFirst && media_present;
  return recorded ? 'recorded on this kernel' : 'by the source, not recorded';
}
