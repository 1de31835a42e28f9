import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { KERNEL_NAMES, REMOVE_TRIGGERS, type RemoveTrigger } from '../../src/engine/model/vocabulary.ts';
import type { Plan, PlannedDevice } from '../../src/engine/questions/plan_record.ts';
import { cases } from '../support/property.ts';
import { copyHost } from './copy_host.ts';
import { create, cxl } from './cxl_rig.ts';
import { anyLife, anyStory, play, type Story } from './fleet.ts';
import { FIRST, ram } from './ram.ts';
import { DAX } from './rig.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  DEVICE,
  emptyMachine,
  found,
  machine,
  MIB,
  PAGE,
  PIPE,
  removeDevice,
  type Machine,
  type Mapper,
} from './support.ts';

/** RHEL 9.4: its version says nothing of what it does. */
const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';

const unbind = { type: 'plan_removals', trigger: 'unbind' } as const;

function steps({ order }: Plan): unknown[] {
  return order.map(({ command, before }) => [command, before.join(' ')]);
}

function stands({ left }: Plan): string {
  return left.map((one) => `${one.dax_device} ${String(one.state)} ${String(one.verdict)}`).join(', ');
}

/** All that runs takes turns until nothing moves. */
function rest(made: Machine): void {
  const { removals } = made.host.tables;
  const due = () => removals.where(({ state }) => state === 'running');
  for (let now = due(); now.length > 0; now = due())
    for (const { id } of now) made.run({ type: 'advance_removal', removal: id });
}

/** Does what a plan says. */
function execute(made: Machine, { order }: Plan): void {
  rest(made);
  for (const { calls, possible } of order)
    for (const call of calls) {
      (possible === undefined ? made.run : made.try)(call);
      rest(made);
    }
}

/** What became of the devices that a plan removes. */
function now({ host }: Machine, { left }: Plan): PlannedDevice[] {
  return left.map((planned) => {
    const removal = host.tables.removals.where(({ dax_device }) => dax_device === planned.dax_device).at(-1);
    if (removal === undefined || planned.refused !== null || planned.state === null) return planned;
    if (planned.possible !== undefined) {
      // Chance decides: one of these came of it.
      const then = { state_then: removal.state, verdict_then: removal.verdict };
      expect(planned.possible).toContainEqual(expect.objectContaining(then));
      return planned;
    }
    const kinds = removal.hazards.map(({ kind }) => kind);
    const hazards = [...new Set(kinds)].map((kind) => ({
      kind,
      count: kinds.filter((other) => other === kind).length,
    }));
    return { ...planned, state: removal.state as 'completed', verdict: removal.verdict, hazards };
  });
}

/** A file system in use, on each of two devices, by one process. */
function shared(kernel: (typeof KERNEL_NAMES)[number] = 'v6.12'): Machine & { readonly pid: number } {
  const made = machine(kernel);
  addDevice(made);
  addDevice(made, { name: 'pmem1' });
  const one = addMount(made);
  const other = addMount(made, { dax_device: 'pmem1', path: "/mnt/it's b" });
  const { pid } = addMapper(made, { file: addFile(made, one.id, '/f'), touched: 'write' });
  const file = addFile(made, other.id, '/g');
  const rest = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw', populate: 'write' } as const;
  made.run({ type: 'create_mapping', pid, file, ...rest });
  return { ...made, pid };
}

/** More extents than anything is tried on (ADV6). */
function scattered(made: Machine, what: { file: string } | { dax_device: string }): Mapper {
  const [one] = [1, 2].map(() => {
    const mapper = addMapper(made, { ...what, length: 9 * MIB, touched: 'none', small: true });
    for (let page = 0; page < 2304; page += 2)
      made.run({ type: 'access', mapping: mapper.mapping, offset: page * PAGE, length: 1, kind: 'write' });
    return mapper;
  });
  return one!;
}

/** System RAM with a block in which the kernel may have pages of its own. */
function withChance(): Machine {
  const { made } = ram('v6.12', { online: [[FIRST, 'online_kernel']] });
  made.run({ type: 'patch_memory_block', dax_device: DAX, block: FIRST, kernel_pages: null });
  return made;
}

/** Plans the host of a story, does what the plan says, and compares what is left. */
function keepsItsWord(story: Story, trigger: RemoveTrigger): Plan {
  const made = play(story, () => undefined);
  const before = copyHost(made.host);
  const plan = made.ask({ ...unbind, trigger });
  expect(made.host).toEqual(before);
  execute(made, plan);
  expect(now(made, plan)).toEqual(plan.left);
  return plan;
}

test('[PLAN1] whatever the fleet, doing what the plan says leaves what it says, and planning leaves no trace', () => {
  let removed = 0;
  fc.assert(
    fc.property(fc.oneof(anyStory, anyLife), fc.constantFrom(...REMOVE_TRIGGERS), (story, trigger) => {
      const { left } = keepsItsWord(story, trigger);
      removed += left.filter(({ refused }) => refused === null).length;
    }),
    cases(30),
  );
  expect(removed).toBeGreaterThan(50);
});

test('[PLAN1] [PLAN7] and so on a kernel of which not every fact is known', () => {
  const verdicts = new Set<string | null>();
  fc.assert(
    fc.property(anyStory, fc.constantFrom(RHEL_9, '6.8.0', '6.6.30'), (story, kernel_release) => {
      const { left } = keepsItsWord({ ...story, kernel_release }, 'surprise_removal');
      for (const { verdict } of left) verdicts.add(verdict);
    }),
    cases(6),
  );
  expect([...verdicts]).toContain('contained');
});

describe('what comes before', () => {
  test('[PLAN2] an idle device needs its removal alone', () => {
    const made = machine('v6.12');
    addDevice(made);
    const plan = made.ask({ ...unbind, dax_devices: [DEVICE] });
    const bound = `/sys/block/${DEVICE}/device`;
    expect(steps(plan)).toEqual([[`basename "$(readlink -f ${bound})" > ${bound}/driver/unbind`, '']]);
    expect(plan.order[0]!.why).toBe('pmem0 is removed: completed, contained');
    expect(stands(plan)).toBe('pmem0 completed contained');
  });

  test('[PLAN3] a process on two devices is one step, before both', () => {
    const made = shared();
    const plan = made.ask(unbind);
    expect(steps(plan).slice(0, -2)).toEqual([
      [`kill ${String(made.pid)}`, 'pmem0 pmem1'],
      ['umount /mnt/a', 'pmem0'],
      [String.raw`umount '/mnt/it'\''s b'`, 'pmem1'],
    ]);
    expect(plan.order.map(({ cost }) => cost.processes_killed)).toEqual([1, 0, 0, 0, 0]);
    expect(stands(plan)).toBe('pmem0 completed contained, pmem1 completed contained');
  });

  test('[PLAN3] only of the devices that are planned', () => {
    const made = shared();
    const [kill] = made.ask({ ...unbind, dax_devices: ['pmem1', 'pmem1'] }).order;
    expect(kill!.before).toEqual(['pmem1']);
  });

  test('[PLAN2] what is in the way of an orderly removal goes first', () => {
    const made = shared();
    const plan = made.ask({ ...unbind, trigger: 'orderly_removal' });
    expect(steps(plan).slice(0, 1)).toEqual([[`kill ${String(made.pid)}`, 'pmem0 pmem1']]);
    expect(steps(plan).at(-1)).toEqual([null, '']);
    expect(stands(plan)).toBe('pmem0 completed contained, pmem1 completed contained');
  });

  test('[PLAN2] a pin is dropped by who holds it, rather than that its process is stopped', () => {
    const made = machine('v6.12');
    addDevice(made, { name: DAX, mode: 'devdax' });
    const mapper = addMapper(made, { dax_device: DAX, touched: 'write' });
    const pin = addPin(made, mapper, PIPE);
    made.run({ type: 'munmap', mapping: mapper.mapping });
    const plan = made.ask(unbind);
    expect(plan.order[0]).toMatchObject({
      action: 'drop_pin',
      command: null,
      calls: [{ pin }],
      before: [DAX],
    });
    expect(plan.order.at(-1)!.command).toBe(`echo ${DAX} > /sys/bus/dax/drivers/device_dax/unbind`);
    expect(stands(plan)).toBe(`${DAX} completed contained`);
  });

  test('[PLAN4] memory blocks go offline in one step, where nothing says that the kernel may refuse', () => {
    const { made } = ram('v6.12');
    const plan = made.ask(unbind);
    expect(steps(plan)).toEqual([
      [`daxctl offline-memory ${DAX}`, DAX],
      [`echo ${DAX} > /sys/bus/dax/drivers/kmem/unbind`, ''],
    ]);
    expect(plan.order[0]!.calls).toHaveLength(7);
    expect(stands(plan)).toBe(`${DAX} completed contained`);
  });

  test('[PLAN4] blocks whose offline chance decides are a step, with how the removal ends either way', () => {
    const made = withChance();
    const { order, left } = made.ask(unbind);
    expect(order.map(({ action, before }) => [action, before])).toEqual([
      ['offline_memory_blocks', [DAX]],
      ['remove', []],
    ]);
    const possible = [
      { outcome: 'EBUSY', state_then: 'completed', verdict_then: 'leaked' },
      { outcome: 'offline', state_then: 'completed', verdict_then: 'contained' },
    ];
    expect(order[0]).toMatchObject({ possible });
    expect(order[0]!.why).toMatch(/completed, leaked, or completed, contained$/);
    expect(order[1]!.why).toMatch(/completed, leaked, as long as its memory is online$/);
    expect(left).toMatchObject([{ state: 'completed', verdict: 'undetermined', hazards: [], possible }]);
    expect(made.try(order[0]!.calls[0]!)).toMatchObject({ code: 'outcome_unknown' });
  });

  test('[PLAN4] and once it is told what is in them, the device is left as one of these', () => {
    for (const kernel_pages of [false, true]) {
      const told = withChance();
      told.run({ type: 'patch_memory_block', dax_device: DAX, block: FIRST, kernel_pages });
      const verdicts = told.ask(unbind).left.map(({ verdict }) => verdict);
      expect(verdicts).toEqual([kernel_pages ? 'leaked' : 'contained']);
    }
  });

  test('[PLAN2] nothing that destroys what is stored, and no other kernel', () => {
    const stories = KERNEL_NAMES.map((kernel) =>
      shared(kernel).ask({ ...unbind, trigger: 'surprise_removal' }),
    );
    const actions = new Set(stories.flatMap(({ order }) => order.map(({ action }) => action)));
    expect([...actions].sort()).toEqual(['remove', 'stop_process', 'umount']);
  });
});

describe('what is left', () => {
  test('[PLAN5] removals that end best come first, also before one that was named first', () => {
    const made = withChance();
    addDevice(made, { phys_addr: '0x8000000000' });
    const plan = made.ask({ ...unbind, dax_devices: [DAX, DEVICE] });
    const removals = plan.order.filter(({ action }) => action === 'remove');
    const named = removals.map(({ calls }) => calls.map((call) => 'dax_device' in call && call.dax_device));
    expect(named).toEqual([[DEVICE], [DAX]]);
    expect(stands(plan)).toBe(`${DAX} completed undetermined, ${DEVICE} completed contained`);
  });

  test('[PLAN5] one that nobody can help waits', () => {
    const made = machine('v5.10');
    addDevice(made, { name: DAX, mode: 'devdax', align: 4096 });
    addPin(made, scattered(made, { dax_device: DAX }), PIPE);
    const plan = made.ask(unbind);
    expect(plan.order.map(({ why }) => why)).toEqual([`${DAX} is removed: waiting`]);
    expect(plan.left).toMatchObject([{ state: 'waiting', verdict: null, hazards: [], refused: null }]);
  });

  test('[PLAN6] a device that cannot be removed stands there with why', () => {
    const made = machine('v6.12');
    addDevice(made);
    removeDevice(made);
    const plan = made.ask(unbind);
    expect(plan.order).toEqual([]);
    expect(plan.left).toEqual([
      {
        dax_device: DEVICE,
        holders: 'not_told',
        told_at: null,
        asked: true,
        state: null,
        verdict: null,
        hazards: [],
        refused: { code: 'kernel_refused', detail: expect.any(String) as string, errno: 'ENODEV' },
      },
    ]);
  });

  test('[PLAN6] what goes along over CXL was not asked for, and is prepared as well', () => {
    const made = cxl();
    made.run(create({ region: 'region0' }));
    const pin = addPin(made, addMapper(made, { dax_device: 'dax1.0', touched: 'write' }), PIPE);
    const plan = made.ask({ ...unbind, dax_devices: [DAX], trigger: 'surprise_removal' });
    expect(plan.order.map(({ calls, before }) => [calls, before])).toEqual([
      [[{ type: 'unpin', pin }], ['dax1.0']],
      [[{ type: 'remove_dax_device', dax_device: DAX, trigger: 'surprise_removal' }], []],
    ]);
    expect(plan.order[1]!.why).toContain('and dax1.0 with it');
    expect(plan.left.map(({ dax_device, asked, refused }) => [dax_device, asked, refused])).toEqual([
      [DAX, true, null],
      ['dax1.0', false, null],
    ]);
  });

  test('[PLAN6] both are asked for, and one removal takes both', () => {
    const made = cxl();
    made.run(create({ region: 'region0' }));
    const plan = made.ask({ ...unbind, trigger: 'surprise_removal' });
    expect(plan.order).toHaveLength(1);
    expect(plan.left.map(({ asked, state }) => [asked, state])).toEqual([
      [true, 'completed'],
      [true, 'completed'],
    ]);
  });
});

describe('on a kernel of which not all is known', () => {
  function unknown(): Machine {
    const made = emptyMachine('v6.12');
    made.run({ type: 'create_host', name: 'h', kernel_release: RHEL_9 });
    return made;
  }

  test('[PLAN7] what helps whatever the facts are comes first, and the end is known', () => {
    const made = unknown();
    addDevice(made);
    const { id } = addMount(made);
    const { pid } = addMapper(made, { file: addFile(made, id, '/f'), touched: 'write' });
    const plan = made.ask(unbind);
    execute(made, plan);
    expect(now(made, plan)).toMatchObject(plan.left);
    expect([steps(plan).slice(0, 1), stands(plan)]).toEqual([
      [[`kill ${String(pid)}`, DEVICE]],
      'pmem0 completed contained',
    ]);
  });

  test('[PLAN7] a removal that ends in several ways is refused, with the facts', () => {
    const made = unknown();
    addDevice(made);
    scattered(made, { file: addFile(made, addMount(made).id, '/f', 9 * MIB) });
    const plan = made.ask(unbind);
    const [device] = plan.left;
    expect(plan.order).toEqual([]);
    expect([device!.state, device!.verdict, device!.refused?.code]).toEqual([
      'undetermined',
      'undetermined',
      'undetermined',
    ]);
    expect(device!.depends_on!.map(({ fact }) => fact)).toContain('steps.del_gendisk.shuts_fs_down');
  });

  test('[PLAN7] one that rests already is told as not known', () => {
    const made = unknown();
    addDevice(made, { mode: 'devdax' });
    const mapper = addMapper(made, { dax_device: DEVICE, touched: 'write' });
    made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
    addPin(made, mapper, PIPE);
    const [device] = made.ask(unbind).left;
    expect([device!.state, device!.refused?.code, device!.depends_on?.map(({ fact }) => fact)]).toEqual([
      'undetermined',
      'removal_in_progress',
      ['steps.memunmap_pages.waits_for'],
    ]);
  });
});

test('[PLAN8] more than 64 devices of a host, or one that is not there, are refused', () => {
  const made = machine('v6.12');
  for (let at = 0; at < 65; at += 1) addDevice(made, { name: `dax${String(at)}.0`, mode: 'devdax' });
  const refused = made.tryAsk(unbind);
  expect(isRefusal(refused) && [refused.code, refused.detail]).toEqual([
    'invalid_field',
    '65 devices: name at most 64 of a host in dax_devices',
  ]);
  expect(made.tryAsk({ ...unbind, dax_devices: ['dax1.0', 'none'] })).toMatchObject({
    code: 'dax_device_not_found',
    pointer: '/dax_devices/1',
  });
  expect(found(made.ask({ ...unbind, dax_devices: ['dax1.0'] }).left[0]).verdict).toBe('contained');
});
