import { expect, test } from 'vitest';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { cached, devdax, ext4 } from './rig.ts';
import { fill, NONE_ONLINE, ram, unbind } from './ram.ts';
import {
  access,
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  addProcess,
  DEVICE,
  fileIo,
  found,
  machine,
  MIB,
  PAGE,
  PIPE,
  removeDevice,
  settle,
  type Machine,
} from './support.ts';

const PULLED = { trigger: 'surprise_removal' } as const;

/** What the removal lost by its hazard, and what was dirty by its report. */
function lost({ hazards, report }: RemovalRecord): [told: string[], dirty: number | undefined] {
  const told = hazards.filter(({ kind }) => kind === 'data_loss').map(({ detail }) => detail);
  return [told, report.blast_radius?.dirty_bytes];
}

function bytes(count: number): string[] {
  return [
    `${String(count)} bytes that were stored, and not written back before the medium was gone, are lost`,
  ];
}

/** A file in the page cache of which one page was written by write(2), and nobody maps it. */
function written(mode: 'fsdax' | 'raw' | 'sector'): { made: Machine; pid: number; file: string } {
  const { made, file } = cached('v6.12', mode);
  const pid = addProcess(made);
  fileIo(made, pid, file(), 'pwrite');
  return { made, pid, file: file() };
}

test.each(KERNEL_NAMES)('[DL1] a file that is mapped rw and was only read loses nothing, on %s', (kernel) => {
  const { made, mapper } = ext4(kernel);
  mapper();
  expect(lost(removeDevice(made, PULLED))).toEqual([[], 0]);
});

test.each(KERNEL_NAMES)('[DL1] what was stored through a mapping and not synced is lost, on %s', (kernel) => {
  const { made, mapper } = ext4(kernel);
  mapper({ touched: 'write' });
  expect(lost(removeDevice(made, PULLED))).toEqual([bytes(2 * MIB), 2 * MIB]);
});

test.each(['fsdax', 'raw', 'sector'] as const)(
  '[DL1] what write(2) left in the page cache of a %s device is lost, and what fsync(2) saved is not',
  (mode) => {
    expect(lost(removeDevice(written(mode).made, PULLED))).toEqual([bytes(PAGE), PAGE]);
    const { made, pid, file } = written(mode);
    fileIo(made, pid, file, 'fsync');
    expect(lost(removeDevice(made, PULLED))).toEqual([[], 0]);
  },
);

test('[DL1] an unbind writes back while the medium is there, and an orderly removal unmounts', () => {
  expect(lost(removeDevice(written('raw').made))).toEqual([[], PAGE]);
  expect(lost(removeDevice(written('raw').made, { trigger: 'orderly_removal' }))).toEqual([[], 0]);
});

test('[DL1] of a devdax no kernel knows what is dirty; a page of a writer that has ended is dirty still', () => {
  const chardev = devdax('v6.12', { name: DEVICE });
  addMapper(chardev.made, { dax_device: DEVICE, touched: 'write' });
  expect(lost(removeDevice(chardev.made, PULLED))).toEqual([[], 0]);
  const { made, mapper } = ext4('v6.12');
  const { pid } = mapper({ touched: 'write' });
  made.run({ type: 'exit_process', pid });
  expect(lost(removeDevice(made, PULLED))[0]).toEqual(bytes(2 * MIB));
});

test('[DL1] what processes keep in system RAM has no other place; memory that nobody uses holds nothing', () => {
  const used = ram('v6.12');
  fill(used);
  expect(lost(unbind(used, PULLED))[0]).toEqual(bytes(4 * MIB));
  const zeros = ram('v6.12');
  fill(zeros, { touched: 'read' });
  expect(lost(unbind(zeros, PULLED))[0]).toEqual([]);
  expect(lost(unbind(ram('v6.12', { online: NONE_ONLINE }), PULLED))[0]).toEqual([]);
});

test.each([
  ['cxl_mem', bytes(PAGE)],
  ['cxl_region', []],
] as const)(
  '[DL1] [CX3] an unbind via %s loses what it flushes after the decoders were reset',
  (via, told) => {
    const made = machine('v6.12');
    addDevice(made, { provider: 'CXL' });
    const file = addFile(made, addMount(made).id, '/a');
    const { mapping } = addMapper(made, { file, touched: 'none', small: true });
    access(made, mapping, 'write');
    const removal = removeDevice(made, { via });
    expect(lost(removal)).toEqual([told, PAGE]);
    const loss = removal.hazards.filter(({ kind }) => kind === 'data_loss');
    expect(loss.map(({ triggered_by }) => triggered_by)).toEqual(told.map(() => ['unbind']));
  },
);

test('[DL1] a removal that is older than the count of what was dirty tells no loss', () => {
  const { made, mapper } = ext4('v5.10');
  const one = mapper({ touched: 'write' });
  const pin = addPin(made, one, PIPE);
  const waiting = removeDevice(made, PULLED);
  expect(waiting.state).toBe('waiting');
  const report = { ...waiting.report, blast_radius: null };
  made.host.tables.removals.set(waiting.id, { ...waiting, report });
  made.run({ type: 'unpin', pin });
  const ended = settle(made);
  expect([ended.state, lost(ended)]).toEqual(['completed', [[], undefined]]);
  expect(found(made.host.tables.dax_devices.get(DEVICE)).media_present).toBe(false);
});
