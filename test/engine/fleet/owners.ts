import fc from 'fast-check';
import type { Command } from '../../../src/engine/model/command.ts';
import {
  BIND_VIAS,
  CXL_DRIVERS,
  CXL_REMOVE_VIAS,
  DRIVERS,
  KNOWN_MODES,
  HOTPLUG_ACTIONS,
  MEMORY_BLOCK_STATES,
  MEMORY_FAILURE_SOURCES,
  REMOVE_TRIGGERS,
  REMOVE_VIAS,
} from '../../../src/engine/model/vocabulary.ts';
import { importing } from '../importing.ts';
import { MIB, type Machine } from '../support.ts';
import { byte, deviceName, goOn, nth, one, pick, size, tenant, type Step } from './pick.ts';

const trigger = fc.constantFrom(...REMOVE_TRIGGERS);
const mode = fc.constantFrom(null, ...KNOWN_MODES);

/** What is done to a device, whichever it is. */
type Act = (dax_device: string) => Command;

const removal = fc.tuple(trigger, rarely(REMOVE_VIAS)).map(
  ([how, via]): Act =>
    (dax_device) => ({
      type: 'remove_dax_device',
      dax_device,
      trigger: how,
      ...(via === null ? {} : { via }),
    }),
);

const binding = fc
  .record({ to: mode, owner: fc.option(tenant), driver: rarely(DRIVERS), via: rarely(BIND_VIAS) })
  .map(({ to, owner, driver, via }): Act => {
    const other = {
      ...(to === null ? {} : { mode: to }),
      ...(owner === null ? {} : { tenant: owner }),
      ...(driver === null ? {} : { driver }),
      ...(via === null ? {} : { via }),
    };
    return (dax_device) => ({ type: 'bind', dax_device, ...other });
  });

const medium = fc.record({
  media_serial: fc.constantFrom('0x1', '0x2'),
  size: fc.constantFrom(8 * MIB, 16 * MIB, 256 * MIB),
});

/** Mostly none of them. */
function rarely<Way>(ways: readonly Way[]): fc.Arbitrary<Way | null> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(...ways) },
  );
}

/** What an event may bring: a removal nothing, `add` a medium, `replace` one with its owner. */
const plug = fc
  .record({ action: fc.constantFrom(...HOTPLUG_ACTIONS, 'add', 'replace'), media: medium, owner: tenant })
  .map(({ action, media, owner }): Act => {
    const event = { type: 'record_hotplug_event', action: action as 'add' } as const;
    const brought = action === 'replace' ? { media, tenant: owner } : action === 'add' ? { media } : {};
    return (dax_device) => ({ ...event, dax_device, ...brought });
  });

const mkfs = fc.constantFrom('ext4', 'xfs').map(
  (fs_type): Act =>
    (dax_device) => ({
      type: 'create_mount',
      dax_device,
      path: `/mnt/next/${dax_device}/${fs_type}`,
      fs_type: fs_type as 'xfs',
      dax: 'always',
      mkfs: true,
    }),
);

function stepOf(act: fc.Arbitrary<Act>): fc.Arbitrary<Step> {
  return fc.tuple(deviceName, act).map(
    ([dax_device, command]): Step =>
      () =>
        command(dax_device),
  );
}

/** Goes on with a removal that runs; where none does, with any: that changes nothing. */
const advanceStep: fc.Arbitrary<Step> = nth.map((at) => ({ host }) => {
  const all = [...host.tables.removals.values()];
  const running = all.filter(({ state }) => state === 'running');
  const removal = pick(running.length > 0 ? running : all, at);
  return removal === undefined ? null : { type: 'advance_removal', removal: removal.id };
});

const deviceRecordStep = fc
  .record({
    name: deviceName,
    to: tenant,
    shown: fc.constantFrom('fsdax', 'devdax'),
    change: fc.constantFrom('patched', 'updated', 'gone'),
  })
  .map(({ name, to, shown, change }): Step => {
    if (change === 'patched') return () => ({ type: 'patch_dax_device', dax_device: name, tenant: to });
    const device = { name, mode: shown as 'fsdax', size: null, change: change as 'gone' };
    return () => importing([device]);
  });

/** The number of a memory block of the device, or of none. */
function blockOf({ host }: Machine, dax_device: string, at: number): number {
  const range = host.tables.memory_ranges.get(dax_device);
  if (range === undefined) return at;
  const block_pages = range.block_bytes / 4096;
  return range.base_pfn / block_pages + (at % (range.nr_pages / block_pages));
}

const memoryBlockStep = fc
  .tuple(fc.constantFrom('dax2.0', 'dax1.0'), nth, fc.constantFrom(...MEMORY_BLOCK_STATES, 'offline'))
  .map(
    ([dax_device, at, state]): Step =>
      (made) => ({
        type: 'patch_memory_block',
        dax_device,
        block: blockOf(made, dax_device, at),
        state: state as 'offline',
      }),
  );

/** daxctl online-memory and offline-memory. */
const memoryStep = fc.tuple(fc.constantFrom('dax2.0', 'dax1.0'), fc.boolean(), fc.boolean()).map(
  ([dax_device, on, no_movable]): Step =>
    () =>
      on ? { type: 'online_memory', dax_device, no_movable } : { type: 'offline_memory', dax_device },
);

const clearStep = fc.tuple(deviceName, byte, size).map(
  ([dax_device, offset, length]): Step =>
    () => ({ type: 'clear_errors', dax_device, offset, length }),
);

const memoryFailureStep = fc
  .record({
    dax_device: deviceName,
    offset: byte,
    length: size,
    source: fc.constantFrom(...MEMORY_FAILURE_SOURCES),
  })
  .map(
    (fields): Step =>
      () => ({ type: 'memory_failure', ...fields }),
  );

/** The first memdev or region, if there is one. */
function onFirst(table: 'cxl_memdevs' | 'cxl_regions', command: (id: string) => Command): Step {
  return ({ host }) => {
    const [first] = host.tables[table].keys();
    return first === undefined ? null : command(first);
  };
}

const bindMemdev = fc
  .constantFrom(...CXL_DRIVERS)
  .map((driver) => onFirst('cxl_memdevs', (memdev) => ({ type: 'bind_cxl_memdev', memdev, driver })));

/** By the memdevs that are there. */
const commitRegion: Step = (made) => {
  const memdevs = [...made.host.tables.cxl_memdevs.values()].filter(({ state }) => state !== 'gone');
  const ids = memdevs.map(({ id }) => id);
  return onFirst('cxl_regions', (region) => ({ type: 'commit_cxl_region', region, memdevs: ids }))(made);
};
const bindRegion = onFirst('cxl_regions', (region) => ({ type: 'bind_cxl_region', region }));

const removeMemdev = fc
  .tuple(trigger, fc.constantFrom(...CXL_REMOVE_VIAS))
  .map(([how, via]) =>
    onFirst('cxl_memdevs', (memdev) => ({ type: 'remove_cxl_memdev', memdev, trigger: how, via })),
  );
const removeRegion: Step = () => ({
  type: 'remove_dax_device',
  dax_device: 'dax1.0',
  trigger: 'unbind',
  via: 'cxl_region',
});
const rest = Array.from({ length: 16 }, () => goOn);

/** memdev → region: pulled, bound again, programmed again. */
const cxlStep: fc.Arbitrary<Step> = fc.oneof(
  removeMemdev,
  bindMemdev,
  fc.constantFrom(commitRegion, bindRegion),
);

/** A device-dax becomes memory that daxctl brings online, and takes offline again. */
const memorySteps: fc.Arbitrary<Step[]> = fc
  .array(memoryStep, { minLength: 1, maxLength: 3 })
  .map((steps) => [
    () => ({ type: 'remove_dax_device', dax_device: 'dax1.0', trigger: 'unbind' }),
    ...rest,
    () => ({ type: 'patch_host', auto_online_blocks: 'offline' }),
    () => ({ type: 'bind', dax_device: 'dax1.0', mode: 'system-ram' }),
    () => ({ type: 'online_memory', dax_device: 'dax1.0' }),
    ...steps,
  ]);

/** The whole chain down, and up again as far as it was. */
const chainSteps: fc.Arbitrary<Step[]> = fc
  .tuple(fc.oneof(removeMemdev, fc.constant(removeRegion)), fc.array(bindMemdev, { maxLength: 2 }))
  .map(([removed, memdevs]) => [
    ...[removed, ...rest, ...memdevs, commitRegion, bindRegion],
    (): Command => ({ type: 'bind', dax_device: 'dax1.0' }),
  ]);

const hostStep = fc.tuple(fc.constantFrom(0, 1), fc.boolean(), fc.boolean()).map(
  ([early, restart, wished]): Step =>
    ({ kernel }) =>
      restart
        ? { type: 'reboot' }
        : {
            type: 'patch_host',
            sysctl: { memory_failure_early_kill: early },
            ...(kernel === 'force-unmap'
              ? { proposed: { devdax_memory_failure: wished, kmem_memory_failure: wished } }
              : {}),
          },
);

/** umount -l of what is mounted from the device. */
function detach(dax_device: string): Step {
  return ({ host }) => {
    const mount = [...host.tables.mounts.values()].find((own) => own.dax_device === dax_device);
    return mount === undefined ? null : { type: 'umount', mount: mount.id, lazy: true };
  };
}

/** A whole change of hands: a device is removed, perhaps replaced, bound for the next, and formatted. */
const repurposeSteps = fc
  .tuple(deviceName, removal, fc.option(plug), binding, fc.option(mkfs))
  .map(([dax_device, removed, plugged, bound, formatted]): Step[] => {
    const acts = [plugged, bound, formatted].filter((act) => act !== null);
    return [
      () => removed(dax_device),
      ...rest,
      detach(dax_device),
      ...acts.map(
        (act): Step =>
          () =>
            act(dax_device),
      ),
    ];
  });

/** What changes hands, breaks, or asks. */
export const ownerSteps: fc.Arbitrary<Step[]> = fc.oneof(
  { weight: 12, arbitrary: repurposeSteps },
  { weight: 2, arbitrary: one(stepOf(removal)) },
  { weight: 6, arbitrary: one(advanceStep) },
  { weight: 3, arbitrary: one(stepOf(binding)) },
  { weight: 2, arbitrary: one(stepOf(plug)) },
  { weight: 2, arbitrary: one(deviceRecordStep) },
  { weight: 3, arbitrary: one(memoryBlockStep) },
  { weight: 1, arbitrary: one(memoryStep) },
  { weight: 2, arbitrary: memorySteps },
  { weight: 3, arbitrary: one(memoryFailureStep) },
  { weight: 1, arbitrary: one(clearStep) },
  { weight: 3, arbitrary: one(cxlStep) },
  { weight: 3, arbitrary: chainSteps },
  { weight: 1, arbitrary: one(hostStep) },
);
