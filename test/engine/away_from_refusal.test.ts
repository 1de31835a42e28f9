import { describe, expect, test } from 'vitest';
import { actions, holders } from './imagine.ts';
import { DAX } from './rig.ts';
import {
  addDevice,
  addFile,
  addMapper,
  addMount,
  DEVICE,
  emptyMachine,
  found,
  removeDevice,
  type Machine,
} from './support.ts';

/** RHEL 9.4: it may be a kernel that walks past the last allocation group. */
const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';
/** One that does, by its version. */
const WALKS_PAST = '6.1.100';

/** An xfs with rmapbt on it, and a process that maps a file. */
function inUse(kernel_release: string): Machine & { readonly pid: number } {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel_release });
  addDevice(made);
  const { id } = addMount(made, { fs_type: 'xfs', rmapbt: true });
  return { ...made, pid: addMapper(made, { file: addFile(made, id, '/f'), touched: 'write' }).pid };
}

describe.each([RHEL_9, WALKS_PAST])('a removal that is refused, or may be, on %s', (kernel_release) => {
  test('[UNK9] is worse than one that ends: what leads to an end is advised', () => {
    const made = inUse(kernel_release);
    expect(actions(made)).toContain('stop_processes_and_umount: contained');
    const { advice } = made.ask({ type: 'survey_holders', dax_device: DEVICE });
    expect(advice.map(({ action }) => action)).toContain('stop_processes_and_umount');
  });

  test('[PLAN7] is planned behind what leads to its end', () => {
    const made = inUse(kernel_release);
    const plan = made.ask({ type: 'plan_removals', trigger: 'unbind' });
    expect(plan.order.map(({ command }) => command)).toEqual([
      `kill ${String(made.pid)}`,
      'umount /mnt/a',
      expect.stringContaining('unbind'),
    ]);
    expect(plan.left).toMatchObject([{ state: 'completed', verdict: 'contained', refused: null }]);
    for (const { calls } of plan.order) for (const call of calls) made.run(call);
  });
});

test('[ADV1] a device whose removal has begun is no longer prepared, but cleaned up behind', () => {
  const made = inUse('6.12.0');
  removeDevice(made);
  expect(holders(made).map(({ kind }) => kind)).toContain('process');
  const [advice] = made.ask({ type: 'survey_holders', dax_device: DEVICE }).advice;
  expect(advice).toMatchObject({ action: 'clean_up', state_then: null, verdict_then: null });
  for (const call of advice!.calls!) made.run(call);
  const [then] = made.ask({ type: 'assess_removals', dax_device: DEVICE });
  expect(then).toMatchObject({ state: null, verdict: null, advice: [] });
});

test('[ADV13] [ADV15] a reboot alone is advised where nothing else of the host is told', () => {
  const made = inUse(WALKS_PAST);
  addDevice(made, { name: DAX, mode: 'devdax' });
  const { pid } = addMapper(made, { dax_device: DAX, touched: 'write' });
  removeDevice(made, { dax_device: DAX, via: 'device_dax' });
  made.run({ type: 'bind', dax_device: DAX });
  removeDevice(made, { dax_device: DAX, via: 'dax_pmem' });
  made.run({ type: 'exit_process', pid });
  expect(found([...made.host.tables.hosts.values()][0]).stuck).not.toEqual([]);
  expect(actions(made)).toEqual(['reboot: contained', 'boot_kernel: contained']);
  expect(made.tryAsk({ type: 'survey_holders', dax_device: DEVICE })).toMatchObject({
    refused: { code: 'outcome_unknown' },
  });
  const command = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;
  expect(made.try(command)).toMatchObject({ code: 'outcome_unknown' });
  made.run({ type: 'reboot' });
  expect(removeDevice(made)).toMatchObject({ state: 'completed', verdict: 'contained' });
});
