import { describe, expect, test } from 'vitest';
import type { Topology } from '../../src/engine/model/topology.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  addProcess,
  emptyMachine,
  fork,
  machine,
  MIB,
  PIPE,
  removeDevice,
  settle,
  type Machine,
} from './support.ts';
import { exported, putOn } from './topology_rig.ts';

const FILE = { mount: '/mnt/a', path: '/data' };
const MAPPED = { file: FILE, offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;
const PINNED = { offset: 0, length: 4096, kind: 'transient', holder: 'vmsplice' } as const;
const DEVICE = { name: 'pmem0', mode: 'fsdax', size: 64 * MIB } as const;
const MOUNT = { dax_device: 'pmem0', path: '/mnt/a', fs_type: 'xfs', dax: 'always' } as const;
const WHOLE: Topology = {
  kernel: 'v6.12',
  dax_devices: [DEVICE],
  mounts: [MOUNT],
  files: [{ ...FILE, size: 4 * MIB }],
  processes: [
    { pid: 7, comm: 'child', parent_pid: 6 },
    { pid: 6, comm: 'parent' },
  ],
  open_files: [{ pid: 6, file: FILE, flags: ['rdwr'] }],
  mappings: [
    { pid: 6, ...MAPPED },
    { pid: 6, ...MAPPED, populate: 'write' },
  ],
  pins: [{ pid: 6, mapping: { ...MAPPED, nth: 0 }, ...PINNED }],
};

/** It stands under the name of the first mount. */
const BY_SECOND_MOUNT: Partial<Topology> = {
  mounts: [MOUNT, { ...MOUNT, path: '/second' }],
  files: [{ mount: '/second', path: FILE.path, size: 4 * MIB }],
  open_files: [],
  mappings: [{ pid: 6, ...MAPPED, file: { mount: '/second', path: FILE.path } }],
  pins: [],
};

function put(topology: Topology = WHOLE, made: Machine = emptyMachine('v6.12')): Machine {
  expect(putOn(made, topology)).toMatchObject({ answer: { changes: expect.anything() as unknown } });
  return made;
}

const opsOf = (made: Machine, topology: Topology): string[] => {
  const decision = putOn(made, topology);
  if (!('answer' in decision)) throw new Error(`${decision.code}: ${decision.detail}`);
  return decision.answer.changes.map(({ op, kind }) => `${op} ${kind}`);
};

describe('[TOPO1] a PUT', () => {
  test('makes all that is declared, parents before their children, and does nothing again', () => {
    const made = put();
    expect([...made.host.tables.processes.keys()]).toEqual(['6', '7']);
    expect(opsOf(made, WHOLE)).toEqual([]);
    expect(exported(put(exported(made)))).toEqual(exported(made));
  });

  test('ends what is not declared, users before what they use', () => {
    const made = put();
    expect(opsOf(made, { kernel: 'v6.12' })).toEqual([
      'delete pins',
      'delete mappings',
      'delete mappings',
      'delete open_files',
      'delete processes',
      'delete processes',
      'delete mounts',
      'delete dax_devices',
    ]);
    expect(exported(made)).toMatchObject({ dax_devices: [], mounts: [], files: [], processes: [] });
  });

  test('tells apart mappings that are alike by their order, and who says most chooses first', () => {
    const made = put();
    const second = { ...WHOLE, pins: [{ pid: 6, mapping: { ...MAPPED, nth: 1 }, ...PINNED }] };
    expect(opsOf(made, second)).toEqual(['delete pins', 'create pins']);
    expect([...made.host.tables.pins.values()].map(({ mapping }) => mapping)).toEqual(['v6']);
  });

  test('changes what an operator sets of a host, and says which members', () => {
    const made = put();
    const host = { sysctl: { memory_failure_early_kill: 1 }, labels: { rack: 'r1' } } as const;
    const probes = { kernel_probes: { symbols: { memremap_pages: true } } };
    const decision = putOn(made, { ...WHOLE, ...host, ...probes, proposed: { kmem_memory_failure: false } });
    expect(decision).toMatchObject({
      answer: {
        changes: [{ op: 'change', kind: 'hosts', name: { name: 'h' }, fields: { ...host, ...probes } }],
      },
    });
    expect(exported(made)).toMatchObject({ ...host, ...probes });
    expect(opsOf(made, { ...WHOLE, ...host, ...probes })).toEqual([]);
  });

  test('of a host that says its release compares that, whatever profile stands beside it', () => {
    const topology = { kernel: 'v6.12', kernel_release: '6.12.1' } as const;
    expect(opsOf(put(topology), topology)).toEqual([]);
  });

  test('changes what there is a verb for of a device, and binds it', () => {
    const made = put({ kernel: 'v6.12', dax_devices: [{ ...DEVICE, state: 'unbound' }] });
    const device = { ...DEVICE, tenant: 'a', state: 'bound', holders: 'told' } as const;
    const topology: Topology = { kernel: 'v6.12', dax_devices: [device] };
    expect(opsOf(made, topology)).toEqual(['change dax_devices']);
    expect(made.host.tables.dax_devices.get('pmem0')).toMatchObject({ tenant: 'a', state: 'bound' });
    expect(opsOf(made, { kernel: 'v6.12', dax_devices: [{ ...DEVICE, tenant: null }] })).toEqual([
      'change dax_devices',
    ]);
  });

  test('mounts the file system that is there, and makes one where there is none such', () => {
    const made = put();
    put({ ...WHOLE, mounts: [], files: [], open_files: [], mappings: [], pins: [] }, made);
    expect(opsOf(made, { ...WHOLE, open_files: [], mappings: [], pins: [] })).toEqual(['create mounts']);
    put({ ...WHOLE, mounts: [], files: [], open_files: [], mappings: [], pins: [] }, made);
    const without = {
      kernel: 'v6.12',
      dax_devices: [DEVICE],
      mounts: [MOUNT],
      processes: WHOLE.processes!,
    } as const;
    expect(opsOf(made, without)).toEqual(['create mounts', 'delete files']);
    put({ kernel: 'v6.12', dax_devices: [DEVICE] }, made);
    const other = { ...without, mounts: [{ ...MOUNT, rmapbt: true }], processes: [] };
    expect(opsOf(made, other)).toEqual(['create mounts']);
    expect(exported(made)).toMatchObject({ mounts: [{ rmapbt: true }] });
  });

  test('makes a mount read-only at its end, and writable at its begin', () => {
    const topology: Topology = {
      kernel: 'v6.12',
      dax_devices: [DEVICE],
      mounts: [{ ...MOUNT, read_only: true }],
      files: WHOLE.files!,
    };
    const made = put(topology);
    expect(opsOf(made, topology)).toEqual([]);
    const more = {
      ...topology,
      mounts: [MOUNT],
      files: [...WHOLE.files!, { ...FILE, path: '/b', size: MIB }],
    };
    expect(putOn(made, more)).toMatchObject({ code: 'kernel_refused', pointer: '/files/1' });
    const writable = { ...more, mounts: [{ ...MOUNT, read_only: false }] };
    expect(opsOf(made, writable)).toEqual(['change mounts', 'create files']);
    expect(opsOf(made, { ...writable, mounts: topology.mounts! })).toEqual(['change mounts']);
  });

  test('ends what a fork has inherited and is not declared', () => {
    const made = put();
    const processes = [...WHOLE.processes!, { pid: 8, comm: 'late', parent_pid: 6 }];
    expect(opsOf(made, { ...WHOLE, processes })).toEqual([
      'create processes',
      'delete open_files',
      'delete mappings',
      'delete mappings',
    ]);
  });
});

describe('[TOPO1] a refusal points to the member, and nothing is applied', () => {
  test.each<readonly [string, Partial<Topology>, string, string]>([
    [
      'a mount at no device',
      { mounts: [{ ...MOUNT, dax_device: 'pmem9' }] },
      'invalid_field',
      '/mounts/0/dax_device',
    ],
    ['a file at no mount', { mounts: [] }, 'invalid_field', '/files/0/mount'],
    ['a descriptor of no file', { files: [] }, 'invalid_field', '/open_files/0/file'],
    ['a file by the second mount of its file system', BY_SECOND_MOUNT, 'invalid_field', '/mappings/0/file'],
    ['a mapping of no file', { files: [], open_files: [] }, 'invalid_field', '/mappings/0/file'],
    ['a pin of no mapping', { mappings: [] }, 'invalid_field', '/pins/0/mapping'],
    ['a mapping of no process', { processes: [], open_files: [] }, 'invalid_field', '/mappings/0/pid'],
    [
      'a child of nobody',
      { processes: [{ pid: 7, comm: 'child', parent_pid: 6 }] },
      'invalid_field',
      '/processes/0/parent_pid',
    ],
    [
      'parents of each other',
      {
        processes: [
          { pid: 7, comm: 'a', parent_pid: 6 },
          { pid: 6, comm: 'b', parent_pid: 7 },
        ],
      },
      'invalid_field',
      '/processes/1/parent_pid',
    ],
    ['what is declared twice', { mounts: [MOUNT, MOUNT] }, 'invalid_field', '/mounts/1'],
    [
      'no kernel',
      {
        kernel: 'v6.12',
        kernel_release: null,
        kernel_probes: { btf: { 'dev_pagemap.ref': 'pointer', x: true } },
        proposed: { kmem_memory_failure: true },
      },
      'invalid_field',
      '/proposed/kmem_memory_failure',
    ],
  ])('%s', (_name, more, code, pointer) => {
    const made = emptyMachine('v6.12');
    expect(putOn(made, { ...WHOLE, ...more })).toMatchObject({ refused: true, code, pointer });
    expect(made.host.tables.hosts.size).toBe(0);
  });
});

describe('[TOPO4] what no verb makes so is not attainable', () => {
  test.each<readonly [string, Partial<Topology>, string]>([
    ['another kernel', { kernel: 'v6.1' }, '/kernel'],
    ['another size', { dax_devices: [{ ...DEVICE, size: MIB }] }, '/dax_devices/0/size'],
    [
      'a device that is to be unbound',
      { dax_devices: [{ ...DEVICE, state: 'unbound' }] },
      '/dax_devices/0/state',
    ],
    ['another fs_type', { mounts: [{ ...MOUNT, fs_type: 'ext4' }] }, '/mounts/0/fs_type'],
    [
      'another comm',
      {
        processes: [
          { pid: 6, comm: 'x' },
          { pid: 7, comm: 'child' },
        ],
      },
      '/processes/0/comm',
    ],
    [
      'entries past the end of a file',
      {
        mappings: [
          { pid: 6, ...MAPPED },
          { pid: 6, ...MAPPED, length: 8 * MIB, populate: 'read' },
        ],
      },
      '/mappings/1',
    ],
  ])('%s', (_name, more, pointer) => {
    const made = put();
    const before = exported(made);
    expect(putOn(made, { ...WHOLE, ...more })).toMatchObject({ code: 'not_attainable', pointer });
    expect(exported(made)).toEqual(before);
  });

  test('a mount that comes to stand otherwise than declared', () => {
    const dax_devices = [DEVICE];
    const part = { ...MOUNT, partition: 1 };
    const mounts = [part, { ...MOUNT, path: '/mnt/b', partition: 2 }];
    expect(putOn(emptyMachine('v6.12'), { kernel: 'v6.12', dax_devices, mounts })).toMatchObject({
      code: 'not_attainable',
      pointer: '/mounts/1/dax',
    });
  });

  test('a file whose pages are held by nobody knows whom', () => {
    const made = put();
    made.run({ type: 'munmap', mapping: 'v5' });
    made.run({ type: 'munmap', mapping: 'v6' });
    const rest = { ...WHOLE, files: [], open_files: [], mappings: [], pins: [] };
    expect(putOn(made, rest)).toMatchObject({ code: 'outcome_unknown', pointer: '/files' });
  });

  test('a step that ends otherwise than it should', () => {
    const made = machine('v6.12');
    addDevice(made);
    const mount = addMount(made);
    const mapper = addMapper(made, { file: addFile(made, mount.id, '/data') });
    addPin(made, mapper, PIPE);
    removeDevice(made);
    settle(made);
    expect(putOn(made, { kernel: 'v6.12', dax_devices: [DEVICE] })).toMatchObject({
      code: 'not_attainable',
      pointer: '/processes',
    });
  });
});

describe('[TOPO2] an export', () => {
  test('is of what is alive: a mount that is shut down, and its files, are left out', () => {
    const made = put();
    put({ ...WHOLE, processes: [], open_files: [], mappings: [], pins: [] }, made);
    made.run({ type: 'shutdown_mount', mount: [...made.host.tables.mounts.keys()][0]! });
    expect(made.ask({ type: 'export_topology' })).toMatchObject({
      mounts: [],
      files: [],
      not_declared: { mounts: 1, files: 1 },
    });
  });

  test('names a file by the first mount of its file system, and no file of holes outside of DAX', () => {
    const made = machine('v6.12');
    addDevice(made);
    const mount = addMount(made);
    addMount(made, { path: '/mnt/b', mkfs: false });
    addFile(made, mount.id, '/whole');
    made.run({ type: 'create_file', mount: mount.id, path: '/holes', size: 4 * MIB, sparse: true });
    expect(exported(made).files).toMatchObject([
      { mount: '/mnt/a', path: '/whole', sparse: false },
      { mount: '/mnt/a', path: '/holes', sparse: true },
    ]);
    for (const { id } of [...made.host.tables.mounts.values()])
      made.run({ type: 'umount', mount: id, lazy: false });
    addMount(made, { dax: 'never', mkfs: false });
    expect(exported(made).files).toMatchObject([{ path: '/whole' }]);
  });

  test('leaves out a pin of a file of holes, where a gup may find no page', () => {
    const made = machine('v6.12');
    addDevice(made);
    const mount = addMount(made);
    const file = {
      type: 'create_file',
      mount: mount.id,
      path: '/holes',
      size: 4 * MIB,
      sparse: true,
    } as const;
    const { id } = made.run(file);
    addPin(made, addMapper(made, { file: id, populate: 'write' }), PIPE);
    expect(made.ask({ type: 'export_topology' })).toMatchObject({ pins: [], not_declared: { pins: 1 } });
  });

  test('leaves out, and counts, what no POST would make so', () => {
    const made = machine('v6.12');
    addDevice(made);
    addDevice(made, { name: 'pmem1' });
    const mount = addMount(made);
    const mapper = addMapper(made, { file: addFile(made, mount.id, '/data') });
    addPin(made, mapper, PIPE);
    made.run({ type: 'munmap', mapping: mapper.mapping });
    made.run({ type: 'exit_process', pid: addProcess(made, { comm: 'ended' }) });
    removeDevice(made, { dax_device: 'pmem1' });
    settle(made);
    expect(made.ask({ type: 'export_topology' })).toMatchObject({
      dax_devices: [{ name: 'pmem0' }, { name: 'pmem1', state: 'unbound' }],
      not_declared: { processes: 1, pins: 1, removals: 1 },
    });
  });

  test('says of entries only what is exactly so', () => {
    const made = put();
    const populateOf = () => exported(made).mappings!.map(({ populate }) => populate);
    expect(populateOf()).toEqual([undefined, 'write']);
    made.run({ type: 'unpin', pin: [...made.host.tables.pins.keys()][0]! });
    expect(populateOf()).toEqual(['read', 'write']);
    const [first, second] = [...made.host.tables.mappings.keys()] as [string, string];
    for (const mapping of [first, second])
      made.run({ type: 'access', mapping, kind: 'madvise_dontneed', offset: 0, length: 2 * MIB });
    expect(populateOf()).toEqual([undefined, undefined]);
    const small = { type: 'create_mapping', pid: 6, file: [...made.host.tables.files.keys()][0]! } as const;
    const pages = { offset: 0, length: 16384, flags: ['shared'], page_size: 4096 } as const;
    const { id } = made.run({ ...small, ...pages, prot: 'rw', populate: 'none' }) as { readonly id: string };
    made.run({ ...small, ...pages, prot: 'r', populate: 'read' });
    const touch = (kind: 'read' | 'write', offset: number, length: number): unknown =>
      made.run({ type: 'access', mapping: id, kind, offset, length });
    touch('read', 4096, 4096);
    expect(populateOf().slice(2)).toEqual([undefined, 'read']);
    touch('read', 0, 8192);
    expect(populateOf().slice(2)).toEqual([undefined, 'read']);
    touch('read', 8192, 8192);
    expect(populateOf().slice(2)).toEqual(['read', 'read']);
    touch('write', 0, 4096);
    expect(populateOf().slice(2)).toEqual([undefined, 'read']);
  });

  test('of memory of a system-ram device is without entries, and only where it goes online by itself', () => {
    const made = machine('v6.12', 0, { auto_online_blocks: 'online_movable' });
    addDevice(made, { name: 'dax0.0', mode: 'system-ram', size: 256 * MIB });
    const mapper = addMapper(made, { dax_device: 'dax0.0', populate: 'write' });
    fork(made, mapper.pid);
    const topology = exported(made);
    expect(topology.mappings).toMatchObject([{ dax_device: 'dax0.0' }, { dax_device: 'dax0.0' }]);
    expect(topology.mappings!.some(({ populate }) => populate !== undefined)).toBe(false);
    made.run({ type: 'patch_host', auto_online_blocks: 'offline' });
    expect(exported(made).mappings).toEqual([]);
  });
});
