import { describe, expect, test } from 'vitest';
import { advice, assess, holders } from './imagine.ts';
import { ext4, type Rig } from './rig.ts';
import { addFile, addMapper, addMount, addProcess, DEVICE, found, removeDevice } from './support.ts';

const OLD = ['v5.10', 'force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12', 'v6.1', 'v6.12'] as const;

const told = ({ made }: Pick<Rig, 'made'>) => {
  const advised = advice(made);
  const survey = made.ask({ type: 'survey_holders', dax_device: DEVICE });
  expect(survey.advice.slice(0, 1)).toEqual(advised.slice(0, 1));
  return advised.map(({ action, targets }) => [action, targets]);
};
const left = ({ made }: Pick<Rig, 'made'>) => found(assess(made)[0]).residue.superblocks;

function opener({ made, file }: Rig): number {
  const pid = addProcess(made);
  made.run({ type: 'open_file', pid, file: file(), flags: ['rdwr'] });
  return pid;
}

describe('[ADV12] a device that was bound again is cleaned up, too', () => {
  test.each(OLD)('every step of the advice is followed by the next: %s', (kernel) => {
    const rig = ext4(kernel);
    const { made } = rig;
    const { pid } = rig.mapper({ touched: 'write' });
    const opened = opener(rig);
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE });
    const ends = told(rig)[0]![1] as string[];
    expect(told(rig)).toEqual([['clean_up', ends]]);
    expect([...ends].sort()).toEqual([
      `end process ${String(pid)}`,
      `end process ${String(opened)}`,
      'umount /mnt/a',
    ]);
    made.run({ type: 'exit_process', pid });
    expect(told(rig)).toEqual([['clean_up', [`end process ${String(opened)}`, 'umount /mnt/a']]]);
    made.run({ type: 'exit_process', pid: opened });
    expect(told(rig)).toEqual([['clean_up', ['umount /mnt/a']]]);
    expect(left(rig)).toBe(1);
    made.run({ type: 'umount', mount: rig.mount, lazy: false });
    expect([told(rig), left(rig)]).toEqual([[], 0]);
  });

  test('v7.3: bound or not, only a reboot', () => {
    const rig = ext4('v7.3');
    rig.mapper({ touched: 'write' });
    opener(rig);
    removeDevice(rig.made);
    expect(told(rig)).toEqual([['reboot', ['h']]]);
    rig.made.run({ type: 'bind', dax_device: DEVICE });
    expect(told(rig)).toEqual([['reboot', ['h']]]);
  });

  test('v7.3: what nobody maps is cleaned up while it can be, be the device bound or not', () => {
    const rig = ext4('v7.3');
    const { mapping, pid } = rig.mapper({ touched: 'write' });
    opener(rig);
    rig.made.run({ type: 'munmap', mapping });
    rig.made.run({ type: 'exit_process', pid });
    removeDevice(rig.made);
    rig.made.run({ type: 'bind', dax_device: DEVICE });
    expect(told(rig)).toMatchObject([['clean_up', [expect.stringMatching(/^end process/), 'umount /mnt/a']]]);
  });

  test('a detached one whose user died is there until a reboot', () => {
    const rig = ext4('v7.3');
    const { pid } = rig.mapper({ touched: 'write' });
    removeDevice(rig.made);
    rig.made.run({ type: 'exit_process', pid });
    rig.made.run({ type: 'umount', mount: rig.mount, lazy: true });
    rig.made.run({ type: 'bind', dax_device: DEVICE });
    expect(told(rig)).toEqual([['reboot', ['h']]]);
  });

  test.each(OLD)('a superblock that is half torn down is told until a reboot: %s', (kernel) => {
    const rig = ext4(kernel);
    const { pid } = rig.mapper({ touched: 'write' });
    removeDevice(rig.made);
    rig.made.run({ type: 'exit_process', pid });
    expect(rig.made.run({ type: 'umount', mount: rig.mount, lazy: false })).toMatchObject({
      result: 'kernel_oops',
    });
    expect(told(rig)).toEqual([['reboot', ['h']]]);
    expect(assess(rig.made)[0]).toMatchObject({ state: 'completed', verdict: 'contained' });
    // [HOLD4] nobody opens a file of it any more.
    expect(holders(rig.made).map(({ kind }) => kind)).toEqual(['mount']);
    rig.made.run({ type: 'bind', dax_device: DEVICE });
    expect([told(rig), left(rig)]).toEqual([[['reboot', ['h']]], 1]);
    rig.made.run({ type: 'reboot' });
    expect([told(rig), left(rig)]).toEqual([[], 0]);
  });

  test('nobody who came since is ended, and what comes after is of the next removal', () => {
    const rig = ext4('v6.12');
    const { made } = rig;
    const before = String(rig.mapper({ touched: 'write' }).pid);
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE });
    made.run({ type: 'umount', mount: rig.mount, lazy: true });
    const { id } = addMount(made, { path: '/mnt/b', fs_type: 'xfs' });
    const since = addMapper(made, { file: addFile(made, id, '/b'), touched: 'write' }).pid;
    const [first, ...others] = told(rig);
    expect(first).toEqual(['clean_up', [`end process ${before}`]]);
    expect(others.map(([action]) => action)).toContain('stop_processes_and_umount');
    expect(JSON.stringify(others)).toContain(String(since));
    expect(JSON.stringify(others)).not.toContain(before);
  });

  test('[ADV10] what is left of the removal is nothing, whoever maps the device since', () => {
    const { made, file } = ext4('v6.12');
    file();
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE, mode: 'devdax', tenant: 'globex' });
    addMapper(made, { dax_device: DEVICE, touched: 'write' });
    const { action, verdict_then } = found(advice(made)[0]);
    expect([action, verdict_then]).toEqual(['clean_up', 'contained']);
  });
});
