import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { KERNEL_NAMES, PIN_HOLDERS, type PinHolder } from '../../src/engine/model/vocabulary.ts';
import { DAX, devdax, ext4 } from './rig.ts';
import { countSteps } from './counted.ts';
import { FEW, growth, MANY } from './crowd.ts';
import { fill, FIRST, ram, unbind, writeState } from './ram.ts';
import {
  addPin,
  found,
  MIB,
  PAGE,
  PIPE,
  removeDevice,
  settle,
  type Machine,
  type Mapper,
} from './support.ts';

const BLOCK = 128 * MIB;
/** Kernels whose memunmap_pages() waits, and holders whose pins of device-dax those grant. */
const WAITING = ['v5.10', 'force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12'] as const;
const GRANTED = PIN_HOLDERS.filter((holder) => holder !== 'io_uring');
const isTransient = (holder: PinHolder) => ['vmsplice', 'direct_io', 'other'].includes(holder);

/** Pins pages of a mapping. */
function pin(
  made: Machine,
  { pid, mapping }: Mapper,
  page: number,
  pages: number,
  holder: PinHolder,
): string {
  const kind = isTransient(holder) ? 'transient' : 'longterm';
  const [offset, length] = [page * PAGE, pages * PAGE];
  made.run({ type: 'create_pin', pid, mapping, offset, length, kind, holder });
  return found([...made.host.tables.pins.keys()].at(-1));
}

/** What each event of the removal says that is held yet, of how many. */
function toldBy({ events }: Machine): unknown[] {
  return events
    .map(({ data }) => (data['progress'] as { pages_waited_for?: object } | undefined)?.pages_waited_for)
    .filter((told) => told !== undefined);
}

const newest = ({ host }: Machine) => found([...host.tables.removals.values()].at(-1));
const reported = (made: Machine) => newest(made).report.pages_waited_for;

describe('[RM14] pages that are held yet are told as their pins go', () => {
  test.each(GRANTED.flatMap((holder) => WAITING.map((kernel) => [holder, kernel] as const)))(
    'of %s on %s, by unpin and by exit',
    (holder, kernel) => {
      const { made, mapper } = devdax(kernel, { align: PAGE });
      const [stays, ends] = [mapper(), mapper()];
      const first = pin(made, stays, 0, 3, holder);
      pin(made, ends, 100, 7, holder);
      pin(made, ends, 200, 1, holder);
      const { id, report } = removeDevice(made, { dax_device: DAX });
      expect(report.pages_waited_for).toEqual({ held: 11, still_held: 11 });
      made.run({ type: 'unpin', pin: first });
      expect(reported(made)).toEqual({ held: 11, still_held: 8 });
      made.run({ type: 'exit_process', pid: ends.pid });
      const steps = settle(made).steps.length;
      const told = toldBy(made);
      expect(told.slice(0, 3)).toEqual([11, 8, 0].map((still_held) => ({ held: 11, still_held })));
      expect(new Set(told.slice(2).map((each) => JSON.stringify(each)))).toHaveProperty('size', 1);
      expect(told.length).toBeLessThanOrEqual(3 + steps);
      expect(made.host.tables.removals.get(id)).toMatchObject({
        state: 'completed',
        report: { pages_waited_for: { held: 11, still_held: 0 } },
      });
    },
  );

  test('a page that several pins hold is one, and held until the last of them goes', () => {
    const { made, mapper } = ext4('v5.10');
    const mapped = mapper();
    const pins = [0, 2, 2].map((page) => pin(made, mapped, page, 4, 'vmsplice'));
    removeDevice(made);
    for (const each of pins) made.run({ type: 'unpin', pin: each });
    expect(toldBy(made).slice(0, 4)).toEqual([6, 4, 4, 0].map((still_held) => ({ held: 6, still_held })));
  });

  test('pages that its own munmap leaves pinned stay held (R122)', () => {
    const { made, mapper } = ext4('v5.10');
    const mapped = mapper();
    addPin(made, mapped, PIPE);
    removeDevice(made);
    made.run({ type: 'munmap', mapping: mapped.mapping });
    expect(reported(made)).toEqual({ held: 1, still_held: 1 });
  });

  test.each(KERNEL_NAMES)('behind an offline on %s: those of its block', (kernel) => {
    const own = ram(kernel);
    const { made } = own;
    // The pages that are first filled are those of the first block: the last of them, and as many behind it.
    const memory = fill(own, { length: BLOCK + MIB });
    const last = BLOCK / PAGE;
    const over = pin(made, memory, last - 5, 10, 'vmsplice');
    const inside = pin(made, memory, 0, 2, 'vmsplice');
    const behind = pin(made, memory, last + 20, 3, 'vmsplice');
    writeState(made, FIRST, 'offline');
    expect(unbind(own)).toMatchObject({
      state: 'waiting',
      report: { pages_waited_for: { held: 7, still_held: 7 } },
    });
    for (const each of [behind, inside, over]) made.run({ type: 'unpin', pin: each });
    expect(settle(made).state).toBe('completed');
    expect([...new Set(toldBy(made).map((told) => JSON.stringify(told)))]).toEqual(
      [7, 5, 0].map((still_held) => JSON.stringify({ held: 7, still_held })),
    );
  });
});

test('[RM14] a removal that does not wait tells no pages that are held', () => {
  const { made, mapper } = ext4('v6.12');
  addPin(made, mapper(), PIPE);
  expect(removeDevice(made)).toMatchObject({ state: 'completed' });
  expect(reported(made)).toBeUndefined();
  expect(toldBy(made)).toEqual([]);
});

test('[RM14] a reboot lets go of all that is held', () => {
  const { made, mapper } = ext4('v5.10');
  addPin(made, mapper(), PIPE);
  removeDevice(made);
  made.run({ type: 'reboot' });
  expect(reported(made)).toEqual({ held: 1, still_held: 0 });
});

test('[RM14] a removal that began to wait before pages were counted goes on without', () => {
  const { made, mapper } = ext4('v5.10');
  const mapped = mapper();
  const pins = [addPin(made, mapped, PIPE), addPin(made, mapped, PIPE)];
  const removal = removeDevice(made);
  const { pages_waited_for: _none, ...report } = removal.report;
  made.host.tables.removals.set(removal.id, { ...removal, report });
  for (const each of pins) made.run({ type: 'unpin', pin: each });
  expect(reported(made)).toBeUndefined();
  expect(settle(made).state).toBe('completed');
});

describe('what a command costs while a removal waits for many pins:', () => {
  const stepsOf = (pins: number, command: Command): number => {
    const { made, mapper } = devdax('v5.10');
    const mapped = mapper();
    for (let at = 0; at < pins; at += 1) pin(made, mapped, at, 2, 'xdp');
    expect(removeDevice(made, { dax_device: DAX }).waiting_on).toHaveLength(pins);
    return countSteps(made.host, () => made.run(command));
  };

  test.each<[string, Command]>([
    ['an unpin', { type: 'unpin', pin: 'p5' }],
    ['the exit of who holds them', { type: 'exit_process', pid: 1001 }],
  ])('%s grows with these', (_what, command) => {
    expect(growth((pins) => stepsOf(pins, command))).toBeLessThan(5);
  });

  test('one that releases none looks at none of them', () => {
    const process = { type: 'create_process', comm: 'other' } as const;
    expect(stepsOf(MANY, process)).toBe(stepsOf(FEW, process));
  });
});
