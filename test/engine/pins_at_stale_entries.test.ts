import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { GUP } from './gup_at_stale_entries.ts';
import { told } from './observe.ts';
import { ext4, mounted, type Rig } from './rig.ts';
import {
  access,
  accessCommand,
  DEVICE,
  FIXED_BUFFER,
  found,
  MIB,
  outcomeOf,
  PAGE,
  PIPE,
  processOf,
  removeDevice,
  UMEM,
  type Mapper,
  type MapperOptions,
  type PinOptions,
} from './support.ts';

const DIO: PinOptions = { kind: 'transient', holder: 'direct_io' };
const MR: PinOptions = { kind: 'transient', holder: 'rdma' };

interface Stale extends Rig {
  readonly one: Mapper;
}

function stale(kernel: KernelName, options: MapperOptions = {}, rig: Rig = ext4(kernel)): Stale {
  const one = rig.mapper(options);
  removeDevice(rig.made);
  return { ...rig, one };
}

/** What a pin of the first pages gets: `pinned` where it is taken. */
function pin({ made, one }: Stale, how: PinOptions, pages = 1): string {
  const decision = made.try({ type: 'create_pin', ...one, offset: 0, length: pages * PAGE, ...how });
  if (isRefusal(decision)) return decision.errno ?? decision.code;
  return 'pfn_ranges' in decision.answer ? 'pinned' : told(outcomeOf(decision.answer));
}

describe('[PIN4] a transient pin of a page behind a stale entry', () => {
  test.each(GUP)('[R129] [R130] vmsplice meets on %s %s by PMD, %s by PTE', (kernel, pmd, pte) => {
    expect(pin(stale(kernel), PIPE)).toBe(pmd);
    expect(pin(stale(kernel, { small: true }), PIPE)).toBe(pte);
  });

  test('[R127] [R128] O_DIRECT does as in its access, the process with it', () => {
    for (const small of [true, false]) {
      const [pinned, accessed] = [
        stale('force-unmap-v5.10', { small }),
        stale('force-unmap-v5.10', { small }),
      ];
      const outcome = pin(pinned, DIO);
      expect(outcome).toBe(told(access(accessed.made, accessed.one.mapping, 'direct_io')));
      const ends = [pinned, accessed].map(({ made, one }) => processOf(made, one.pid).state);
      expect(ends[0]).toBe(ends[1]);
    }
  });

  test('[C3] nothing is pinned where it meets one', () => {
    const { made, ...rig } = stale('v6.12');
    expect(pin({ made, ...rig }, PIPE)).toBe('EFAULT');
    expect(made.host.tables.pins.size).toBe(0);
  });

  test('[C3] which way gup goes for other holders is not known', () => {
    expect(pin(stale('v6.12'), MR)).toBe('outcome_unknown');
  });

  test('[C3] a page ahead of it fails first, or is taken: that is not modelled', () => {
    const behind = ext4('v6.12');
    const untouched = behind.mapper({ touched: 'none', small: true });
    access(behind.made, untouched.mapping, 'read', { page: 1 });
    removeDevice(behind.made);
    expect(pin({ ...behind, one: untouched }, PIPE, 2)).toBe('EFAULT');
    expect(pin({ ...behind, one: untouched }, PIPE)).toBe('EFAULT');
    const copied = { flags: ['private'], touched: 'cow' } as const;
    expect(pin(stale('v6.12', copied), PIPE, 2)).toBe('not_modelled');
    expect(pin(stale('v6.12', copied), PIPE)).toBe('pinned');
  });
});

describe('[PIN4] [R164] where there are struct pages again', () => {
  test.each(['v5.10', 'v6.1', 'v6.12', 'v7.3'] as const)(
    '%s: whoever pins takes the page by its number',
    (kernel) => {
      const rig = stale(kernel);
      rig.made.run({ type: 'bind', dax_device: DEVICE, tenant: 'b' });
      expect([PIPE, DIO, MR].map((how) => pin(rig, how, 2))).toEqual(['pinned', 'pinned', 'pinned']);
      const [taken] = [...rig.made.host.tables.pins.values()];
      const device = found(rig.made.host.tables.dax_devices.get(DEVICE));
      expect(found(taken)).toMatchObject({ pgmap: device.pgmap });
      expect(found(taken).generation).toBeLessThan(device.generation);
    },
  );

  test('[R116] v5.10: the next removal waits for it', () => {
    const rig = stale('v5.10');
    rig.made.run({ type: 'bind', dax_device: DEVICE, mode: 'devdax' });
    expect(pin(rig, PIPE)).toBe('pinned');
    expect(removeDevice(rig.made).state).toBe('waiting');
  });

  test.each(['v6.1', 'v6.12'] as const)(
    '[R126] [S53] %s: its release oopses once they are gone',
    (kernel) => {
      const rig = stale(kernel);
      rig.made.run({ type: 'bind', dax_device: DEVICE });
      expect(pin(rig, PIPE)).toBe('pinned');
      removeDevice(rig.made);
      const [taken] = [...rig.made.host.tables.pins.keys()];
      const released = rig.made.run({ type: 'unpin', pin: found(taken) });
      expect(told(outcomeOf(released))).toBe('oops page_cache_pipe_buf_release');
    },
  );

  test('[CX9] over system RAM it is not known', () => {
    const rig = stale('v6.12', {}, mounted('v6.12', { device: { size: 256 * MIB } }));
    rig.made.run({ type: 'bind', dax_device: DEVICE, mode: 'system-ram' });
    expect(pin(rig, PIPE)).toBe('outcome_unknown');
  });
});

describe('[PIN4] a longterm pin of a page behind a stale entry', () => {
  test.each([
    ['v5.10', 'EFAULT', 'outcome_unknown'],
    ['v6.1', 'EOPNOTSUPP', 'EOPNOTSUPP'],
    ['v7.3', 'EOPNOTSUPP', 'EOPNOTSUPP'],
  ] as const)('[R134] [R112] %s: io_uring %s, AF_XDP %s', (kernel, io_uring, xdp) => {
    const rig = stale(kernel);
    expect(pin(rig, UMEM)).toBe(xdp);
    const alike = stale(kernel);
    const register = accessCommand(alike.one.mapping, 'io_uring_register');
    expect(pin(rig, FIXED_BUFFER)).toBe(io_uring);
    expect(told(outcomeOf(alike.made.run(register)))).toBe(io_uring);
  });

  test.each(['v5.10', 'v6.12'] as const)('[PIN2] %s: none of a page that is not stale', (kernel) => {
    const rig = ext4(kernel);
    expect(pin({ ...rig, one: rig.mapper() }, FIXED_BUFFER)).toBe('EOPNOTSUPP');
    expect(pin({ ...rig, one: rig.mapper({ touched: 'none' }) }, FIXED_BUFFER)).toBe('EOPNOTSUPP');
  });
});
