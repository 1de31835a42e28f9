import { describe, expect, test } from 'vitest';
import { apply, emptyHost } from '../../src/engine/model/apply.ts';
import { foresee } from '../../src/engine/foresee.ts';
import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { copyHost } from './copy_host.ts';
import { stateHash } from './fleet/state.ts';
import { inAnyCase } from './imagine.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  DEVICE,
  emptyMachine,
  MIB,
  PAGE,
  PIPE,
  settle,
  steadyContext,
  UMEM,
  type Machine,
} from './support.ts';

/** RHEL 9.4: its version says nothing of what it does. */
const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';
const BUS = {
  type: 'record_hotplug_event',
  dax_device: DEVICE,
  action: 'surprise_removal',
} as const;
const MEMDEV = { type: 'remove_cxl_memdev', memdev: 'mem0', trigger: 'unbind' } as const;
const UNBIND = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;

/** A host of that release with one device. */
function on(kernel_release: string, more: Parameters<typeof addDevice>[1] = {}): Machine {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel_release });
  addDevice(made, more);
  return made;
}

function removalOf({ host }: Machine): RemovalRecord {
  return [...host.tables.removals.values()].at(-1)!;
}

function facts(dependent: unknown): string[] {
  return (dependent as RemovalRecord).depends_on?.map(({ fact }) => fact) ?? [];
}

/** Whether this kernel waits for pins is not known, and one is taken once the removal has begun. */
function resting(): readonly [made: Machine, pin: string] {
  const made = on(RHEL_9, { mode: 'devdax' });
  const mapping = addMapper(made, { dax_device: DEVICE, touched: 'write' });
  made.run(UNBIND);
  const pin = addPin(made, mapping, PIPE);
  settle(made);
  return [made, pin];
}

/** The same with a device on a CXL card, which an older kernel would not have let be. */
function cxlOn(kernel_release: string): Machine {
  const made = on('6.8.0', { provider: 'CXL' });
  made.run({ type: 'patch_host', kernel_release });
  return made;
}

describe('a removal that is under way', () => {
  test('[UNK5] rests before a step of which nobody knows what it does, with what its values lead to', () => {
    const [made] = resting();
    const removal = removalOf(made);
    expect([removal.state, removal.verdict, facts(removal)]).toEqual([
      'undetermined',
      'undetermined',
      ['steps.memunmap_pages.waits_for'],
    ]);
    expect(removal.depends_on![0]!.values.map(({ state }) => state).sort()).toEqual(['running', 'waiting']);
    expect(removal.steps.map(({ name, state }) => `${name} ${state}`)).toEqual(
      expect.arrayContaining(['cdev_del done', 'pgmap_drain pending']),
    );
    expect(made.events.at(-1)).toMatchObject({ type: 'removal_undetermined' });
  });

  test('[UNK5] rests until something happens that may settle it', () => {
    const [made] = resting();
    made.run({ type: 'patch_host', labels: { rack: '1' } });
    expect(removalOf(made).state).toBe('running');
    settle(made);
    expect(removalOf(made).state).toBe('undetermined');
    made.run({ type: 'create_process', pid: 99, comm: 'other' });
    expect(removalOf(made).state).toBe('undetermined');
    expect(made.run({ type: 'advance_removal', removal: removalOf(made).id }).state).toBe('undetermined');
  });

  test('[UNK5] goes on when the pin is dropped: whether that is waited for is nothing then, and the step leaves it out', () => {
    const [made, pin] = resting();
    made.run({ type: 'unpin', pin });
    settle(made);
    const { state, steps, depends_on } = removalOf(made);
    expect([state, steps.find(({ name }) => name === 'pgmap_drain')!.result]).toEqual(['completed', {}]);
    expect(depends_on!.map(({ fact }) => fact)).toEqual(['steps.memunmap_pages.waits_for']);
    expect(stateHash(made.events.reduce(apply, emptyHost()))).toBe(stateHash(made.host));
  });

  test('[UNK5] goes on when a probe tells', () => {
    const [made] = resting();
    made.run({ type: 'patch_host', kernel_probes: { btf: { 'dev_pagemap.ref': 'pointer' } } });
    settle(made);
    expect([removalOf(made).state, removalOf(made).depends_on]).toEqual(['waiting', undefined]);
    expect(stateHash(made.events.reduce(apply, emptyHost()))).toBe(stateHash(made.host));
  });

  test('[AS5] [UNK9] is assessed, and its holders are told, as it may go on', () => {
    const [made] = resting();
    const [assessed] = made.ask({ type: 'assess_removals', dax_device: DEVICE });
    expect([assessed!.state, facts(assessed)]).toEqual(['undetermined', ['steps.memunmap_pages.waits_for']]);
    expect(made.ask({ type: 'survey_holders', dax_device: DEVICE }).state).toBe('undetermined');
    expect(removalOf(made).state).toBe('undetermined');
  });

  test('[HOST3] has left nothing once the host boots again', () => {
    const [made] = resting();
    made.run({ type: 'reboot' });
    const { state, verdict, report } = removalOf(made);
    expect([state, verdict, report.pages.still_mapped]).toEqual(['completed', 'contained', 0]);
  });
});

describe('a removal that would begin', () => {
  test('[UNK11] does so as on any kernel where it ends alike by the same steps', () => {
    const made = on(RHEL_9, { mode: 'devdax' });
    expect(made.run(UNBIND)).toMatchObject({ state: 'running', verdict: null });
    settle(made);
    expect(removalOf(made)).toMatchObject({ state: 'completed', verdict: 'contained' });
  });

  test('[UNK11] is at its end at once where it ends alike by steps that are not known', () => {
    const made = on(RHEL_9);
    const removal = made.run(UNBIND);
    expect([removal.state, removal.verdict]).toEqual(['completed', 'contained']);
    expect(removal.steps.map(({ name }) => name)).toEqual([
      'nd_pmem_remove',
      'kill_dax',
      'del_gendisk',
      'pgmap_drain',
      'arch_remove_memory',
      'release_mem_region',
    ]);
    expect(facts(removal)).toContain('lists.fsdax');
    expect(removalOf(made)).toEqual(removal);
    const done = made.events.filter(({ type }) => type === 'removal_step_done');
    expect(done.map(({ data }) => data)).toEqual(done.map(() => ({})));
    expect(stateHash(made.events.reduce(apply, emptyHost()))).toBe(stateHash(made.host));
  });

  test('[UNK11] is refused where it ends in several ways, and the host is as it was', () => {
    const made = on(RHEL_9);
    const { id } = addMount(made, { fs_type: 'ext4' });
    addMapper(made, { file: addFile(made, id, '/a'), touched: 'write' });
    const before = stateHash(made.host);
    const refused = made.try(UNBIND);
    expect([isRefusal(refused) && refused.code, facts(refused)]).toEqual([
      'undetermined',
      expect.arrayContaining(['lists.fsdax', 'steps.del_gendisk.shuts_fs_down']),
    ]);
    expect(stateHash(made.host)).toBe(before);
    expect(made.host.assumed.size).toBe(0);
  });

  test('[UNK11] is refused as on any kernel where the host knows no such device', () => {
    const made = on(RHEL_9);
    const refused = made.try({ ...UNBIND, dax_device: 'none' });
    expect(isRefusal(refused) && refused.code).toBe('dax_device_not_found');
    made.run({ type: 'delete_host' });
    expect(made.try(UNBIND)).toMatchObject({ code: 'host_not_found' });
  });
});

describe('a dry run', () => {
  test('[UNK6] of a removal that ends in several ways is refused as that is', () => {
    const made = on(RHEL_9);
    const { id } = addMount(made, { fs_type: 'xfs', rmapbt: true, agcount: 1 });
    addMapper(made, { file: addFile(made, id, '/a'), touched: 'write' });
    const before = copyHost(made.host);
    const dry = foresee(made.host, UNBIND, steadyContext('dry'));
    expect(stateHash(made.host)).toBe(stateHash(before));
    expect(dry).toMatchObject({ code: 'undetermined' });
    expect(dry).toEqual(made.try(UNBIND));
    const { state, verdict, hazards } = inAnyCase(made, RHEL_9);
    expect([state, verdict, hazards]).toEqual(['undetermined', 'undetermined', []]);
  });

  test('[UNK2] of one with more ways than are tried names what it depends on, and tells nothing of it', () => {
    const made = on('6.6.30');
    const { id } = addMount(made, { fs_type: 'xfs', rmapbt: true, agcount: 1 });
    for (const path of ['/a', '/b'])
      addMapper(made, { file: addFile(made, id, path), touched: 'cow', flags: ['private'] });
    addPin(made, addMapper(made, { file: addFile(made, id, '/c'), touched: 'write' }), PIPE);
    const { mapping } = addMapper(made, { file: addFile(made, id, '/d'), touched: 'write' });
    made.run({ type: 'access', mapping, offset: 0, length: PAGE, kind: 'madvise_hwpoison' });
    made.run({ type: 'patch_host', kernel_release: RHEL_9 });
    const dry = foresee(made.host, UNBIND, steadyContext()) as Refusal;
    const { depends_on } = dry;
    expect(
      depends_on!.flatMap(({ values }) => values).every((value) => Object.keys(value).join() === 'value'),
    ).toBe(true);
    expect(dry).toMatchObject({ code: 'undetermined' });
    expect(made.try(UNBIND)).toEqual(dry);
    const [assessed] = made.ask({ type: 'assess_removals', dax_device: DEVICE });
    expect([assessed!.state, assessed!.verdict, assessed!.impact]).toEqual([
      'undetermined',
      'undetermined',
      null,
    ]);
    const { items } = made.ask({ type: 'survey_holders', dax_device: DEVICE });
    expect(new Set(items.map(({ consequence }) => consequence))).toEqual(new Set([null]));
  });

  test('[UNK8] of anything else is refused as the command is', () => {
    const made = on('6.18.9', { mode: 'devdax' });
    const mapping = addMapper(made, { dax_device: DEVICE, touched: 'write' });
    const pin = addPin(made, mapping, { kind: 'longterm', holder: 'io_uring' });
    made.run(UNBIND);
    settle(made);
    const unpin = { type: 'unpin', pin } as const;
    const [dry, refused] = [foresee(made.host, unpin, steadyContext()), made.try(unpin)];
    expect(dry).toEqual(refused);
    expect(refused).toMatchObject({
      code: 'undetermined',
      depends_on: [{ fact: 'pin_release_after_removal.io_uring.drop' }],
    });
  });
});

describe('a refusal', () => {
  const reflinked = {
    type: 'create_mount',
    dax_device: DEVICE,
    path: '/mnt',
    fs_type: 'xfs',
    dax: 'always',
    mkfs: true,
    reflink: true,
  } as const;

  test('[UNK3] that is the same in every world is that refusal, and in a dry run', () => {
    const made = on(RHEL_9);
    const command = { ...reflinked, partition: 1 };
    const refused = made.try(command);
    expect(refused).toMatchObject({ code: 'kernel_refused', errno: 'EINVAL' });
    expect(foresee(made.host, command, steadyContext())).toEqual(refused);
  });

  test('[UNK8] in one world and a grant in another is undetermined', () => {
    const made = on(RHEL_9);
    const refused = made.try(reflinked);
    expect(refused).toMatchObject({ code: 'undetermined', depends_on: [{ fact: 'xfs_reflink_with_dax' }] });
    const values = (refused as Refusal).depends_on![0]!.values.map((value) => value.refused);
    expect(values).toEqual(['kernel_refused', undefined]);
  });
});

/** Pointers to what differs in a removal. */
function differsIn({ depends_on = [] }: RemovalRecord): readonly string[] {
  return depends_on.flatMap(({ values }) => values).flatMap(({ differs = [] }) => differs);
}

describe('removals in an answer', () => {
  test.each([
    ['a bus event', () => on(RHEL_9), BUS],
    ['a memdev', () => cxlOn('6.13.0'), MEMDEV],
  ] as const)('[UNK4] depend on what differs in themselves, dry, done and stored: %s', (_, make, begins) => {
    const made = make();
    const dry = foresee(made.host, begins, steadyContext());
    if (isRefusal(dry)) throw new Error(dry.detail);
    const { removals } = made.run(begins);
    settle(made);
    const pointers = [...dry.answer.removals, ...removals, removalOf(made)].map(differsIn);
    expect(pointers).toHaveLength(3);
    for (const each of pointers) expect(new Set(each)).toEqual(new Set(['/steps']));
  });

  test('[UNK11] of what the bus did are at their end at once, in whatever steps', () => {
    const made = on(RHEL_9);
    const event = { type: 'record_hotplug_event', dax_device: DEVICE, action: 'surprise_removal' } as const;
    const { record, removals } = made.run(event);
    expect([record.removal, removals.map(({ state }) => state)]).toEqual([removals[0]!.id, ['completed']]);
    expect(facts(removals[0])).toContain('lists.fsdax');
  });

  test('[UNK6] of a memdev that goes are not imagined where they end in several ways', () => {
    const made = cxlOn(RHEL_9);
    addMapper(made, { file: addFile(made, addMount(made, { fs_type: 'ext4' }).id, '/a'), touched: 'write' });
    const gone = { type: 'remove_cxl_memdev', memdev: 'mem0', trigger: 'unbind' } as const;
    const dry = foresee(made.host, gone, steadyContext());
    expect(dry).toMatchObject({ code: 'undetermined' });
    expect(dry).toEqual(made.try(gone));
  });
});

describe('words', () => {
  test('[UNK4] of an outcome that are not known are left out, with what they depend on', () => {
    const made = on('6.8.0', { mode: 'devdax' });
    const pin = addPin(made, addMapper(made, { dax_device: DEVICE, touched: 'write' }), UMEM);
    made.run(UNBIND);
    settle(made);
    const { kernel_oopses, depends_on } = made.run({ type: 'unpin', pin });
    expect([kernel_oopses, depends_on!.map(({ fact }) => fact)]).toEqual([
      [{ at: null, task: 'worker' }],
      ['worker_oops_at.xdp'],
    ]);
    expect(made.events.at(-1)).toMatchObject({ type: 'kernel_oopsed', data: { at: null } });
  });

  test('[UNK4] of an answer that is neither are left out, too', () => {
    const made = on(RHEL_9, { mode: 'devdax', size: 200 * MIB });
    made.run({ type: 'patch_host', auto_online_blocks: 'offline' });
    made.run(UNBIND);
    settle(made);
    const { record, bind } = made.run({ type: 'bind', dax_device: DEVICE, mode: 'system-ram' });
    expect([record.mode, bind.kernel_log]).toEqual(['system-ram', []]);
  });
});
