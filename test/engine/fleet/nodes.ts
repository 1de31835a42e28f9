import fc from 'fast-check';
import type { Command } from '../../../src/engine/model/command.ts';
import { MIB, PAGE, type Machine } from '../support.ts';
import { goOn, nth, one, onOne, pick, type Step } from './pick.ts';

/** The device-dax whose node a story is about. */
export const NODE = 'dax0.0';

const PAGES = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;

/** A process that still does something. */
function actor({ host }: Machine, at: number): number | undefined {
  return pick(
    [...host.tables.processes.values()].filter(({ state }) => state === 'running'),
    at,
  )?.pid;
}

function ofActor(command: (pid: number) => Command): fc.Arbitrary<Step> {
  return nth.map((at) => (made) => {
    const pid = actor(made, at);
    return pid === undefined ? null : command(pid);
  });
}

const open = ofActor((pid) => ({ type: 'open_file', pid, dax_device: NODE, flags: ['rdwr'] }));
const map = ofActor((pid) => ({ type: 'create_mapping', pid, dax_device: NODE, ...PAGES }));
const fork = ofActor((pid) => ({ type: 'create_process', comm: 'child', parent_pid: pid }));
const end = ofActor((pid) => ({ type: 'exit_process', pid }));
const come = fc.constant<Step>(() => ({ type: 'create_process', comm: 'comes' }));

const close = onOne(
  (made) => made.host.tables.open_files,
  (open_file) => ({ type: 'close_file', open_file }),
);
const mapAgain = onOne(
  (made) => made.host.tables.open_files,
  (open_file, { host }) => ({
    ...{ type: 'create_mapping', open_file, ...PAGES },
    pid: host.tables.open_files.get(open_file)!.pid,
  }),
);
const unmap = onOne(
  (made) => made.host.tables.mappings,
  (mapping) => ({ type: 'munmap', mapping }),
);

const touch = fc.tuple(nth, fc.constantFrom('read', 'write')).map(
  ([at, kind]): Step =>
    ({ host }) => {
      const mapping = pick(host.tables.mappings.keys(), at);
      return mapping === undefined
        ? null
        : { type: 'access', mapping, offset: 0, length: PAGE, kind: kind as 'read' };
    },
);
const pin = fc.tuple(nth, fc.constantFrom('vmsplice', 'xdp')).map(
  ([at, holder]): Step =>
    ({ host }) => {
      const mapping = pick(host.tables.mappings.values(), at);
      if (mapping === undefined) return null;
      const kind = holder === 'xdp' ? 'longterm' : 'transient';
      const what = { mapping: mapping.id, offset: 0, length: PAGE, kind, holder: holder as 'xdp' } as const;
      return { type: 'create_pin', pid: mapping.pid, ...what };
    },
);
const unpin = onOne(
  (made) => made.host.tables.pins,
  (id) => ({ type: 'unpin', pin: id }),
);

const bind = fc
  .constantFrom(
    ...([{ driver: 'device_dax' }, { driver: 'device_dax' }, { driver: 'dax_pmem' }] as const),
    ...([{ mode: 'devdax' }, { mode: 'system-ram' }] as const),
  )
  .map(
    (how): Step =>
      () => ({ type: 'bind', dax_device: NODE, ...how }),
  );
const unbind = fc
  .constantFrom('device_dax', 'device_dax', 'device_dax', 'dax_pmem', 'kmem', 'daxctl_disable_device')
  .map(
    (via): Step =>
      () => ({ type: 'remove_dax_device', dax_device: NODE, trigger: 'unbind', via: via as 'kmem' }),
  );
/** The bus takes it away, and brings it back. */
const plug = fc.constantFrom('surprise_removal', 'add').map(
  (action): Step =>
    () => ({ type: 'record_hotplug_event', dax_device: NODE, action: action as 'add' }),
);
const boot = fc.constant<Step>(() => ({ type: 'reboot' }));
/** What kmem adds stays offline, and goes with its unbind. */
const offline = fc.constant<Step>(() => ({ type: 'patch_host', auto_online_blocks: 'offline' }));

const rest = Array.from({ length: 8 }, () => goOn);

/** The life of a node: who opens, maps, forks and closes it, over binds and unbinds that run to their end, or not. */
export const nodeSteps: fc.Arbitrary<Step[]> = fc.oneof(
  { weight: 5, arbitrary: one(open) },
  { weight: 2, arbitrary: one(map) },
  { weight: 2, arbitrary: one(mapAgain) },
  { weight: 3, arbitrary: one(close) },
  { weight: 1, arbitrary: one(unmap) },
  { weight: 1, arbitrary: one(fork) },
  { weight: 2, arbitrary: one(end) },
  { weight: 2, arbitrary: one(come) },
  { weight: 4, arbitrary: one(bind) },
  { weight: 5, arbitrary: unbind.map((step) => [step, ...rest]) },
  { weight: 1, arbitrary: one(unbind) },
  { weight: 1, arbitrary: one(fc.constant(goOn)) },
  { weight: 1, arbitrary: plug.map((step) => [step, ...rest]) },
  { weight: 1, arbitrary: one(boot) },
  { weight: 1, arbitrary: one(touch) },
  { weight: 1, arbitrary: one(pin) },
  { weight: 1, arbitrary: one(unpin) },
  { weight: 1, arbitrary: one(offline) },
);
