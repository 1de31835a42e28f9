import { describe, expect, test } from 'vitest';
import { ALL, bind, end, OLD, oopsOf, stateOf, umount, WAITS_IN } from './evicting.ts';
import { DAX, ext4, type Rig } from './rig.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  addProcess,
  DEVICE,
  found,
  mappingOf,
  MIB,
  mountOf,
  PIPE,
  processOf,
  removeDevice,
  returned,
  UMEM,
} from './support.ts';

const OTHER = 'pmem1';

/** Another device, mounted, with a file that was touched. */
function beside(
  { made }: Rig,
  name = OTHER,
  path = '/mnt/beside',
): { readonly mount: string; readonly file: string } {
  addDevice(made, { name });
  const { id: mount } = addMount(made, { dax_device: name, path });
  const file = addFile(made, mount, '/f');
  made.run({ type: 'exit_process', pid: addMapper(made, { file, touched: 'write' }).pid });
  return { mount, file };
}

/** A file with DAX entries. */
function touched(rig: Rig, path: string): string {
  end(rig, rig.mapper({ touched: 'write' }, path).pid);
  return rig.file(path);
}

function open({ made }: Rig, pid: number, what: { file: string } | { dax_device: string }): string {
  return returned(made.run({ type: 'open_file', pid, ...what, flags: ['rdwr'] })).id;
}

function unlink({ made }: Rig, ...files: readonly string[]): void {
  for (const file of files) made.run({ type: 'unlink', file });
}

const opened = ({ made }: Rig): string[] => [...made.host.tables.open_files.keys()];
const mapped = ({ made }: Rig): string[] => [...made.host.tables.mappings.keys()];
const fileState = ({ made }: Rig, file: string): string => made.host.tables.files.get(file)?.state ?? 'gone';

test.each(ALL)('[EVICT2] the last descriptor is put first, and behind an oops none is: %s', (kernel) => {
  const rig = ext4(kernel);
  const other = beside(rig);
  addDevice(rig.made, { name: DAX, mode: 'devdax' });
  const [doomed, late] = [touched(rig, '/doomed'), rig.file('/late')];
  const pid = addProcess(rig.made);
  const kept = [open(rig, pid, { dax_device: DAX }), open(rig, pid, { file: other.file })];
  open(rig, pid, { file: doomed });
  open(rig, pid, { file: late });
  unlink(rig, doomed, late, other.file);
  removeDevice(rig.made);
  expect(end(rig, pid)).toMatchObject(oopsOf(kernel, 'process'));
  expect([late, doomed, other.file].map((file) => fileState(rig, file))).toEqual([
    'gone',
    'freeing',
    'unlinked',
  ]);
  expect([opened(rig), processOf(rig.made, pid).state]).toEqual([kept, 'oopsed']);
  expect(found(rig.made.host.tables.dax_devices.get(DAX)).cdevs).toMatchObject([{ refs: 2, opens: 1 }]);
  expect(umount(rig, { mount: other.mount })).toMatchObject({ errno: 'EBUSY' });
});

test.each(OLD)('[EVICT2] behind them the first mapping, and what is left has no entry: %s', (kernel) => {
  const rig = ext4(kernel);
  const other = beside(rig);
  const [early, doomed] = [rig.file('/early'), rig.file('/doomed')];
  const { pid } = rig.mapper({ touched: 'none' }, '/early');
  const map = (file: string): string => {
    const rest = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw', populate: 'write' } as const;
    return returned(rig.made.run({ type: 'create_mapping', pid, file, ...rest })).id;
  };
  map(doomed);
  const left = map(other.file);
  unlink(rig, early, doomed);
  removeDevice(rig.made);
  expect(mappingOf(rig.made, left).present).toMatchObject({ pmd: 1 });
  expect(end(rig, pid)).toMatchObject(oopsOf(kernel, 'process'));
  expect([early, doomed].map((file) => fileState(rig, file))).toEqual(['gone', 'freeing']);
  expect(mapped(rig)).toEqual([left]);
  expect(mappingOf(rig.made, left).present).toEqual({ pte: 0, pmd: 0, pud: 0, anon: 0 });
  expect(umount(rig, { mount: other.mount })).toMatchObject({ errno: 'EBUSY' });
});

test('[EVICT2] of a description that a descriptor and a mapping hold the descriptor is the last', () => {
  const rig = ext4('v6.12');
  const other = beside(rig);
  const doomed = touched(rig, '/doomed');
  const pid = addProcess(rig.made);
  const open_file = open(rig, pid, { file: other.file });
  const rest = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;
  rig.made.run({ type: 'create_mapping', pid, open_file, ...rest });
  open(rig, pid, { file: doomed });
  unlink(rig, doomed);
  removeDevice(rig.made);
  end(rig, pid);
  expect([opened(rig), mapped(rig)]).toEqual([[open_file], []]);
});

test('[EVICT2] what a child holds, too, was let go of', () => {
  const rig = ext4('v6.12');
  const other = beside(rig);
  const doomed = touched(rig, '/doomed');
  const pid = addProcess(rig.made);
  open(rig, pid, { file: other.file });
  const child = addProcess(rig.made, { parent_pid: pid });
  open(rig, pid, { file: doomed });
  unlink(rig, doomed);
  removeDevice(rig.made);
  end(rig, pid);
  expect(umount(rig, { mount: other.mount })).toMatchObject({ errno: 'EBUSY' });
  end(rig, child);
  expect(umount(rig, { mount: other.mount })).toMatchObject({ result: 'ok' });
});

test('[EVICT2] a detached mount that was put before the oops is never cleaned up', () => {
  const rig = ext4('v6.12');
  const other = beside(rig);
  const doomed = touched(rig, '/doomed');
  const pid = addProcess(rig.made);
  open(rig, pid, { file: doomed });
  open(rig, pid, { file: other.file });
  unlink(rig, doomed);
  umount(rig, { mount: other.mount, lazy: true });
  removeDevice(rig.made);
  end(rig, pid);
  expect(opened(rig)).toEqual([]);
  expect(mountOf(rig.made, other.mount)).toMatchObject({ state: 'lazy', umount_blocked: true });
  removeDevice(rig.made, { dax_device: OTHER });
  bind(rig, { dax_device: OTHER });
  const again = {
    dax_device: OTHER,
    path: '/mnt/again',
    fs_type: 'ext4',
    dax: 'always',
    mkfs: true,
  } as const;
  expect(rig.made.try({ type: 'create_mount', ...again })).toMatchObject({ errno: 'EEXIST' });
  expect(rig.made.run({ type: 'sync', mount: other.mount })).toMatchObject({ result: 'ok' });
  rig.made.run({ type: 'reboot' });
  expect(stateOf(rig, other.mount)).toBe('gone');
});

test('[EVICT2] of two detached mounts that which was put last is cleaned up first', () => {
  const rig = ext4('v6.12');
  const other = beside(rig);
  const first = touched(rig, '/first');
  const pid = addProcess(rig.made);
  for (const file of [first, other.file]) open(rig, pid, { file });
  for (const mount of [rig.mount, other.mount]) umount(rig, { mount, lazy: true });
  for (const dax_device of [DEVICE, OTHER]) removeDevice(rig.made, { dax_device });
  expect(end(rig, pid)).toMatchObject(oopsOf('v6.12', 'process'));
  expect(stateOf(rig)).toBe('shutting_down');
  expect(mountOf(rig.made, other.mount)).toMatchObject({ state: 'lazy', umount_blocked: true });
});

test('[EVICT2] v7.3: nor does one that waits for ever', () => {
  const rig = ext4('v7.3');
  const other = beside(rig);
  const { pid: mapper } = rig.mapper({ touched: 'write' });
  const pid = addProcess(rig.made);
  const kept = open(rig, pid, { file: other.file });
  open(rig, pid, { file: rig.file() });
  unlink(rig, rig.file());
  removeDevice(rig.made);
  bind(rig);
  end(rig, mapper);
  expect(end(rig, pid)).toMatchObject({ result: 'blocked', blocked_in: WAITS_IN });
  expect([opened(rig), processOf(rig.made, pid).state]).toEqual([[kept], 'blocked']);
});

describe('[EVICT2] what holds a pin is put like a descriptor that was opened when it was made', () => {
  test.each(['v6.1', 'v6.12'] as const)('its oops: what was opened before it stays: %s', (kernel) => {
    const rig = ext4(kernel);
    const [other, third] = [beside(rig), beside(rig, 'pmem2', '/mnt/third')];
    const mapper = rig.mapper({ touched: 'write' });
    const kept = open(rig, mapper.pid, { file: other.file });
    const pin = addPin(rig.made, mapper, PIPE);
    open(rig, mapper.pid, { file: third.file });
    removeDevice(rig.made);
    expect(end(rig, mapper.pid)).toMatchObject({ kernel_oopses: [{ at: 'page_cache_pipe_buf_release' }] });
    expect([opened(rig), mapped(rig)]).toEqual([[kept], [mapper.mapping]]);
    expect(mappingOf(rig.made, mapper.mapping).present).toMatchObject({ pte: 0, pmd: 0 });
    expect(found(rig.made.host.tables.pins.get(pin)).mapping).toBeNull();
    for (const mount of [rig.mount, other.mount])
      expect(umount(rig, { mount })).toMatchObject({ errno: 'EBUSY' });
    expect(umount(rig, { mount: third.mount })).toMatchObject({ result: 'ok' });
  });

  test('its oops: a detached mount that was put before it is never cleaned up', () => {
    const rig = ext4('v6.12');
    const other = beside(rig);
    const mapper = rig.mapper({ touched: 'write' });
    addPin(rig.made, mapper, PIPE);
    open(rig, mapper.pid, { file: other.file });
    umount(rig, { mount: other.mount, lazy: true });
    removeDevice(rig.made);
    end(rig, mapper.pid);
    expect(mountOf(rig.made, other.mount)).toMatchObject({ state: 'lazy', umount_blocked: true });
  });

  test('behind an oops it is not put', () => {
    const rig = ext4('v6.12');
    const [mapper, doomed] = [rig.mapper({ touched: 'write' }), touched(rig, '/doomed')];
    const pin = addPin(rig.made, mapper, PIPE);
    open(rig, mapper.pid, { file: doomed });
    unlink(rig, doomed);
    removeDevice(rig.made);
    expect(end(rig, mapper.pid)).toMatchObject(oopsOf('v6.12', 'process'));
    expect(found(rig.made.host.tables.pins.get(pin)).mapping).toBeNull();
  });

  test.each([
    ['oopses', 'v6.12', 'kernel_oops', ['gup_folio_next', 'dax_disassociate_entry']],
    ['waits', 'v7.3', 'blocked', ['unpin_user_pages_dirty_lock']],
  ] as const)('a worker dies of it before its task %s', (_how, kernel, result, ats) => {
    const rig = ext4(kernel);
    addDevice(rig.made, { name: DAX, mode: 'devdax' });
    const stale = rig.mapper({ touched: 'write' });
    const pinner = addMapper(rig.made, { dax_device: DAX, touched: 'write' });
    const { pid } = pinner;
    open(rig, pid, { file: rig.file() });
    unlink(rig, rig.file());
    addPin(rig.made, pinner, UMEM);
    rig.made.run({ type: 'munmap', mapping: pinner.mapping });
    for (const dax_device of [DAX, DEVICE]) removeDevice(rig.made, { dax_device });
    if (kernel === 'v7.3') bind(rig);
    if (kernel === 'v7.3') end(rig, stale.pid);
    else rig.made.run({ type: 'munmap', mapping: stale.mapping });
    const outcome = end(rig, pid);
    expect(outcome).toMatchObject({ result, kernel_oopses: ats.map((at) => ({ at })) });
    expect(found(rig.made.host.tables.hosts.get('h')).health).toBe('oopsed');
  });

  test('a direct I/O has ended before what was opened behind it', () => {
    const rig = ext4('v6.12');
    const doomed = touched(rig, '/doomed');
    addDevice(rig.made, { name: DAX, mode: 'devdax' });
    const live = addMapper(rig.made, { dax_device: DAX, touched: 'write' });
    addPin(rig.made, live, { kind: 'transient', holder: 'direct_io' });
    open(rig, live.pid, { file: doomed });
    unlink(rig, doomed);
    removeDevice(rig.made);
    expect(end(rig, live.pid)).toMatchObject(oopsOf('v6.12', 'process'));
    expect(rig.made.host.tables.pins.size).toBe(0);
  });
});
