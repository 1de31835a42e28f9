import { expect, test } from 'vitest';
import { foresee } from '../../src/engine/foresee.ts';
import { advice, assess, detail } from './imagine.ts';
import { ext4, type Rig } from './rig.ts';
import { addPin, addProcess, DEVICE, found, PIPE, removeDevice, steadyContext } from './support.ts';

/** An unbind waits for the pin of a process that maps a file, and has another open; a second one maps it, too. */
function waiting(): {
  readonly rig: Rig;
  readonly pid: number;
  readonly other: number;
  readonly pin: string;
} {
  const rig = ext4('v5.10');
  const mapper = rig.mapper({ touched: 'write' });
  const other = addProcess(rig.made);
  rig.made.run({ type: 'open_file', pid: other, file: rig.file(), flags: ['rdonly'] });
  rig.made.run({ type: 'open_file', pid: mapper.pid, file: rig.file(), flags: ['rdonly'] });
  const pin = addPin(rig.made, mapper, PIPE);
  return { rig, pid: mapper.pid, other, pin };
}

test('[CLEAN7] while a removal waits, what cleaning up will do is told, and the order that is safe now', () => {
  const { rig, pid, other, pin } = waiting();
  const { made } = rig;
  const unbind = { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind' } as const;
  const foreseen = foresee(made.host, unbind, steadyContext('dry'));
  const { state, verdict, hazards } = removeDevice(made);
  expect([state, verdict, hazards.map(({ kind }) => kind)]).toEqual(['waiting', null, ['unsafe_clean_up']]);
  expect(foreseen).toMatchObject({ answer: { state, hazards } });
  expect(found(hazards[0]).detail).toContain('the kernel oopses in dax_disassociate_entry');
  expect(assess(made)[0]).toMatchObject({ state, verdict, hazards: [{ kind: 'unsafe_clean_up', count: 1 }] });
  expect(detail(made, 'mount')[0]).toContain('its umount: the kernel oopses');
  const [first, ...others] = advice(made);
  expect([first?.action, others]).toEqual(['clean_up', []]);
  const { targets, calls } = found(first);
  expect(targets).toEqual([
    `end process ${String(other)}`,
    expect.stringMatching(`^process ${String(pid)} unmaps `),
    expect.stringMatching(`^process ${String(pid)} closes `),
    'umount /mnt/a',
    `drop ${pin}`,
  ]);
  for (const call of calls!) expect(made.run(call)).toMatchObject({ result: 'ok' });
  expect([advice(made).map(({ action }) => action), assess(made)[0]?.state]).toEqual([[], 'completed']);
});
