import fc from 'fast-check';
import type { Command } from '../../../src/engine/model/command.ts';
import {
  CXL_DRIVERS,
  CXL_REMOVE_VIAS,
  KNOWN_MODES,
  HOTPLUG_ACTIONS,
  MEMORY_BLOCK_STATES,
  MEMORY_FAILURE_SOURCES,
  REMOVE_TRIGGERS,
} from '../../../src/engine/model/vocabulary.ts';
import { importing } from '../importing.ts';
import { MIB, type Machine } from '../support.ts';
import { byte, deviceName, goOn, nth, one, onOne, pick, size, tenant, type Step } from './pick.ts';

const trigger = fc.constantFrom(...REMOVE_TRIGGERS);
const mode = fc.constantFrom(null, ...KNOWN_MODES);

/** What is done to a device, whichever it is. */
type Act = (dax_device: string) => Command;

const removal = trigger.map(
  (how): Act =>
    (dax_device) => ({ type: 'remove_dax_device', dax_device, trigger: how }),
);

const binding = fc.record({ mode, owner: fc.option(tenant) }).map(({ mode: to, owner }): Act => {
  const other = { ...(to === null ? {} : { mode: to }), ...(owner === null ? {} : { tenant: owner }) };
  return (dax_device) => ({ type: 'bind', dax_device, ...other });
});

const medium = fc.record({
  media_serial: fc.constantFrom('0x1', '0x2'),
  size: fc.constantFrom(8 * MIB, 16 * MIB, 256 * MIB),
});

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

/** memdev → region: pulled, bound again, programmed again. */
const cxlStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(trigger, fc.constantFrom(...CXL_REMOVE_VIAS)).chain(([how, via]) =>
    onOne(
      (made) => made.host.tables.cxl_memdevs,
      (memdev): Command => ({ type: 'remove_cxl_memdev', memdev, trigger: how, via }),
    ),
  ),
  fc.constantFrom(...CXL_DRIVERS).chain((driver) =>
    onOne(
      (made) => made.host.tables.cxl_memdevs,
      (memdev): Command => ({ type: 'bind_cxl_memdev', memdev, driver }),
    ),
  ),
  onOne(
    (made) => made.host.tables.cxl_regions,
    (region, { host }) => ({
      type: 'commit_cxl_region',
      region,
      memdevs: [...host.tables.cxl_memdevs.keys()],
    }),
  ),
  onOne(
    (made) => made.host.tables.cxl_regions,
    (region) => ({ type: 'bind_cxl_region', region }),
  ),
);

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
      ...Array.from({ length: 16 }, () => goOn),
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
  { weight: 3, arbitrary: one(memoryFailureStep) },
  { weight: 1, arbitrary: one(clearStep) },
  { weight: 3, arbitrary: one(cxlStep) },
  { weight: 1, arbitrary: one(hostStep) },
);
