import { describe, expect, test } from 'vitest';
import type { Advice } from '../../src/engine/questions/record.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { OLD } from './evicting.ts';
import { advice, detail, holders } from './imagine.ts';
import { node } from './node_rig.ts';
import { devdax, ext4, rmapbt, xfs, type Rig } from './rig.ts';
import { addMount, addProcess, found, removeDevice } from './support.ts';

const told = ({ made }: Pick<Rig, 'made'>) => advice(made);
const targets = (rig: Pick<Rig, 'made'>) => told(rig).map(({ action, targets: of }) => [action, of]);

/** Does what the advice says, in its order; every call has to return. */
function follow({ made }: Rig, { calls }: Advice): void {
  for (const call of calls!) {
    const answer = made.run(call);
    if (call.type === 'umount') expect(answer).toMatchObject({ result: 'ok' });
  }
}

describe('[ADV10] after a removal: calls, in the order that leads to a clean state', () => {
  test.each(OLD)('the device is bound again first, and who follows it is where it says: %s', (kernel) => {
    for (const trigger of ['unbind', 'surprise_removal'] as const) {
      for (const rig of [ext4(kernel), xfs(kernel)]) {
        const pid = String(rig.mapper({ touched: 'write' }).pid);
        removeDevice(rig.made, { trigger });
        const back = trigger === 'unbind' ? [] : ['put the medium of pmem0 back'];
        const calls = [...back, 'bind pmem0', `end process ${pid}`, 'umount /mnt/a'];
        const [first, ...others] = told(rig);
        expect(others).toEqual([]);
        expect(first).toMatchObject({
          action: 'clean_up',
          targets: calls,
          state_then: 'completed',
          verdict_then: 'contained',
          destructive: false,
        });
        expect(first?.detail).toMatch(sure(kernel, trigger));
        follow(rig, found(first));
        const { mounts, hosts } = rig.made.host.tables;
        expect([mounts.size, [...hosts.values()].map(({ health }) => health)]).toEqual([0, ['ok']]);
        expect(holders(rig.made)).toEqual([]);
      }
    }
  });

  function sure(kernel: KernelName, trigger: string): string {
    const recorded = trigger === 'unbind' && (kernel === 'v6.1' || kernel === 'v6.12');
    return recorded ? '(recorded on this kernel)' : '(by the source, not recorded)';
  }

  test.each(['v6.12', 'v7.3'] as const)('no bind where the clean-up is harmless as it is: %s', (kernel) => {
    const rig = rmapbt(kernel);
    const pid = String(rig.mapper({ touched: 'write' }).pid);
    removeDevice(rig.made);
    expect(targets(rig)).toEqual([['clean_up', [`end process ${pid}`, 'umount /mnt/a']]]);
    expect(told(rig)[0]?.detail).toBe(
      `in this order every call returns, and nothing of the removal is left; instead of being ended, process ${pid} may itself unmap and close what it has of pmem0`,
    );
  });

  test('the last user of a detached file system ends it', () => {
    const rig = ext4('v6.12');
    const pid = String(rig.mapper().pid);
    rig.made.run({ type: 'umount', mount: rig.mount, lazy: true });
    removeDevice(rig.made);
    expect(targets(rig)).toEqual([['clean_up', ['bind pmem0', `end process ${pid}`]]]);
    follow(rig, found(told(rig)[0]));
    expect(rig.made.host.tables.mounts.size).toBe(0);
  });

  test('none where nothing is left, and where it is too much to try', () => {
    const free = devdax('v6.12');
    const { pid } = free.mapper({ touched: 'write' });
    removeDevice(free.made, { dax_device: 'dax0.0' });
    free.made.run({ type: 'exit_process', pid });
    expect(told(free)).toEqual([]);
    const crowded = ext4('v6.12');
    for (let at = 0; at < 100; at += 1) crowded.mapper();
    removeDevice(crowded.made);
    expect(told(crowded)).toEqual([]);
    expect(detail(crowded.made, 'mount')[0]).not.toMatch('umount');
  });
});

describe('[ADV11] a reboot, where no order does', () => {
  test('on v7.3 the exit oopses, and umount never returns once bound', () => {
    const rig = ext4('v7.3');
    const pid = String(rig.mapper().pid);
    removeDevice(rig.made);
    expect(told(rig)).toMatchObject([
      {
        action: 'reboot',
        targets: ['h'],
        calls: [{ type: 'reboot' }],
        detail:
          `no order that was tried leads to a clean state: end process ${pid}: the kernel oopses in vm_normal_folio_pmd; ` +
          `bind pmem0, end process ${pid}, umount /mnt/a: does not return from dax_break_layout_final`,
        state_then: 'completed',
        verdict_then: 'contained',
      },
    ]);
    follow(rig, found(told(rig)[0]));
    expect(rig.made.host.tables.mounts.size).toBe(0);
    expect(holders(rig.made)).toEqual([]);
  });

  test.each(OLD)('a superblock whose umount oopsed stays: %s', (kernel) => {
    const rig = ext4(kernel);
    const { pid } = rig.mapper();
    removeDevice(rig.made);
    rig.made.run({ type: 'exit_process', pid });
    rig.made.run({ type: 'umount', mount: rig.mount, lazy: false });
    expect(told(rig)).toMatchObject([
      {
        action: 'reboot',
        detail: 'no order that was tried leads to a clean state: the superblock of /mnt/a stays',
      },
    ]);
  });

  test('an unbind that never ends', () => {
    const rig = rmapbt('v7.3', 0, 4);
    rig.mapper();
    removeDevice(rig.made);
    expect(targets(rig)).toEqual([['reboot', ['h']]]);
  });

  test('[ADV11] such an unbind, although every call returns', () => {
    const dax = node('v6.12');
    const { pid } = dax.opener();
    dax.unbind();
    dax.map();
    dax.bind();
    expect([dax.unbind().state, dax.kill(pid)]).toEqual(['stuck', 'ok']);
    expect(advice(dax.made)).toMatchObject([
      {
        action: 'reboot',
        detail:
          'no order that was tried leads to a clean state: the removal never ends; bind dax0.0: does not return from device_lock: the removal holds it',
      },
    ]);
  });

  test('[HOLD5] a process that has a file open is a holder, and a mount says how its umount fails', () => {
    const rig = ext4('v7.3');
    const pid = addProcess(rig.made);
    rig.made.run({ type: 'open_file', pid, file: rig.file(), flags: ['rdwr'] });
    rig.mapper({ small: true });
    expect(holders(rig.made).filter(({ kind }) => kind === 'process')).toHaveLength(2);
    expect(detail(rig.made, 'mount')[0]).toMatch(/once its users have ended, its umount: EBUSY$/);
    addMount(rig.made, { path: '/mnt/b', mkfs: false });
    rig.made.run({ type: 'umount', mount: rig.mount, lazy: true });
    expect(detail(rig.made, 'mount')).toHaveLength(2);
  });
});
