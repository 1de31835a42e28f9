import { expect, test } from 'vitest';
import { capacityOf } from '../../src/engine/questions/capacity.ts';
import { countBlocks } from '../../src/engine/model/memory_block.ts';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import { NO_ENTRIES, rowsOf } from '../../src/engine/model/mapping_table.ts';
import { answered, atRest, shape, told, touch } from './observe.ts';
import { importing } from './importing.ts';
import {
  blocksOf,
  fill,
  FIRST,
  NONE_ONLINE,
  offlineAll,
  ram,
  rangeOf,
  readAll,
  rebind,
  RECORDED,
  unbind,
  verdict,
  writeKmemState,
  writeState,
  type Ram,
} from './ram.ts';
import { DAX } from './rig.ts';
import {
  access,
  accessCommand,
  addDevice,
  addMapper,
  addPin,
  FIXED_BUFFER,
  fork,
  machine,
  MIB,
  PIPE,
  removeDevice,
  type Mapper,
} from './support.ts';

const HEAD = 0x108000000 - 0x101200000;
const BASE_PFN = 0x108000;

/** `pfn+pages kind` of each run of a mapping. */
function entriesOf({ made }: Ram, { mapping }: Mapper): string {
  const rows = [...rowsOf(made.host.entries.get(mapping) ?? NO_ENTRIES)];
  const runs = Array.from({ length: rows.length / 4 }, (_, at) => rows.slice(at * 4, at * 4 + 4));
  return runs
    .map(([, nr_pages, pfn]) =>
      pfn! < 0 ? String(nr_pages) : `${String(pfn! - BASE_PFN)}+${String(nr_pages)}`,
    )
    .join(' ');
}

test('[KM4] memory comes from the lowest free pages of online blocks, and goes back with munmap and exit', () => {
  const own = ram('v6.12');
  const [first, second, third] = [fill(own), fill(own), fill(own)];
  expect([first, second, third].map((one) => entriesOf(own, one))).toEqual([
    '0+1024',
    '1024+1024',
    '2048+1024',
  ]);
  own.made.run({ type: 'munmap', mapping: first.mapping });
  own.made.run({ type: 'exit_process', pid: third.pid });
  expect(entriesOf(own, fill(own, { length: 6 * MIB }))).toBe('0+1024 2048+512');
});

test('[KM4] a page that is poisoned, pinned or in an offline block is nobody’s', () => {
  const own = ram('v6.12', { online: [[FIRST + 1, 'online_kernel']] });
  const one = fill(own);
  expect(entriesOf(own, one)).toBe('32768+1024');
  addPin(own.made, one, PIPE);
  own.made.run({ type: 'munmap', mapping: one.mapping });
  own.made.run({
    ...{ type: 'memory_failure', dax_device: DAX, source: 'debugfs' },
    ...{ offset: HEAD + 128 * MIB + 8192, length: 4096 },
  });
  expect(entriesOf(own, fill(own))).toBe('32769+1 32771+1023');
});

test('[KM4] a private read finds the zero page, a store a page of its own', () => {
  const own = ram('v6.12');
  const one = fill(own, { touched: 'read' });
  expect([entriesOf(own, one), told(access(own.made, one.mapping, 'read'))]).toEqual(['1024', 'ok']);
  expect(access(own.made, one.mapping, 'write', { page: 2 }).faults.pte).toBe(1);
  expect(entriesOf(own, one)).toBe('2 0+1 1021');
});

test('[KM4] fork: private pages are shared until either side stores', () => {
  const own = ram('v6.12');
  const parent = fill(own, { length: MIB });
  const child = fork(own.made, parent.pid);
  expect(entriesOf(own, child)).toBe('0+256');
  access(own.made, child.mapping, 'write', { page: 4, pages: 2 });
  expect([entriesOf(own, parent), entriesOf(own, child)]).toEqual(['0+256', '0+4 256+2 6+250']);
  access(own.made, parent.mapping, 'write', { page: 3, pages: 4 });
  expect(entriesOf(own, parent)).toBe('0+3 258+1 4+2 259+1 7+249');
  expect(access(own.made, parent.mapping, 'read', { pages: 256 }).faults.pte).toBe(0);
  own.made.run({ type: 'exit_process', pid: child.pid });
  access(own.made, parent.mapping, 'write', { pages: 256 });
  expect(entriesOf(own, parent)).toBe('0+3 258+1 4+2 259+1 7+249');
});

test('[KM4] fork: a page of shared memory is one page, whoever touches it first', () => {
  const own = ram('v6.12');
  const parent = fill(own, { flags: ['shared'], length: MIB, touched: 'none' });
  access(own.made, parent.mapping, 'write', { page: 4 });
  const child = fork(own.made, parent.pid);
  access(own.made, child.mapping, 'read', { page: 8 });
  access(own.made, parent.mapping, 'read', { pages: 16 });
  expect(entriesOf(own, parent)).toBe('2+4 0+1 6+3 1+1 9+7');
  offlineAll(own.made);
  access(own.made, child.mapping, 'write', { pages: 16 });
  expect(shape(own.made, child)).toBe('16 anon');
});

test('[KM20] where the memory is full, what becomes of MAP_POPULATE is not guessed', () => {
  const own = ram('v6.12', { online: [[FIRST, 'online_movable']] });
  const big = { dax_device: DAX, flags: ['private'], length: 256 * MIB, touched: 'none' } as const;
  const one = addMapper(own.made, big);
  const populated = { type: 'create_mapping', pid: one.pid, ...big, offset: 0, prot: 'rw' } as const;
  const { touched: _touched, ...command } = populated;
  expect(answered(own.made, { ...command, populate: 'write' })).toBe('outcome_unknown');
});

test('[KM4] a node without memory takes no mapping', () => {
  const own = ram('v6.12', { online: NONE_ONLINE });
  const command = { type: 'create_process', comm: 'probe', pid: 7 } as const;
  own.made.run(command);
  const how = { offset: 0, length: MIB, flags: ['private'], prot: 'rw' } as const;
  expect(answered(own.made, { type: 'create_mapping', pid: 7, dax_device: DAX, ...how })).toBe('EINVAL');
});

test('[KM7] memory that is physically gone: what is read, migrated or unplugged there is not guessed', () => {
  const own = ram('v7.3');
  const owner = fill(own);
  const removal = unbind(own, { trigger: 'surprise_removal' });
  expect(removal.verdict).toBe('leaked');
  expect(removal.hazards.map(({ kind }) => kind)).toEqual(['leaked_range', 'data_loss']);
  expect(answered(own.made, accessCommand(owner.mapping, 'read'))).toBe('outcome_unknown');
  expect(writeState(own.made, FIRST, 'offline')).toBe('outcome_unknown');
  expect(writeState(own.made, FIRST + 1, 'offline')).toBe('ok');
});

test('[KM7] a medium that is gone while kmem is bound cannot be unplugged', () => {
  const own = ram('v7.3');
  addPin(own.made, fill(own), PIPE);
  writeState(own.made, FIRST, 'offline');
  unbind(own, { trigger: 'surprise_removal' });
  expect(writeKmemState(own, 'unplugged')).toBe('dax_device_busy');
});

test('[KM8] FU11 says nothing of pinned pages', () => {
  const own = ram('force-unmap', { host: { proposed: { kmem_memory_failure: true } } });
  addPin(own.made, fill(own), FIXED_BUFFER);
  const remove = { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' } as const;
  expect(answered(own.made, remove)).toBe('outcome_unknown');
});

test('[KM8] FU11 does not signal twice for a page that was poisoned before', () => {
  const own = ram('force-unmap', { host: { proposed: { kmem_memory_failure: true } } });
  const owner = fill(own, { mce_kill: 'early' });
  const removal = unbind(own);
  expect(atRest(removal, owner.pid)).toBe('AO lsb 12 x1024');
  rebind(own, { driver: 'kmem' });
  for (const at of [0, 1]) writeState(own.made, FIRST + at, 'online_movable');
  expect(atRest(unbind(own), owner.pid)).toBe('none');
  expect(touch(own.made, owner, 'write')).toBe('SIGBUS BUS_MCEERR_AR');
});

test('[KM6] without the parameter the step of FU11 does nothing', () => {
  expect(verdict(unbind(ram('force-unmap')))).toBe('completed, leaked, 0 signals');
});

test('[KM9] the record of a device goes with its memory, but not over memory that has leaked', () => {
  const own = ram('v6.12', { online: NONE_ONLINE });
  own.made.run({ type: 'delete_dax_device', dax_device: DAX });
  expect(own.made.host.tables.memory_ranges.size).toBe(0);
  const burnt = ram('v6.12');
  unbind(burnt);
  expect(answered(burnt.made, { type: 'delete_dax_device', dax_device: DAX })).toBe('dax_device_in_use');
});

test('[KM9] capacity: what has leaked stays in the sum where a smaller medium comes', () => {
  const own = ram('v6.12');
  unbind(own, { trigger: 'surprise_removal' });
  own.made.run({
    type: 'record_hotplug_event',
    action: 'replace',
    dax_device: DAX,
    media: { size: 256 * MIB },
  });
  const { total, free, used, leaked, leaked_ranges } = capacityOf(own.made.host);
  expect({ total, free, used, leaked }).toEqual({ total: 896 * MIB, free: 0, used: 0, leaked: 896 * MIB });
  expect(leaked_ranges).toEqual([
    {
      phys_addr: '0x108000000',
      size: 896 * MIB,
      dax_device: DAX,
      since: '2026-01-01T00:00:00Z',
      until: 'reboot',
    },
  ]);
});

test('[KM9] capacity of a device whose address nobody told', () => {
  const made = machine('v6.1', 0, { auto_online_blocks: 'online' });
  addDevice(made, { name: 'dax1.0', mode: 'system-ram', size: 200 * MIB });
  addDevice(made, { name: 'pmem3', size: 64 * MIB, state: 'unbound' });
  addDevice(made, { name: 'pmem4', size: 64 * MIB });
  removeDevice(made, { dax_device: 'dax1.0' });
  expect(capacityOf(made.host)).toMatchObject({
    ...{ total: 328 * MIB, free: 136 * MIB, used: 64 * MIB, leaked: 128 * MIB },
    leaked_ranges: [{ phys_addr: '0x30000000000000', size: 128 * MIB }],
  });
  const blocks = made.ask({ type: 'survey_memory_blocks', dax_device: 'dax1.0', start: 0, limit: 9 });
  expect(blocks).toMatchObject({ total: 1, items: [{ phys_addr: null, leaked: true }] });
  expect(made.ask({ type: 'survey_capacity' }).total).toBe(328 * MIB);
});

test('[KM2] memory blocks are listed from anywhere, none of a device without memory', () => {
  const own = ram('v6.12');
  fill(own);
  const survey = { type: 'survey_memory_blocks', dax_device: DAX } as const;
  const { items, total } = own.made.ask({ ...survey, start: 5, limit: 10 });
  expect([total, items.map(({ name }) => name)]).toEqual([7, ['memory38', 'memory39']]);
  expect(own.made.ask({ ...survey, start: 9, limit: 10 }).items).toEqual([]);
  const { memory_block: one } = own.made.ask({
    ...{ type: 'survey_memory_block', dax_device: DAX, block: FIRST },
  });
  expect(one).toMatchObject({ name: 'memory33', state: 'online_movable', pages_in_use: 1024, node: 1 });
  addDevice(own.made, { name: 'pmem5' });
  expect(own.made.ask({ ...survey, dax_device: 'pmem5', start: 0, limit: 1 }).total).toBe(0);
  const gone = { type: 'survey_memory_block', dax_device: DAX } as const;
  for (const block of [FIRST - 1, FIRST + 7])
    expect(own.made.tryAsk({ ...gone, block })).toMatchObject({ code: 'memory_block_not_found' });
});

test('[KM1] blocks of 2 GiB where the machine has much RAM', () => {
  const host = { memory_block_bytes: 2048 * MIB };
  const own = ram('v7.3', {
    host,
    device: { size: 8192 * MIB, phys_addr: '0x101000000' },
    online: NONE_ONLINE,
  });
  expect([rangeOf(own)?.nr_pages, own.log[0]]).toEqual([
    (3 * 2048 * MIB) / 4096,
    'kmem dax0.0: DAX region truncated by 2048 MiB due to alignment',
  ]);
});

const LISTED: ImportedDevice = { ...RECORDED, mode: 'system-ram', change: 'created' };

function imported(kernel: 'v5.10' | 'v6.1', ...devices: readonly ImportedDevice[]): Ram {
  const made = machine(kernel, 0, { auto_online_blocks: 'online' });
  for (const device of devices)
    made.run({ type: 'import_inventory', imported: '', devices: [device], record: {} });
  return { made, log: [] };
}

test('[KM9] a listing tells how many blocks there are, how many online, and whether movable', () => {
  const counts = [
    { online: 3, total: 7, movable: true },
    { online: 7, total: 7, movable: false },
    { online: 0, total: 7, movable: null },
    { online: 1, total: 1, movable: true },
    { online: 99, total: 99, movable: true },
  ];
  const own = counts.map((memory_blocks) => imported('v6.1', { ...LISTED, memory_blocks }));
  expect(own.map(blocksOf)).toEqual([
    '3 online_movable Movable, 4 offline',
    '7 online Normal',
    '7 offline',
    '1 online_movable Movable',
    '7 online_movable Movable',
  ]);
  expect(own.map((one) => rangeOf(one)!.block_bytes / MIB)).toEqual([128, 128, 128, 512, 128]);
  expect(own.slice(0, 3).map((one) => countBlocks(rangeOf(one)!))).toEqual(counts.slice(0, 3));
});

test('[KM9] a later listing: what is used or has leaked stays, what left its driver goes', () => {
  const memory_blocks = { online: 7, total: 7, movable: true };
  const first = { ...LISTED, memory_blocks };
  const again = { ...LISTED, change: 'updated' } as const;
  expect(blocksOf(imported('v6.1', first, again))).toBe('7 online_movable Movable');
  expect(blocksOf(imported('v6.1', first, { ...again, mode: 'devdax' }))).toBe('none');
  expect(blocksOf(imported('v6.1', first, { ...again, state: 'unbound' }))).toBe('none');
  const down = { ...again, memory_blocks: { online: 0, total: 7, movable: null } };
  expect(blocksOf(imported('v6.1', first, down))).toBe('7 offline');
  const moved = { ...again, phys_addr: '0x200000000' };
  expect(rangeOf(imported('v6.1', first, moved))?.base_pfn).toBe(0x200000);
  const used = imported('v6.1', first);
  fill(used);
  used.made.run({ type: 'import_inventory', imported: '', devices: [down], record: {} });
  expect(blocksOf(used)).toBe('7 online_movable Movable');
  const burnt = imported('v6.1', first);
  unbind(burnt);
  burnt.made.run({ type: 'import_inventory', imported: '', devices: [down], record: {} });
  expect(blocksOf(burnt)).toBe('7 online_movable Movable');
  const late = imported('v6.1', { ...LISTED, mode: 'devdax' }, { ...again, memory_blocks });
  expect(blocksOf(late)).toBe('7 online_movable Movable');
});

test('[KM1] a created system-ram device whose probe fails is refused, and a listed one left out', () => {
  const made = machine('v6.1');
  const command = { type: 'create_dax_device', ...RECORDED, mode: 'system-ram', size: 64 * MIB } as const;
  expect(answered(made, command)).toBe('EINVAL');
  const listed: ImportedDevice = { ...LISTED, size: 64 * MIB };
  const left = made.run(importing([listed]));
  expect(JSON.parse(left)).toMatchObject({ devices: [], skipped: [{ name: 'dax0.0', reason: 'refused' }] });
  expect(made.host.tables.dax_devices.size).toBe(0);
  const empty = imported('v5.10', listed);
  expect(blocksOf(empty)).toBe('none');
  expect(verdict(unbind(empty))).toBe('completed, contained, 0 signals');
});

test('[KM10] soft-reserved memory that kmem cannot take stays without driver after a boot', () => {
  const made = machine('v6.12');
  addDevice(made, { name: 'dax1.0', mode: 'devdax', provider: 'hmem', size: 64 * MIB, target_node: 1 });
  made.run({ type: 'reboot' });
  expect(made.host.tables.dax_devices.get('dax1.0')).toMatchObject({ state: 'unbound', driver: null });
});

test('[KM3] parent and child: unbinding dax_pmem takes kmem along, binding it makes a devdax', () => {
  const own = ram('v6.12', { online: NONE_ONLINE });
  unbind(own, { via: 'dax_pmem' });
  expect(rebind(own, { driver: 'kmem' })).toBe('ENODEV');
  expect(rebind(own, { driver: 'dax_pmem' })).toBe('ok');
  expect(own.made.host.tables.dax_devices.get(DAX)).toMatchObject({ mode: 'devdax', driver: 'device_dax' });
});

test('[KM3] what a longterm pin has moved away outlives the range without harm', () => {
  const own = ram('v6.12');
  const owner = fill(own);
  const pin = addPin(own.made, owner, FIXED_BUFFER);
  offlineAll(own.made);
  unbind(own);
  rebind(own, { driver: 'kmem' });
  expect(answered(own.made, { type: 'unpin', pin })).toBe('ok');
  expect(readAll(own, owner)).toBe('ok');
});

test('[KM5] v7.3: an online state behind an offline that waits does not return', () => {
  const own = ram('v7.3', { online: NONE_ONLINE });
  writeKmemState(own, 'unplugged');
  addDevice(own.made, { name: 'dax9.0', mode: 'system-ram', size: 256 * MIB, phys_addr: '0x800000000' });
  const other = { type: 'patch_memory_block', dax_device: 'dax9.0', block: 256 } as const;
  own.made.run({ ...other, state: 'online_movable' });
  const mapper = addMapper(own.made, {
    dax_device: 'dax9.0',
    flags: ['private'],
    length: MIB,
    touched: 'write',
  });
  addPin(own.made, mapper, PIPE);
  own.made.run({ ...other, state: 'offline' });
  expect(writeKmemState(own, 'online')).toBe('dax_device_busy');
});

test('[S44] [KM5] v7.3: the state goes with the driver, and is none of a devdax', () => {
  const own = ram('v7.3');
  expect(own.made.host.tables.dax_devices.get(DAX)?.kmem_state).toBe('offline');
  for (const state of ['unplugged', 'online'] as const) writeKmemState(own, state);
  expect(blocksOf(own)).toBe('7 online Normal');
  unbind(own);
  expect(writeKmemState(own, 'unplugged')).toBe('ENOENT');
});

test('[KM3] a pin from before kmem is a hazard yet, one of the memory that stays is none', () => {
  const made = machine('v6.12', 0, { auto_online_blocks: 'online' });
  addDevice(made, RECORDED);
  const own = { made, log: [] };
  addPin(made, addMapper(made, { dax_device: DAX }), FIXED_BUFFER);
  unbind(own);
  made.run({ type: 'bind', dax_device: DAX, mode: 'system-ram' });
  addPin(made, fill(own), PIPE);
  const { hazards, verdict: left } = unbind(own);
  const pins = hazards.filter(({ kind }) => kind === 'pin_outlives_pgmap').map(({ pin }) => pin);
  expect([left, pins]).toEqual(['exposed', [[...made.host.tables.pins.keys()][0]]]);
});

test('[KM1] a node has its counters while it has memory, of whichever device', () => {
  const own = ram('v6.12', { online: NONE_ONLINE });
  const nodes = () => Object.keys([...own.made.host.tables.hosts.values()][0]!.counters.memory_failure);
  const other = { mode: 'system-ram', size: 256 * MIB, target_node: 1 } as const;
  addDevice(own.made, { ...other, name: 'dax8.0', phys_addr: '0x800000000' });
  unbind(own);
  expect(nodes()).toEqual(['node0', 'node1']);
  removeDevice(own.made, { dax_device: 'dax8.0' });
  expect(nodes()).toEqual(['node0']);
  addDevice(own.made, { ...other, name: 'dax9.0', phys_addr: '0x900000000', target_node: 0 });
  removeDevice(own.made, { dax_device: 'dax9.0' });
  expect(nodes()).toEqual(['node0']);
});
