import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import type { Advice } from '../../src/engine/questions/record.ts';
import { daxOf, node } from './node_rig.ts';
import { DAX } from './rig.ts';
import { addProcess, settle, type Machine } from './support.ts';

const holders = (made: Machine) => made.ask({ type: 'survey_holders', dax_device: DAX });
const ways = (advice: readonly Advice[]) => advice.map(({ action, targets }) => [action, ...targets]);
const LOST =
  'the cdev of dax0.0 has lost the reference of device_dax, which a close took that had opened it before the last bind: unbind and bind give it another';
/** What each descriptor is told of its close, or null. */
const closedNow = (made: Machine) =>
  holders(made)
    .items.filter(({ kind }) => kind === 'open_file')
    .map(({ detail }) => /closed now: .*/.exec(detail)?.[0] ?? null);
const planOf = (made: Machine) =>
  made.ask({ type: 'plan_removals', trigger: 'unbind' }).order.map(({ command }) => command);

/** A bind has not counted who had the node open, who has closed it since; somebody has opened it meanwhile. */
function openedBehind(kernel: KernelName) {
  const dax = node(kernel);
  const [first, second] = [dax.opener(), dax.opener()];
  dax.unbind();
  dax.bind();
  for (const each of [first, second]) dax.close(each);
  return { dax, late: dax.opener() };
}

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test('[ADV3] [CDEV3] before an unbind that would leave the node open: who has it is to let go', () => {
    const dax = node(kernel);
    const { pid } = dax.opener();
    const { verdict, advice } = holders(dax.made);
    expect([verdict, ways(advice)]).toEqual(['contained', [['stop_processes', String(pid)]]]);
    expect(advice).toMatchObject([
      { calls: [{ type: 'exit_process', pid }], verdict_then: 'contained', source: 'S14, S15, S17' },
    ]);
    expect(advice[0]?.detail).toMatch(/may itself unmap and close what it has of dax0.0$/);
    expect(planOf(dax.made)).toEqual([
      `kill ${String(pid)}`,
      'echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind',
    ]);
    dax.kill(pid);
    expect(dax.unbind().hazards).toEqual([]);
  });

  test('[ADV10] [CDEV3] and behind one that has: clean_up, whether it is ended or closes the node', () => {
    for (const lets of ['kill', 'close'] as const) {
      const dax = node(kernel);
      const { pid, open_file } = dax.opener();
      dax.unbind();
      const { advice, residue } = holders(dax.made);
      expect(advice).toMatchObject([
        { action: 'clean_up', calls: [{ type: 'exit_process', pid }], source: 'CLEAN2, S13, S14, S19' },
      ]);
      expect(residue).toMatchObject({ mappings: 0, processes: 0 });
      expect(planOf(dax.made)).toEqual([`kill ${String(pid)}`]);
      if (lets === 'kill') dax.kill(pid);
      else dax.close({ open_file });
      expect([dax.refs(), holders(dax.made).advice, dax.open()]).toEqual([0, [], 'ENXIO']);
    }
  });

  test('[ADV10] a count that is saturated is made new by a bind', () => {
    const { dax, late } = openedBehind(kernel);
    dax.unbind();
    expect(dax.refs()).toBe('saturated');
    expect(ways(holders(dax.made).advice)).toEqual([
      ['clean_up', `end process ${String(late.pid)}`, 'bind dax0.0'],
    ]);
  });

  test('[ADV10] where kmem has the device who has the node open is to let go; a wrong count is left', () => {
    const { dax, late } = openedBehind(kernel);
    dax.made.run({ type: 'patch_host', auto_online_blocks: 'offline' });
    dax.unbind();
    dax.made.run({ type: 'bind', dax_device: DAX, mode: 'system-ram' });
    addProcess(dax.made);
    expect([daxOf(dax.made).driver, ways(holders(dax.made).advice)]).toEqual([
      'kmem',
      [['clean_up', `end process ${String(late.pid)}`]],
    ]);
    dax.kill(late.pid);
    expect([dax.refs(), holders(dax.made).advice]).toEqual(['saturated', []]);
  });

  test('[CDEV5] a bind over who has the node open says which close takes the reference of device_dax', () => {
    const dax = node(kernel);
    const first = dax.opener();
    dax.unbind();
    const { record } = dax.made.run({ type: 'bind', dax_device: DAX });
    const says = (closed: string) =>
      `the last bind of dax0.0 did not count who had its node open: once ${closed} open file descriptions are closed, the reference of device_dax is gone, and nobody opens the node any more; then unbind and bind give it another`;
    expect(record.conditions).toEqual([{ type: 'cdev_miscounted', detail: says('1 of its 1') }]);
    expect(closedNow(dax.made)).toEqual([`closed now: ${LOST}`]);
    const second = dax.opener();
    expect([daxOf(dax.made).conditions[0]?.detail, closedNow(dax.made)]).toEqual([
      says('2 of its 2'),
      [null, null],
    ]);
    expect(dax.close(second)).not.toHaveProperty('conditions');
    expect(dax.close(first)).toMatchObject({
      result: 'ok',
      conditions: [{ type: 'cdev_released', detail: LOST }],
    });
    expect([dax.refs(), daxOf(dax.made).conditions]).toMatchObject([0, [{ type: 'cdev_released' }]]);
  });

  test('[CDEV5] closed before the bind it is counted', () => {
    const dax = node(kernel);
    const first = dax.opener();
    dax.unbind();
    dax.close(first);
    dax.bind();
    dax.opener();
    expect([daxOf(dax.made).conditions, closedNow(dax.made)]).toEqual([[], [null]]);
  });

  test('[ADV10] [CDEV4] where nobody can open the node: who has it open ends, unbind and bind', () => {
    const dax = node(kernel);
    const [first, second] = [dax.opener(), dax.opener()];
    dax.unbind();
    dax.bind();
    dax.close(first);
    const { advice } = holders(dax.made);
    const calls = [
      { type: 'exit_process', pid: second.pid },
      { type: 'remove_dax_device', dax_device: DAX, trigger: 'unbind' },
      { type: 'bind', dax_device: DAX },
    ] as const;
    expect(advice[0]).toMatchObject({
      action: 'clean_up',
      calls,
      targets: [`end process ${String(second.pid)}`, 'unbind dax0.0', 'bind dax0.0'],
    });
    for (const call of calls) dax.made.run(call);
    settle(dax.made);
    dax.bind();
    expect([dax.refs(), dax.open(), daxOf(dax.made).conditions]).toEqual([1, 'ok', []]);
  });

  test('[ADV11] [CDEV4] and where no unbind returns any more, a reboot', () => {
    const dax = node(kernel);
    const first = dax.opener();
    dax.unbind();
    const late = dax.opener();
    dax.bind();
    dax.mapBy(late);
    dax.close(first);
    expect(dax.refs()).toBe(0);
    expect(holders(dax.made).advice).toMatchObject([
      {
        action: 'reboot',
        detail: expect.stringMatching(/: unbind dax0.0: the removal is stuck$/) as string,
      },
    ]);
  });
});

test('[ADV10] [ADV18] who died of the node keeps it open: a reboot, in the place of a bind', () => {
  const dax = node('v6.12');
  dax.opener();
  dax.unbind();
  dax.map();
  expect(holders(dax.made).advice).toMatchObject([
    { action: 'reboot', detail: expect.stringMatching(/^no removal of dax0.0 returns any more/) as string },
  ]);
});
