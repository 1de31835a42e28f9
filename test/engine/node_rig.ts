import type { DaxDevice } from '../../src/engine/model/host.ts';
import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { DAX, devdax } from './rig.ts';
import { addProcess, found, MIB, outcomeOf, removeDevice, returned, type Machine } from './support.ts';

export const MAP = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;
const OPEN = { type: 'open_file', dax_device: DAX, flags: ['rdwr'] } as const;

/** What a call is answered: an errno, a code, or the result of its outcome; `ok` where it made something. */
function said(decision: Refusal | { readonly answer: object | null }): string {
  if (isRefusal(decision)) return decision.errno ?? decision.code;
  const answer = decision.answer as { readonly result?: string } | null;
  return answer?.result ?? 'ok';
}

/** A machine with a device-dax, and what is done to its node. */
export function node(kernel: KernelName) {
  const { made } = devdax(kernel, { size: 512 * MIB });
  const cdev = () => daxOf(made).cdevs;
  return {
    made,
    cdev,
    refs: () => cdev().find(({ instance }) => instance === daxOf(made).instance)?.refs,
    opener: (pid = addProcess(made)) => ({ pid, open_file: returned(made.run({ ...OPEN, pid })).id }),
    open: (pid = addProcess(made)) => said(made.try({ ...OPEN, pid })),
    map: (pid = addProcess(made)) => said(made.try({ type: 'create_mapping', dax_device: DAX, pid, ...MAP })),
    mapBy: ({ pid, open_file }: { pid: number; open_file: string }, how: object = {}) =>
      said(made.try({ type: 'create_mapping', open_file, pid, ...MAP, ...how })),
    close: ({ open_file }: { open_file: string }) => outcomeOf(made.run({ type: 'close_file', open_file })),
    kill: (pid: number) => said(made.try({ type: 'exit_process', pid })),
    bind: (driver: 'device_dax' | 'dax_pmem' = 'device_dax') =>
      said(made.try({ type: 'bind', dax_device: DAX, driver })),
    unbind: (via: 'device_dax' | 'dax_pmem' | 'kmem' = 'device_dax') =>
      removeDevice(made, { dax_device: DAX, trigger: 'unbind', via }),
  };
}

export function daxOf({ host }: Machine): DaxDevice {
  return found(host.tables.dax_devices.get(DAX));
}

/** The id of the newest mapping. */
export function lastMapping({ host }: Machine): string {
  return found([...host.tables.mappings.keys()].at(-1));
}

/** A node that was open over a bind is deleted, and closed: by whom that had it open, and others that are there. */
export function corrupted(kernel: KernelName) {
  const dax = node(kernel);
  const others = [0, 1, 2].map(() => addProcess(dax.made));
  const first = dax.opener();
  const second = dax.opener();
  dax.unbind();
  dax.bind();
  dax.close(second);
  dax.unbind();
  dax.unbind('dax_pmem');
  dax.bind('dax_pmem');
  const outcome = outcomeOf(dax.made.run({ type: 'exit_process', pid: first.pid }));
  return { dax, first, others, outcome };
}
