import { afterAll, beforeAll, expect, test } from 'vitest';
import { differenceLine, differences, withoutRequest } from '../report.ts';
import type { Recorded } from '../recording.ts';
import { startService } from '../service.ts';
import { playSequence } from './play.ts';
import type { RecordedStep } from './recording.ts';

/** Verbs and commands that no published sequence has, or none with these options. */
let service: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const DONE = { ok: true } as const;
const RC0 = { rc: 0 } as const;

async function played(name: string, steps: readonly RecordedStep[]) {
  const observed = { script: steps } as object;
  const recording = { scenario: name, kernel: '6.12.0-test', status: 'observed', observed };
  const recorded: Recorded = { name, kernel: 'v6.12', recording };
  const told = await playSequence(recorded, service.call, []);
  return { told, differ: differences([told], 'core').map(differenceLine) };
}

const EXT4: readonly RecordedStep[] = [
  { op: ['fsdax'], r: DONE },
  { op: ['mkfs', 'ext4', ''], r: RC0 },
  { op: ['mount', '/mnt/a', 'always'], r: RC0 },
  { op: ['file', '/mnt/a/f', 4], r: DONE },
  { op: ['proc', 'w'], r: DONE },
  { op: ['map', 'w', 0, '/mnt/a/f', 4, 'shared', 'ro', 'ro'], r: DONE },
  { op: ['touch', 'w', 0, 'r', 0, 2097152], r: DONE },
];

test.each(['unlink', 'sh'])(
  'a file that is unlinked by %s is no longer found, its mapping goes on',
  async (verb) => {
    const unlinked: RecordedStep =
      verb === 'sh' ? { op: ['sh', 'rm -f /mnt/a/f'], r: RC0 } : { op: ['unlink', '/mnt/a/f'], r: DONE };
    const { differ } = await played(`unlinked-by-${verb}`, [
      ...EXT4,
      unlinked,
      { op: ['open', 'w', 1, '/mnt/a/f'], r: { ok: false, errno: 'ENOENT' } },
      { op: ['rd', 'w', 0, 4096], r: { ok: true, data: 'somebody' } },
      { op: ['file', '/mnt/a/f', 4], r: DONE },
      { op: ['kill', 'w'], r: { gone: true } },
      { op: ['sh', 'umount -l /mnt/a'], r: RC0 },
      { op: ['umount', '/mnt/a'], r: { rc: 32, stderr: 'umount: /mnt/a: not mounted.' } },
    ]);
    expect(differ).toEqual([]);
  },
);

test('the commands of the tools are asked of the service', async () => {
  const { differ } = await played('tools', [
    { op: ['devdax', '2M'], r: { ok: true, size: 1054867456 } },
    { op: ['sh', 'daxctl disable-device dax0.0'], r: RC0 },
    { op: ['sh', 'daxctl offline-memory dax0.0'], r: { rc: 250, stderr: 'No such device or address' } },
    { op: ['sh', 'daxctl enable-device dax0.0'], r: RC0 },
    { op: ['sh', 'echo offline > /sys/devices/system/memory/auto_online_blocks'], r: RC0 },
    { op: ['tokmem', 'offline', ''], r: RC0 },
    { op: ['sh', 'daxctl offline-memory dax0.0'], r: RC0 },
    { op: ['sh', 'echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind'], r: RC0 },
    { op: ['sh', 'echo dax0.0 > /sys/bus/dax/drivers/kmem/bind'], r: RC0 },
    { op: ['sh', 'daxctl online-memory dax0.0'], r: RC0 },
    { op: ['blocks'], r: {} },
  ]);
  // The last step shows none of the blocks: it alone differs, by all that are online again.
  expect(differ.map((line) => line.split(' | ')[1])).toEqual(['10 blocks', '10 blocks: zones']);
  expect(differ.join()).toContain('Movable');
});

test('what the API has no request for is named, and compared with nothing', async () => {
  const { told, differ } = await played('without-a-request', [
    ...EXT4,
    { op: ['ftruncate', 'w', 0, 0], r: DONE },
    { op: ['sh', 'cat /proc/meminfo'], r: RC0 },
  ]);
  expect(differ).toEqual([]);
  expect(withoutRequest([told])).toEqual([
    'no request: without-a-request | 7 ftruncate w 0 0',
    'no request: without-a-request | 8 sh cat /proc/meminfo',
  ]);
});

test('a store that fails and leaves its 2 MiB entry in place tells that jbd2 had committed', async () => {
  const steps = (r: RecordedStep['r']): readonly RecordedStep[] => [
    ...EXT4.slice(0, 5),
    { op: ['map', 'w', 0, '/mnt/a/f', 4, 'shared'], r: DONE },
    { op: ['touch', 'w', 0, 'r', 0, 2097152], r: DONE },
    { op: ['unbind', 'nd_pmem'], r: { blocked: false } },
    {
      op: ['wr', 'w', 0, 4096],
      r: { ok: false, signal: 'SIGBUS', si_code: 'BUS_ADRERR', si_addr_offset: 4096 },
    },
    { op: ['rd', 'w', 0, 8192], r },
  ];
  const kernel = { name: 'jbd2', kernel: 'v6.1' } as const;
  const differ = async (as: string, r: RecordedStep['r']) => {
    const recording = { scenario: as, kernel: '6.1.0-test', observed: { script: steps(r) } as object };
    return differences([await playSequence({ ...kernel, name: as, recording }, service.call, [])], 'core');
  };
  expect((await differ('kept', { ok: true })).map(differenceLine)).toEqual([]);
  const lost = { ok: false, signal: 'SIGBUS', si_code: 'BUS_ADRERR', si_addr_offset: 8192 } as const;
  expect((await differ('dropped', lost)).map(differenceLine)).toEqual([]);
});
