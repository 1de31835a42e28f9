import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../src/engine/model/host.ts';
import { refuse } from '../../src/engine/model/refusal.ts';
import { cases } from '../support/property.ts';
import { anyDrop, anyFork, anyLife, anyNode, anyStory, play, type Story } from './fleet.ts';
import { doOnBoth, keptOf, plainAs } from './kept_rig.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addProcess,
  DEVICE,
  emptyMachine,
  machine,
  MIB,
  removeDevice,
  type Machine,
} from './support.ts';

const KINDS_OF_STORIES = [
  ['any story', anyStory],
  ['lives', anyLife],
  ['nodes', anyNode],
  ['forks', anyFork],
  ['drops', anyDrop],
] as const;

function restored(made: Machine, state: Host): Machine {
  made.run({ type: 'restore_host', snapshot: 'kept', state });
  return made;
}

function forked({ kernel }: Pick<Machine, 'kernel'>, state: Host): Machine {
  const other = emptyMachine(kernel);
  other.run({ type: 'fork_host', name: 'g', from: 'h', state });
  return other;
}

/** Plays a story, and keeps the state that it is in after so many changes. */
function playAndKeep(story: Story, changes: number): { readonly made: Machine; readonly state: Host | null } {
  let [state, left]: [Host | null, number] = [null, changes];
  const made = play(story, ({ host }) => {
    left -= 1;
    if (left === 0) state = keptOf(host);
  });
  return { made, state };
}

describe.each(KINDS_OF_STORIES)('of %s', (_name, stories: fc.Arbitrary<Story>) => {
  test('[SNAP2] [SNAP3] a host that is restored, and one that is forked, are as that one was', () => {
    fc.assert(
      fc.property(stories, fc.integer({ min: 1, max: 20 }), (story, changes) => {
        const { made, state } = playAndKeep(story, changes);
        if (state === null) return;
        const wanted = plainAs(state, state);
        expect(plainAs(forked(made, state).host, state)).toEqual(wanted);
        expect(plainAs(restored(made, state).host, state)).toEqual(wanted);
        const before = made.events.length;
        restored(made, keptOf(made.host));
        expect(made.events.length).toBe(before);
      }),
      cases(40),
    );
  });
});

test('[SNAP2] [SNAP3] what is done to one of them afterwards does to the others the same', () => {
  let compared = 0;
  fc.assert(
    fc.property(anyStory, fc.integer({ min: 1, max: 20 }), (story, changes) => {
      let twins: readonly Host[] = [];
      let left = changes;
      const made = play(story, ({ host }) => {
        left -= 1;
        if (left === 0) twins = [keptOf(host), forked({ kernel: story.kernel }, keptOf(host)).host];
      });
      const [state, fork] = twins;
      if (state === undefined || fork === undefined) return;
      const back = restored(made, keptOf(state)).host;
      // Else its next ids, and the addresses that are chosen by them, would be others.
      const { next_id } = state.tables.hosts.first()!;
      back.tables.hosts.set('h', { ...back.tables.hosts.first()!, next_id });
      const then = { ...made, host: keptOf(state) };
      for (const step of story.steps.slice(0, 12)) {
        const command = step(then);
        if (command === null) continue;
        const twin = keptOf(then.host);
        const [one, other] = doOnBoth([then.host, fork], command);
        expect(other).toEqual(one);
        expect(plainAs(fork, then.host)).toEqual(plainAs(then.host, then.host));
        expect(doOnBoth([twin, back], command)[1]).toEqual(one);
        expect(plainAs(back, then.host)).toEqual(plainAs(then.host, then.host));
        compared += 1;
      }
    }),
    cases(60),
  );
  expect(compared).toBeGreaterThan(100);
});

describe('[SNAP4] after a restore', () => {
  test('revisions have gone up, and what comes back has another uid', () => {
    const made = machine('v6.12');
    addDevice(made);
    made.run({ type: 'create_process', pid: 7, comm: 'a' });
    made.run({ type: 'create_process', pid: 8, comm: 'b' });
    const state = keptOf(made.host);
    const { processes, dax_devices, hosts } = made.host.tables;
    made.run({ type: 'patch_dax_device', dax_device: 'pmem0', tenant: 'x' });
    made.run({ type: 'exit_process', pid: 8 });
    addFile(made, addMount(made).id, '/data');
    restored(made, state);
    const then = state.tables;
    expect(dax_devices.get('pmem0')!.uid).toBe(then.dax_devices.get('pmem0')!.uid);
    expect(dax_devices.get('pmem0')!.revision).toBeGreaterThan(2);
    expect(processes.get('8')).toMatchObject({ uid: then.processes.get('8')!.uid, revision: 3 });
    expect(processes.get('7')).toEqual(then.processes.get('7'));
    expect(hosts.get('h')!.next_id).toBeGreaterThan(then.hosts.get('h')!.next_id);
    const again = keptOf(made.host);
    made.run({ type: 'delete_dax_device', dax_device: 'pmem0' });
    restored(made, again);
    expect(dax_devices.get('pmem0')!.uid).not.toBe(then.dax_devices.get('pmem0')!.uid);
    expect(dax_devices.get('pmem0')!.revision).toBe(1);
  });

  test('a record under an id that another one has now is another one, too', () => {
    const made = machine('v6.12');
    addDevice(made);
    addDevice(made, { name: 'pmem1' });
    const state = keptOf(made.host);
    made.run({ type: 'delete_dax_device', dax_device: 'pmem0' });
    addDevice(made, { name: 'pmem0' });
    const since = made.host.tables.dax_devices.get('pmem0')!.uid;
    restored(made, state);
    expect([...made.host.tables.dax_devices.keys()]).toEqual(['pmem0', 'pmem1']);
    const { uid } = made.host.tables.dax_devices.get('pmem0')!;
    expect([since, state.tables.dax_devices.get('pmem0')!.uid]).not.toContain(uid);
    // Behind it stands what was there all along: it is made again, for its place, under the uid that it has.
    const { pmem1 } = Object.fromEntries(state.tables.dax_devices);
    expect(made.host.tables.dax_devices.get('pmem1')).toMatchObject({
      uid: pmem1!.uid,
      revision: pmem1!.revision + 1,
    });
  });

  test('a file that has got blocks since, many of them, is of one hole again', () => {
    const made = machine('v6.12');
    addDevice(made, { size: 256 * MIB });
    const mount = addMount(made);
    const { id } = made.run({
      type: 'create_file',
      mount: mount.id,
      path: '/holes',
      size: 64 * MIB,
      sparse: true,
    });
    const { mapping } = addMapper(made, { file: id, length: 64 * MIB, page_size: 4096, populate: 'none' });
    const state = keptOf(made.host);
    for (let page = 0; page < 300; page += 1)
      made.run({ type: 'access', mapping, kind: 'write', offset: 2 * page * 4096, length: 1 });
    expect(made.host.extents.has(id)).toBe(true);
    restored(made, state);
    expect(plainAs(made.host, state)).toEqual(plainAs(state, state));
  });

  test('what many mapped before a removal is known again', () => {
    const made = machine('v5.10');
    addDevice(made, { size: 256 * MIB });
    const mount = addMount(made);
    const file = addFile(made, mount.id, '/data', 4 * MIB);
    const pid = addProcess(made);
    const page = { pid, file, length: 4096, flags: ['shared'], prot: 'rw', page_size: 4096 } as const;
    for (let at = 0; at < 103; at += 1)
      made.run({ type: 'create_mapping', ...page, offset: 2 * at * 4096, populate: 'read' });
    const mapping = [...made.host.tables.mappings.keys()][0]!;
    const pin = { kind: 'transient', holder: 'rdma' } as const;
    made.run({ type: 'create_pin', pid, mapping, offset: 0, length: 4096, ...pin });
    made.run({ type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' });
    const state = keptOf(made.host);
    expect(state.mapped_before.size).toBe(1);
    expect(plainAs(forked(made, state).host, state)).toEqual(plainAs(state, state));
    const before = made.events.length;
    restored(made, state);
    expect(made.events.length).toBe(before);
    made.run({ type: 'reboot' });
    expect(plainAs(restored(made, state).host, state)).toEqual(plainAs(state, state));
  });
});

test('[SNAP1] a snapshot says how much it has, is no part of a state, and goes once', () => {
  const made = machine('v6.12');
  addDevice(made);
  const { id, records, name } = made.run({ type: 'create_snapshot' });
  expect([name, records]).toEqual([null, { hosts: 1, dax_devices: 1 }]);
  expect(made.run({ type: 'create_snapshot', name: 'second' }).records).toEqual(records);
  restored(made, keptOf(made.host));
  expect(made.host.tables.snapshots.size).toBe(2);
  expect(forked(made, keptOf(made.host)).host.tables.snapshots.size).toBe(0);
  made.run({ type: 'delete_snapshot', snapshot: id });
  expect(made.try({ type: 'delete_snapshot', snapshot: id })).toMatchObject({ code: 'snapshot_not_found' });
});

test('[SNAP8] a host has 100 snapshots at most', () => {
  const made = machine('v6.12');
  const taken = Array.from({ length: 100 }, () => made.run({ type: 'create_snapshot' }));
  expect(made.try({ type: 'create_snapshot' })).toMatchObject({ code: 'limit_reached' });
  made.run({ type: 'delete_snapshot', snapshot: taken[0]!.id });
  made.run({ type: 'create_snapshot' });
  expect(made.host.tables.snapshots.size).toBe(100);
});

test('[SNAP1] a state that cannot be had is refused, and a name that is taken', () => {
  const state = refuse('snapshot_not_found', 'none');
  const made = machine('v6.12');
  expect(made.try({ type: 'restore_host', snapshot: 'x', state })).toEqual(state);
  expect(emptyMachine('v6.12').try({ type: 'fork_host', name: 'g', from: 'h', state })).toEqual(state);
  expect(made.try({ type: 'fork_host', name: 'h', from: 'h', state })).toMatchObject({ code: 'host_exists' });
});

test('[SNAP3] a host of many records comes by several events, none of them large', () => {
  const made = machine('v6.12');
  for (let pid = 1; pid <= 2_100; pid += 1) made.run({ type: 'create_process', pid, comm: 'worker' });
  const other = emptyMachine('v6.12');
  const state = keptOf(made.host);
  other.run({ type: 'fork_host', name: 'g', from: 'h', snapshot: 'kept', state });
  const { events } = other;
  expect(events.map(({ type, changes }) => [type, changes.length])).toEqual([
    ['host_forked', 1_000],
    ['host_forked', 1_000],
    ['host_forked', 101],
  ]);
  expect(events.map(({ data }) => data)).toEqual([{ from: 'h', snapshot: 'kept' }, { part: 2 }, { part: 3 }]);
});

test('[SNAP6] a restore says which removals it has undone, the first 100 of them', () => {
  const made = machine('v6.12');
  const unbind = (): string => {
    const { id } = removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE });
    return id;
  };
  addDevice(made);
  const kept = unbind();
  const state = keptOf(made.host);
  const since = Array.from({ length: 101 }, unbind);
  made.run({ type: 'restore_host', snapshot: 'kept', state });
  const told = made.events.at(-1)!;
  expect(told.type).toBe('host_restored');
  expect(told.data).toEqual({ snapshot: 'kept', removals_gone: { count: 101, ids: since.slice(0, 100) } });
  expect([...made.host.tables.removals.keys()]).toEqual([kept]);
});

test('[SNAP7] more than 20 000 changes are not made at once', () => {
  const made = machine('v6.12');
  made.run({ type: 'create_process', pid: 1, comm: 'worker' });
  const state = keptOf(made.host);
  const process = state.tables.processes.get('1')!;
  for (let pid = 2; pid <= 20_000; pid += 1)
    state.tables.processes.set(String(pid), { ...process, pid, uid: `kept-${String(pid)}` });
  const fork = { type: 'fork_host', name: 'g', from: 'h', state } as const;
  expect(emptyMachine('v6.12').try(fork)).toMatchObject({ code: 'limit_reached' });
  // One stands already.
  const before = made.events.length;
  made.run({ type: 'restore_host', snapshot: 'kept', state });
  expect(made.events.slice(before).flatMap(({ changes }) => changes)).toHaveLength(19_999);
  state.tables.processes.set('20001', { ...process, pid: 20_001, uid: 'kept-20001' });
  state.tables.processes.set('20002', { ...process, pid: 20_002, uid: 'kept-20002' });
  const other = machine('v6.12');
  expect(other.try({ type: 'restore_host', snapshot: 'kept', state })).toMatchObject({
    code: 'limit_reached',
  });
  expect(other.host.tables.processes.size).toBe(0);
});
