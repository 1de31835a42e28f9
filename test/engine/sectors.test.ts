import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { Provider } from '../../src/engine/model/provider.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { answered, shape, touch } from './observe.ts';
import { baseOf, poison, type Scene } from './poison.ts';
import { mounted } from './rig.ts';
import { DEVICE, found, outcomeOf, PAGE, type Machine } from './support.ts';

const SECTOR = 512;

interface FileScene extends Scene {
  readonly file: string;
  readonly pid: number;
}

/** An ext4 file of 4 MiB that a process maps by 4 KiB, its entries untouched; offsets count from its start. */
function onFile(
  kernel: KernelName,
  device: { clears_poison?: boolean | null; provider?: Provider } = {},
): FileScene {
  const rig = mounted(kernel, { device });
  const file = rig.file();
  const one = rig.mapper({ page_size: PAGE, touched: 'none' });
  return { made: rig.made, device: DEVICE, base: baseOf(rig.made, file), who: { one }, file, pid: one.pid };
}

/** A machine check at a byte of the file. */
function check({ made, base }: FileScene, at: number, length = 1): unknown {
  const offset = base * PAGE + at;
  const report = made.run({ type: 'memory_failure', dax_device: DEVICE, offset, length, source: 'mce' });
  return (report as { badblocks: readonly { offset: number; length: number }[] }).badblocks.map((bad) => {
    return [bad.offset - base * 8, bad.length];
  });
}

function clear({ made, base }: FileScene, at: number, length: number): string {
  return answered(made, { type: 'clear_errors', dax_device: DEVICE, offset: base * PAGE + at, length });
}

function cleared(made: Machine): unknown {
  return made.events.flatMap(({ data }) => ('badblocks_cleared' in data ? [data.badblocks_cleared] : []));
}

describe('a machine check', () => {
  test.each([
    ['v5.10', 5 * PAGE, [[40, 1]]],
    ['v5.10', 5 * PAGE + 3 * SECTOR, [[43, 1]]],
    ['v5.10', 5 * PAGE + 3 * SECTOR + 449, [[44, 1]]],
    ['v6.12', 5 * PAGE + 3 * SECTOR, [[40, 8]]],
  ] as const)('on %s at byte %i makes bad %j', (kernel, at, sectors) => {
    expect(check(onFile(kernel), at)).toEqual(sectors);
  });

  test('of several pages on v5.10 makes the sector of the address bad, and the first of each further page', () => {
    expect(check(onFile('v5.10'), 5 * PAGE + 2 * SECTOR, 2 * PAGE)).toEqual([
      [42, 1],
      [48, 1],
      [56, 1],
    ]);
  });
});

describe('one bad sector', () => {
  test('stops a fault on its page, and no other', () => {
    const at = onFile('v5.10');
    check(at, 5 * PAGE + 7 * SECTOR);
    const one = found(at.who.one);
    expect(touch(at.made, one, 'read', { page: 5 })).toBe('SIGBUS BUS_ADRERR');
    expect(touch(at.made, one, 'read', { page: 4 })).toBe('ok');
    expect(touch(at.made, one, 'read', { page: 6 })).toBe('ok');
    expect(shape(at.made, one)).toBe('2 pte');
  });

  test('is cleared alone, and its page keeps its flag until no sector of it is bad', () => {
    const at = onFile('v6.12', { clears_poison: true });
    at.made.run({
      type: 'access',
      mapping: found(at.who.one).mapping,
      offset: 5 * PAGE,
      length: 1,
      kind: 'read',
    });
    check(at, 5 * PAGE);
    expect(poison(at)).toBe('flags 5+1, badblocks 40+8');
    expect(clear(at, 5 * PAGE + 2 * SECTOR, SECTOR)).toBe('ok');
    expect(poison(at)).toBe('flags 5+1, badblocks 40+2 43+5');
    expect(clear(at, 5 * PAGE + 2 * SECTOR + 1, PAGE)).toBe('ok');
    expect(poison(at), 'the sectors that lie in the range whole').toBe('flags 5+1, badblocks 40+2');
    expect(clear(at, 5 * PAGE + 1, 100)).toBe('ok');
    expect(poison(at), 'less than a sector').toBe('flags 5+1, badblocks 40+2');
    expect(clear(at, 5 * PAGE, 2 * SECTOR)).toBe('ok');
    expect(poison(at)).toBe('flags none, badblocks none');
    expect(cleared(at.made)).toHaveLength(3);
  });
});

describe('clears_poison that nobody has told', () => {
  function pwrite({ made, pid, file }: FileScene, offset: number, length: number): string {
    const decision = made.try({ type: 'file_io', file, pid, kind: 'pwrite', offset, length });
    return isRefusal(decision) ? decision.code : (outcomeOf(decision.answer).errno ?? 'ok');
  }

  test('leaves open on NFIT what clear-errors and a write of the page do; told, it is known', () => {
    const at = onFile('v6.12', { clears_poison: null });
    check(at, 5 * PAGE);
    expect(clear(at, 5 * PAGE, PAGE)).toBe('outcome_unknown');
    expect(pwrite(at, 5 * PAGE, PAGE)).toBe('outcome_unknown');
    expect(pwrite(at, 5 * PAGE, SECTOR), 'less than a page is never cleared').toBe('EFAULT');
    at.made.run({ type: 'patch_dax_device', dax_device: DEVICE, clears_poison: true });
    expect(clear(at, 5 * PAGE, PAGE)).toBe('ok');
    expect(poison(at)).toBe('flags none, badblocks none');
  });

  test.each([
    ['e820', 'ok', 'none'],
    ['virtio-pmem', 'ok', 'none'],
    ['CXL', 'EFAULT', '40+8'],
  ] as const)('on %s is no command of ndctl, and a write of the page is %s', (provider, written, left) => {
    const at = onFile('v6.12', { clears_poison: null, provider });
    const device = found(at.made.host.tables.dax_devices.get(DEVICE));
    const badblocks = [{ offset: at.base * 8 + 40, length: 8 }];
    const listed = { name: DEVICE, mode: 'fsdax', size: device.size, change: 'updated', badblocks } as const;
    at.made.run({ type: 'import_inventory', devices: [listed], record: null, imported: '' });
    expect(clear(at, 5 * PAGE, PAGE)).toBe('tool_refused');
    expect(pwrite(at, 5 * PAGE, PAGE)).toBe(written);
    expect(poison(at)).toBe(`flags none, badblocks ${left}`);
  });
});
