import { every, on, type Rule, shape, told, touch } from '../observe.ts';
import { baseOf, counters, eachFs, fail, NEW, NODE_COUNTERS, poison, scene, type Scene } from '../poison.ts';
import { mounted } from '../rig.ts';
import {
  access,
  addMapper,
  DEVICE,
  found,
  MIB,
  outcomeOf,
  PAGE,
  removeDevice,
  type Machine,
  type Mapper,
} from '../support.ts';
import type { KernelName } from '../../../src/engine/model/vocabulary.ts';

const PAGE_5 = { page: 5, source: 'madvise', by: 'caller' } as const;
const CHECK_5 = { page: 5, source: 'mce' } as const;
/** A machine check at page 5 of a file, that one early-policy process (and two more) maps; the device may clear poison. */
function checked(
  kernel: KernelName,
  clears_poison = false,
): Scene & { readonly file: string; readonly plain: Mapper; readonly frail: Mapper } {
  const { made, mapper, file } = mounted(kernel, { device: { clears_poison } });
  const [early, plain, frail] = [mapper({ mce_kill: 'early' }), mapper(), mapper({ sigbus: 'default' })];
  const at = { made, device: DEVICE, base: baseOf(made, file()), who: { early, plain, frail } };
  fail(at, CHECK_5);
  return { ...at, file: file(), plain, frail };
}

/** pread or pwrite of bytes at page 5. */
function io(
  { made, file, plain }: ReturnType<typeof checked>,
  kind: 'pread' | 'pwrite',
  length: number,
  page = 5,
): string {
  return told(
    outcomeOf(made.run({ type: 'file_io', file, pid: plain.pid, kind, offset: page * PAGE, length })),
  );
}

/** Another process that maps the same and reads or writes a page; SIGBUS as asked. */
function newcomer(
  { made, file }: ReturnType<typeof checked>,
  sigbus: 'handled' | 'default' = 'handled',
): Mapper {
  return addMapper(made, { file, touched: 'none', sigbus });
}

function rebind({ made }: { made: Machine }, dax_device = DEVICE): void {
  removeDevice(made, { dax_device });
  made.run({ type: 'bind', dax_device });
}

/** What poison does to accesses afterwards, and how it is cleared. */
export const ACCESS_RULES: readonly Rule[] = [
  {
    rule: 'M10',
    about: 'software injection: the page faults in again, nothing stops it',
    act: (kernel) =>
      eachFs((what) => {
        const at = scene(kernel, what, { caller: {} });
        fail(at, PAGE_5);
        const { caller } = at.who;
        return `${touch(at.made, found(caller), 'read', { page: 5 })} ${touch(at.made, found(caller), 'write', { page: 5 })}`;
      }),
    cells: every('ok ok / ok ok / ok ok'),
  },
  {
    rule: 'M11',
    about: 'software injection: pread, pwrite of bytes and of the page, and a new process succeed',
    act: (kernel) => {
      const { made, mapper, file } = mounted(kernel);
      const caller = mapper();
      fail({ made, device: DEVICE, base: baseOf(made, file()), who: { caller } }, PAGE_5);
      const calls = [
        ['pread', PAGE],
        ['pwrite', 6],
        ['pwrite', PAGE],
      ] as const;
      const all = calls.map(([kind, length]) =>
        told(
          outcomeOf(
            made.run({
              type: 'file_io',
              file: file(),
              pid: caller.pid,
              kind,
              offset: 5 * PAGE,
              length,
            }),
          ),
        ),
      );
      return [...all, touch(made, mapper({ touched: 'none' }), 'read', { page: 5 })].join(' ');
    },
    cells: every('ok ok ok ok'),
  },
  {
    rule: 'M16',
    about: 'a load of a badblock: v5.10 reads on by its old entry, a fault is stopped',
    act: (kernel) => {
      const at = checked(kernel);
      const outcomes = [at.plain, newcomer(at)].map((one) =>
        access(at.made, one.mapping, 'read', { page: 5 }),
      );
      const store = access(at.made, newcomer(at).mapping, 'write', { page: 5 });
      return [...outcomes, store]
        .map(
          (one) =>
            `${told(one)}${one.si_addr_lsb === null ? '' : ` ${String(one.si_addr_lsb)}`}${one.kernel_log[0]?.startsWith('MCE: Killing probe:') === true ? ' logged' : ''}`,
        )
        .join(', ');
    },
    cells: every('ok, SIGBUS BUS_ADRERR, SIGBUS BUS_ADRERR', {
      ...on(['force-unmap-v5.12', 'v6.1'], 'SIGBUS BUS_ADRERR, SIGBUS BUS_ADRERR, SIGBUS BUS_ADRERR'),
      ...on(
        NODE_COUNTERS,
        'SIGBUS BUS_MCEERR_AR 12 logged, SIGBUS BUS_MCEERR_AR 12 logged, SIGBUS BUS_MCEERR_AR 12 logged',
      ),
    }),
  },
  {
    rule: 'M17',
    about: 'a page beside the badblock is served, by 4 KiB',
    act: (kernel) => {
      const at = checked(kernel);
      const one = newcomer(at);
      return `${touch(at.made, one, 'read', { page: 6 })} ${touch(at.made, one, 'write', { page: 7 })} ${shape(at.made, one)}`;
    },
    cells: every('ok ok 2 pte'),
  },
  {
    rule: 'M18',
    about: 'SIGBUS at default: dies of the fault, reads on by an old entry',
    act: (kernel) => {
      const at = checked(kernel);
      const both = [newcomer(at, 'default'), at.frail];
      return both.map((one) => touch(at.made, one, 'read', { page: 5 })).join('; ');
    },
    cells: every('SIGBUS BUS_ADRERR, dies; ok', {
      ...on(['force-unmap-v5.12', 'v6.1'], 'SIGBUS BUS_ADRERR, dies; SIGBUS BUS_ADRERR, dies'),
      ...on(NODE_COUNTERS, 'SIGBUS BUS_MCEERR_AR, dies; SIGBUS BUS_MCEERR_AR, dies'),
    }),
  },
  {
    rule: 'M19',
    about: 'pread over a badblock',
    act: (kernel) => {
      const at = checked(kernel);
      return `${io(at, 'pread', PAGE)} ${io(at, 'pread', 3 * PAGE, 4)} ${io(at, 'pread', PAGE, 6)}`;
    },
    cells: every('EIO EIO ok'),
  },
  {
    rule: 'M20',
    about: 'pwrite where the device cannot clear poison, of bytes and of the page',
    act: (kernel) => {
      const at = checked(kernel);
      return `${io(at, 'pwrite', 6)} ${io(at, 'pwrite', PAGE)}; ${poison(at)}`;
    },
    cells: every('EIO EIO; flags 5+1, badblocks 40+1', {
      ...on(['v6.1', 'v6.12'], 'EFAULT EFAULT; flags 5+1, badblocks 40+8'),
      'v7.3': 'EFAULT EFAULT; flags 0+1, badblocks 40+8',
    }),
  },
  {
    rule: 'M21',
    about: 'pwrite where it can: whole pages clear from v6.1 on',
    act: (kernel) => {
      const at = checked(kernel, true);
      const bytes = io(at, 'pwrite', 6);
      return `${bytes} ${io(at, 'pwrite', PAGE)}; ${poison(at)}; ${touch(at.made, newcomer(at), 'read', { page: 5 })}`;
    },
    cells: every('EIO EIO; flags 5+1, badblocks 40+1; SIGBUS BUS_ADRERR', {
      ...on(NEW, 'EFAULT ok; flags none, badblocks none; ok'),
    }),
  },
  {
    rule: 'M22',
    about: 'ndctl clear-errors: badblock and flag go, the counters stay',
    act: (kernel) => {
      const at = checked(kernel, true);
      const before = `${poison(at)}, ${counters(at)}`;
      at.made.run({ type: 'clear_errors', dax_device: DEVICE, offset: at.base * PAGE, length: 2 * MIB });
      return `${before} → ${poison(at)}, ${counters(at)}`;
    },
    cells: every('flags 5+1, badblocks 40+1, 0 kB → flags none, badblocks none, 0 kB', {
      'v6.1': 'flags 5+1, badblocks 40+8, 4 kB → flags none, badblocks none, 4 kB',
      'v6.12':
        'flags 5+1, badblocks 40+8, 4 kB, node0 total 1 recovered 1 → flags none, badblocks none, 4 kB, node0 total 1 recovered 1',
      'v7.3':
        'flags 0+1, badblocks 40+8, 4 kB, node0 total 1 recovered 1 → flags none, badblocks none, 4 kB, node0 total 1 recovered 1',
    }),
  },
  {
    rule: 'M35',
    about: 'devdax refaults, readable and writable, whatever is flagged or bad',
    act: (kernel) => {
      const at = scene(kernel, 'devdax', { caller: {} });
      fail(at, PAGE_5);
      fail(at, CHECK_5);
      const { caller } = at.who;
      return (['read', 'write'] as const)
        .map((kind) => touch(at.made, found(caller), kind, { page: 5 }))
        .join(' ');
    },
    cells: every('ok ok'),
  },
  {
    rule: 'M41',
    about: 'a machine check adds badblocks on NFIT: one sector, or the page',
    act: (kernel) => poison(checked(kernel)),
    cells: every('flags 5+1, badblocks 40+1', {
      ...on(['v6.1', 'v6.12'], 'flags 5+1, badblocks 40+8'),
      'v7.3': 'flags 0+1, badblocks 40+8',
    }),
  },
  {
    rule: 'M44',
    about: 'a badblock is back after unbind and bind, and after a reboot; the flag is not',
    act: (kernel) => {
      const at = checked(kernel);
      rebind(at);
      const after = poison(at);
      at.made.run({ type: 'reboot' });
      return `${after} / ${poison(at)}`;
    },
    cells: every('flags none, badblocks 40+1 / flags none, badblocks 40+1', {
      ...on(NEW, 'flags none, badblocks 40+8 / flags none, badblocks 40+8'),
    }),
  },
];
