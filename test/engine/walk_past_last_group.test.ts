import { describe, expect, test } from 'vitest';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import {
  access,
  addDevice,
  addFile,
  addMapper,
  addMount,
  addProcess,
  DEVICE,
  emptyMachine,
  found,
  mountOf,
  outcomeOf,
  processOf,
  removeDevice,
  settle,
  type Machine,
  type Mapper,
} from './support.ts';

/** Kernels whose walk of an xfs passes the last allocation group, by the source: nobody has recorded one. */
const WALKING = ['6.0.0', '6.4.13', '6.1.4', '6.1.111'];
const OOPS = 'xfs_alloc_read_agf';

interface Rig {
  readonly made: Machine;
  readonly mount: string;
  readonly early: Mapper;
  readonly late: Mapper;
}

/** Two files on an xfs with rmapbt, one of a process that wants to be told early. */
function rig(kernel_release = '6.1.4'): Rig {
  const made = emptyMachine('v6.1');
  made.run({ type: 'create_host', name: 'h', kernel_release });
  addDevice(made, {});
  const mount = addMount(made, { fs_type: 'xfs', rmapbt: true, agcount: 1 }).id;
  const of = (path: string, mce_kill: 'early' | 'late') =>
    addMapper(made, { file: addFile(made, mount, path), touched: 'write', mce_kill });
  return { made, mount, early: of('/mnt/a/a', 'early'), late: of('/mnt/a/b', 'late') };
}

function begun({ steps }: RemovalRecord): unknown[] {
  const done = steps.filter(({ state }) => state !== 'pending');
  return done.map(({ name, state, result }) => [name, state, result]);
}

function health({ host }: Machine): unknown {
  return host.tables.hosts.get('h')?.health;
}

describe('[R54] xfs with rmapbt where the walk passes the last group', () => {
  test.each(WALKING)('%s: the task that unbinds oopses there, and the removal never ends', (release) => {
    const { made, mount } = rig(release);
    const removal = removeDevice(made);
    expect([removal.state, removal.verdict, health(made)]).toEqual(['stuck', 'exposed', 'oopsed']);
    const stands = { holder: mount, oopses_in: OOPS };
    expect(begun(removal).slice(-1)).toEqual([['dax_holder_notify_failure', 'running', stands]]);
    const { source } = removal.hazards.find(({ kind }) => kind === 'kernel_oops')!;
    expect(source).toContain('by the source alone');
  });

  test('where nobody maps it, the kernel alone is in danger', () => {
    const made = emptyMachine('v6.1');
    made.run({ type: 'create_host', name: 'h', kernel_release: '6.1.4' });
    addDevice(made, {});
    addMount(made, { fs_type: 'xfs', rmapbt: true });
    expect(removeDevice(made)).toMatchObject({ state: 'stuck', verdict: 'unsafe' });
  });

  test.each(['6.1.112', '6.5.0', '6.8.0'])('%s does not', (release) => {
    const { made } = rig(release);
    expect([removeDevice(made).state, health(made)]).toEqual(['completed', 'ok']);
  });

  test('who is collected was signalled and unmapped by then, whoever is not still maps', () => {
    const { made, early, late } = rig();
    const { report } = removeDevice(made);
    expect(report.signals.map(({ pid, si_code }) => [pid, si_code])).toEqual([[early.pid, 'BUS_MCEERR_AO']]);
    expect(report.pages).toMatchObject({ mapped: 1024, unmapped: 512, still_mapped: 512, hwpoisoned: 2 });
    const faults = [early, late].map(({ mapping }) => access(made, mapping, 'read').faults);
    expect(faults).toEqual([
      { pte: 0, pmd: 1, pud: 0 },
      { pte: 0, pmd: 0, pud: 0 },
    ]);
  });

  test('the file system is not shut down: it serves as before, by the device that is still alive', () => {
    const { made, mount, early } = rig();
    removeDevice(made);
    expect(mountOf(made, mount)).toMatchObject({ fs_state: 'alive', shutdown_reason: null });
    expect(access(made, early.mapping, 'write')).toMatchObject({ result: 'ok', stale: false });
  });

  test('one that was shut down before is not walked', () => {
    const { made, mount } = rig();
    made.run({ type: 'shutdown_mount', mount });
    expect([removeDevice(made).state, health(made)]).toEqual(['completed', 'ok']);
  });

  test('the task is killed by its oops', () => {
    const { made } = rig();
    const by_pid = addProcess(made);
    removeDevice(made, { by_pid });
    expect(processOf(made, by_pid)).toMatchObject({ state: 'dead', end: { killed_by: 'SIGKILL' } });
  });

  test('no other DAX device goes to its end after it: the dead task is within dax_read_lock()', () => {
    const { made } = rig();
    addDevice(made, { name: 'pmem1', mode: 'devdax' });
    removeDevice(made);
    const other = removeDevice(made, { dax_device: 'pmem1' });
    expect(other).toMatchObject({ state: 'stuck', verdict: 'unsafe' });
    expect(begun(other)).toEqual([['kill_dax', 'running', { hangs_in: '__synchronize_srcu' }]]);
    expect(other.hazards.map(({ kind }) => kind)).toEqual(['open_node', 'kernel_livelock']);
  });

  test.each([
    ['fsdax', 'stuck'],
    ['raw', 'stuck'],
    ['sector', 'completed'],
    ['system-ram', 'completed'],
  ] as const)('[S17] the unbind of one in mode %s afterwards: %s', (mode, state) => {
    const { made } = rig();
    made.run({ type: 'patch_host', auto_online_blocks: 'offline' });
    addDevice(made, { name: 'other', mode, size: 2 ** 28 });
    removeDevice(made);
    expect(found(made.host.tables.hosts.get('h')).stuck).toEqual(['dax_srcu']);
    expect(removeDevice(made, { dax_device: 'other' }).state).toBe(state);
  });

  test('[S17] binds, mounts and umounts go on', () => {
    const { made } = rig();
    addDevice(made, { name: 'other' });
    removeDevice(made, { dax_device: 'other' });
    removeDevice(made);
    expect(made.run({ type: 'bind', dax_device: 'other' }).bind.result).toBe('ok');
    const mount = addMount(made, { dax_device: 'other', path: '/mnt/b' }).id;
    expect(outcomeOf(made.run({ type: 'umount', mount, lazy: false })).result).toBe('ok');
  });

  test('a reboot ends it', () => {
    const { made } = rig();
    removeDevice(made);
    made.run({ type: 'reboot' });
    made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' });
    expect([settle(made).state, health(made)]).toEqual(['completed', 'ok']);
  });
});

test('[R54] its mount survives: nobody has shut it down, and its device is still there', () => {
  const { made } = rig();
  const { items, state } = made.ask({ type: 'survey_holders', dax_device: DEVICE });
  const mount = items.find(({ kind }) => kind === 'mount');
  expect([state, mount?.consequence]).toEqual(['stuck', 'survives']);
});
