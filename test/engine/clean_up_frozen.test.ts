import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { advice, systemRam } from './imagine.ts';
import { DAX, ext4, xfs, type Rig } from './rig.ts';
import { addMount, addProcess, processOf, removeDevice } from './support.ts';

const OLD = ['v5.10', 'force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12', 'v6.1', 'v6.12'] as const;
const told = ({ made }: Pick<Rig, 'made'>) =>
  advice(made).map(({ action, targets, detail }) => [action, targets, detail]);
const hazard = ({ hazards }: Pick<RemovalRecord, 'hazards'>) =>
  hazards.filter(({ kind }) => kind === 'unsafe_clean_up').map(({ detail }) => detail);
const ORDER = 'in this order every call returns, and nothing of the removal is left';
const SOURCE = '(by the source, not recorded)';
const instead = (pid: number | string) =>
  `; instead of being ended, process ${String(pid)} may itself unmap and close what it has of pmem0`;
const NO_ORDER = 'no order that was tried leads to a clean state:';

/** A process that has a file open, and the file system frozen by its user. */
function frozen(rig: Rig): number {
  const pid = addProcess(rig.made);
  rig.made.run({ type: 'open_file', pid, file: rig.file(), flags: ['rdwr'] });
  rig.made.run({ type: 'freeze', mount: rig.mount });
  return pid;
}

describe('[CLEAN2] [ADV10] [S38] what its user froze is thawed before all else', () => {
  test.each(KERNEL_NAMES)('umount would leave the superblock: %s', (kernel) => {
    const rig = ext4(kernel);
    const pid = String(frozen(rig));
    const order = ['thaw /mnt/a', `end process ${pid}`, 'umount /mnt/a'];
    const removal = removeDevice(rig.made);
    expect(hazard(removal)).toEqual([
      `end process ${pid}, umount /mnt/a: its superblock stays, frozen, until a reboot; safe ${SOURCE}: ${order.join(', ')}`,
    ]);
    expect(removal.hazards[0]).toMatchObject({ kind: 'unsafe_clean_up', triggered_by: ['umount'] });
    expect(told(rig)).toEqual([['clean_up', order, `${ORDER} ${SOURCE}${instead(pid)}`]]);
    rig.made.run({ type: 'thaw', mount: rig.mount });
    rig.made.run({ type: 'exit_process', pid: Number(pid) });
    rig.made.run({ type: 'umount', mount: rig.mount, lazy: false });
    expect(rig.made.host.tables.mounts.size).toBe(0);
    expect(advice(rig.made)).toEqual([]);
  });

  test.each(OLD)('then bound, where the eviction oopses else; of two mounts one is thawed: %s', (kernel) => {
    const rig = ext4(kernel);
    addMount(rig.made, { path: '/mnt/b', mkfs: false });
    const { pid } = rig.mapper({ touched: 'write' });
    rig.made.run({ type: 'freeze', mount: rig.mount });
    const [words] = hazard(removeDevice(rig.made));
    const rest = `bind pmem0, end process ${String(pid)}, umount /mnt/a, umount /mnt/b`;
    expect(words).toBe(
      `end process ${String(pid)}, umount /mnt/a, umount /mnt/b: its superblock stays, frozen, until a reboot; ` +
        `safe ${SOURCE}: thaw /mnt/b, ${rest}`,
    );
    expect(told(rig)[0]).toEqual([
      'clean_up',
      ['thaw /mnt/b', ...rest.split(', ')],
      `${ORDER} ${SOURCE}${instead(pid)}`,
    ]);
  });

  test('v7.3: no order is safe that leaves the superblock, and both say so', () => {
    const rig = ext4('v7.3');
    const pid = String(rig.mapper().pid);
    frozen(rig);
    const [words] = hazard(removeDevice(rig.made));
    expect(words).toMatch(
      /; no order that was tried is safe; tried: thaw \/mnt\/a, bind pmem0, .*does not return from/,
    );
    expect(words).toMatch(`end process ${pid}`);
    expect(told(rig)).toMatchObject([['reboot', ['h'], expect.stringMatching(NO_ORDER)]]);
  });

  test.each(['v5.10', 'v6.1', 'v6.12'] as const)(
    'who waits to write goes on behind the thaw, and is ended then: %s',
    (kernel) => {
      const rig = ext4(kernel);
      const pid = frozen(rig);
      const file = rig.file();
      rig.made.run({ type: 'file_io', pid, file, kind: 'pwrite', offset: 0, length: 4096 });
      expect(processOf(rig.made, pid).state).toBe('blocked');
      removeDevice(rig.made);
      expect(told(rig)[0]?.[1]).toEqual(['thaw /mnt/a', `end process ${String(pid)}`, 'umount /mnt/a']);
    },
  );

  test('an xfs that was shut down is not opened to be thawed', () => {
    const rig = xfs('v6.12');
    frozen(rig);
    const [words] = hazard(removeDevice(rig.made));
    expect(words).toMatch(
      /frozen, until a reboot; no order that was tried is safe; tried: thaw \/mnt\/a: EIO$/,
    );
    expect(told(rig)).toMatchObject([['reboot', ['h'], expect.stringMatching(/; thaw \/mnt\/a: EIO$/)]]);
  });
});

test('[ADV11] a range that leaked is not cleaned up, whoever ends', () => {
  const made = systemRam('v6.12', true);
  removeDevice(made, { dax_device: DAX });
  expect(told({ made })).toEqual([
    ['reboot', ['h'], `${NO_ORDER} the range that leaked stays System RAM; bind dax0.0: EBUSY`],
  ]);
});
