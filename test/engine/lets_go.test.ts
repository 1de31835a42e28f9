import { expect, test } from 'vitest';
import { advice } from './imagine.ts';
import { devdax, ext4, rmapbt } from './rig.ts';
import {
  access,
  addFile,
  addMount,
  addDevice,
  addPin,
  addProcess,
  DEVICE,
  MIB,
  PIPE,
  removeDevice,
  type Machine,
} from './support.ts';

const unbind = { type: 'plan_removals', trigger: 'unbind' } as const;
const stops = (made: Machine) =>
  advice(made).find(({ action }) => action === 'stop_processes' || action === 'stop_processes_and_umount')!;
const whys = (made: Machine) =>
  made
    .ask(unbind)
    .order.filter(({ action }) => action === 'stop_process')
    .map(({ why }) => why);

/** A process that has a file open, mapped or not. */
function opener({ made, file }: ReturnType<typeof ext4>): number {
  const pid = addProcess(made);
  made.run({ type: 'open_file', pid, file: file(), flags: ['rdwr'] });
  return pid;
}

test('[ADV16] who has a file open, or maps it, is ended by kill(1), or lets go by itself: both are said', () => {
  const rig = ext4('v6.12');
  const [maps, opens] = [rig.mapper().pid, opener(rig)].map(String);
  expect(stops(rig.made).detail).toBe(
    `stop the processes that use the device, then unmount, before the removal; instead of being ended, processes ${opens!}, ${maps!} may themselves unmap and close what they have of pmem0`,
  );
  expect(whys(rig.made)).toEqual([
    expect.stringMatching(/; or it unmaps and closes itself what it has of pmem0$/),
    expect.stringMatching(/; or it unmaps and closes itself what it has of pmem0$/),
  ]);
});

test('[ADV16] who holds a pin is ended: its mapping does not take that along', () => {
  const { made, mapper } = devdax('v6.12');
  const mapped = mapper({ touched: 'write' });
  addPin(made, mapped, PIPE);
  const detail = stops(made).detail;
  expect(detail).toBe('stop these processes before the removal');
  const pinned = ext4('v6.12');
  addPin(pinned.made, pinned.mapper(), PIPE);
  expect(whys(pinned.made)).toEqual([expect.not.stringMatching(/by itself|itself/)]);
});

test('[ADV16] nor can who spins in the kernel', () => {
  const { made, mapper } = ext4('v6.12');
  const { mapping } = mapper({ small: true });
  removeDevice(made);
  expect(advice(made)[0]?.detail).toMatch('itself');
  access(made, mapping, 'vmsplice');
  expect(advice(made)[0]).toMatchObject({
    action: 'clean_up',
    detail: expect.not.stringMatching('itself') as string,
  });
});

test('[ADV16] of many ten are named; a step names every device that the process has', () => {
  const rig = ext4('v6.12');
  const pids = Array.from({ length: 12 }, () => rig.mapper().pid);
  const named = pids.slice(0, 10).map(String).join(', ');
  expect(stops(rig.made).detail).toMatch(
    `instead of being ended, processes ${named} and 2 more may themselves`,
  );
  const two = rmapbt('v6.12');
  const { pid } = two.mapper();
  addDevice(two.made, { name: 'pmem1' });
  const file = addFile(two.made, addMount(two.made, { dax_device: 'pmem1', path: '/mnt/b' }).id, '/g');
  const how = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw', populate: 'write' } as const;
  two.made.run({ type: 'create_mapping', pid, file, ...how });
  expect(whys(two.made)).toEqual([expect.stringMatching(/itself what it has of pmem0, pmem1$/)]);
});

test('[HOLD7] who has a file open is a holder by its descriptor, of which no page is mapped', () => {
  const rig = ext4('v6.12');
  const { made } = rig;
  const file = rig.file();
  const before = made.ask({ type: 'survey_holders', dax_device: DEVICE }).blast_radius;
  const pid = opener(rig);
  const { items, blast_radius } = made.ask({ type: 'survey_holders', dax_device: DEVICE });
  expect(items.filter(({ kind }) => kind === 'open_file')).toMatchObject([
    {
      pid,
      consequence: 'survives',
      detail: `has ${file} open (rdwr): its mount is busy until it is closed`,
      residue: false,
      ends: [],
    },
  ]);
  expect(blast_radius).toEqual({ ...before, processes: 1 });
});
