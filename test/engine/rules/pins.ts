import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { atRest, every, on, shape, told, type Rule } from '../observe.ts';
import { DAX, devdax, ext4, rmapbt } from '../rig.ts';
import {
  addPin,
  DEVICE,
  FIXED_BUFFER,
  outcomeOf,
  PIPE,
  processOf,
  removeDevice,
  settle,
  UMEM,
  type Machine,
  type Mapper,
  type MapperOptions,
  type PinOptions,
} from '../support.ts';
import type { RemovalRecord } from '../../../src/engine/model/removal.ts';

const PIPE_OOPS = 'oops page_cache_pipe_buf_release';
const NEW = ['v6.1', 'v6.12', 'v7.3'] as const;
const OLD_SERIES = ['v5.10', 'force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12'] as const;

interface Held {
  readonly made: Machine;
  readonly pinner: Mapper;
  readonly pin: string;
  readonly removal: RemovalRecord;
}

/** A pin held over a removal, of devdax or of a file on ext4 (or xfs with rmapbt). */
function held(
  kernel: KernelName,
  on_what: 'devdax' | 'ext4' | 'rmapbt',
  how: PinOptions,
  options: MapperOptions = {},
): Held {
  const { made, mapper } = { devdax, ext4, rmapbt }[on_what](kernel);
  const pinner = mapper(options);
  const pin = addPin(made, pinner, how);
  const removal = removeDevice(made, { dax_device: on_what === 'devdax' ? DAX : DEVICE });
  return { made, pinner, pin, removal };
}

/** A pin of devdax held while the parent driver goes. */
function heldByParent(kernel: KernelName, how: PinOptions): Held {
  const { made, mapper } = devdax(kernel);
  const pinner = mapper();
  const pin = addPin(made, pinner, how);
  return { made, pinner, pin, removal: removeDevice(made, { dax_device: DAX, via: 'dax_pmem' }) };
}

function waits({ removal }: Held): string {
  const step = removal.steps.find((own) => own.state === 'waiting');
  return step === undefined ? removal.state : `${removal.state} in ${String(step.result.wait_in)}`;
}

/** Drops the pin, or kills the pinner: what the releasing call gets, and what becomes of the task. */
function release({ made, pinner, pin }: Held, how: 'drop' | 'kill'): string {
  const command =
    how === 'drop' ? ({ type: 'unpin', pin } as const) : ({ type: 'exit_process', pid: pinner.pid } as const);
  const outcome = outcomeOf(made.run(command));
  return `${told(outcome)}; ${processOf(made, pinner.pid).state}`;
}

function bothReleases(make: () => Held): string {
  return (['drop', 'kill'] as const).map((how) => release(make(), how)).join(' / ');
}

function completes(make: () => Held, how: 'drop' | 'kill'): string {
  const one = make();
  return `${release(one, how)}, ${settle(one.made).state}`;
}

/** Pins and removal. */
export const PIN_RULES: readonly Rule[] = [
  {
    rule: 'R115',
    about: 'devdax, longterm pin held: does the unbind wait, and where',
    act: (kernel) => waits(held(kernel, 'devdax', UMEM)),
    cells: every('waiting in memunmap_pages', on(NEW, 'completed')),
  },
  {
    rule: 'R115',
    about: 'devdax removed through dax_pmem: longterm / transient pin held',
    act: (kernel) => [UMEM, PIPE].map((how) => waits(heldByParent(kernel, how))).join(' / '),
    cells: every('waiting in memunmap_pages / waiting in memunmap_pages', on(NEW, 'completed / completed')),
  },
  {
    rule: 'R116',
    about: 'devdax, transient pin held',
    act: (kernel) => waits(held(kernel, 'devdax', PIPE)),
    cells: every('waiting in memunmap_pages', on(NEW, 'completed')),
  },
  {
    rule: 'R117',
    about: 'fsdax on ext4, transient pin held',
    act: (kernel) => waits(held(kernel, 'ext4', PIPE)),
    cells: every('waiting in blk_mq_freeze_queue_wait', on(NEW, 'completed')),
  },
  {
    rule: 'R118',
    about: 'fsdax on xfs with rmapbt, transient pin held: signal and entries',
    act: (kernel) => {
      const one = held(kernel, 'rmapbt', PIPE);
      return `${one.removal.state}, ${atRest(one.removal, one.pinner.pid)}, ${shape(one.made, one.pinner)}`;
    },
    cells: {
      ...on(['v5.10', 'force-unmap-v5.10', 'force-unmap-v5.12'], 'waiting, none, 1 pmd'),
      'force-unmap': 'waiting, AO lsb 21 x1, none',
      'v6.1': 'completed, none, 1 pmd',
      ...on(['v6.12', 'v7.3'], 'completed, AO lsb 21 x1, none'),
    },
  },
  {
    rule: 'R119',
    about: 'while it waits: mappings of devdax / of fsdax / of fsdax with an early mapper',
    act: (kernel) =>
      [
        held(kernel, 'devdax', UMEM),
        held(kernel, 'ext4', PIPE),
        held(kernel, 'ext4', PIPE, { mce_kill: 'early' }),
      ]
        .map(({ made, pinner, removal }) => `${shape(made, pinner)} ${atRest(removal, pinner.pid)}`)
        .join(' / '),
    cells: {
      ...on(['v5.10', 'force-unmap-v5.10'], 'none none / 1 pmd none / 1 pmd none'),
      'force-unmap-v5.12': 'none none / 1 pmd none / none AO lsb 21 x1',
      'force-unmap': 'none none / none AO lsb 21 x1 / none AO lsb 21 x1',
    },
  },
  {
    rule: 'R120',
    about: 'waiting: the pin is dropped',
    act: (kernel) =>
      [
        () => held(kernel, 'devdax', UMEM),
        () => held(kernel, 'devdax', PIPE),
        () => held(kernel, 'ext4', PIPE),
      ]
        .map((make) => completes(make, 'drop'))
        .join(' / '),
    cells: on(OLD_SERIES, Array(3).fill('ok; running, completed').join(' / ')),
  },
  {
    rule: 'R121',
    about: 'waiting: the pinning process is killed',
    act: (kernel) =>
      [() => held(kernel, 'devdax', UMEM), () => held(kernel, 'ext4', PIPE)]
        .map((make) => completes(make, 'kill'))
        .join(' / '),
    cells: on(OLD_SERIES, 'ok; dead, completed / ok; dead, completed'),
  },
  {
    rule: 'R122',
    about: 'waiting: the pinner munmaps only',
    act: (kernel) => {
      const { made, pinner } = held(kernel, 'devdax', UMEM);
      made.run({ type: 'munmap', mapping: pinner.mapping });
      return settle(made).state;
    },
    cells: on(OLD_SERIES, 'waiting'),
  },
  {
    rule: 'R123',
    about: 'completed, io_uring pin on devdax: unregister / killed',
    act: (kernel) => bothReleases(() => held(kernel, 'devdax', FIXED_BUFFER)),
    cells: {
      'v6.12': 'oops io_buffer_unmap; oopsed / oops io_buffer_unmap (worker); dead',
      'v7.3': 'oops io_release_ubuf; dead / oops io_release_ubuf (worker); dead',
    },
  },
  {
    rule: 'R124',
    about: 'completed, io_uring pin on devdax, munmap first: unregister',
    act: (kernel) => {
      const one = held(kernel, 'devdax', FIXED_BUFFER);
      one.made.run({ type: 'munmap', mapping: one.pinner.mapping });
      return release(one, 'drop');
    },
    cells: { 'v6.12': 'oops io_buffer_unmap; oopsed', 'v7.3': 'oops io_release_ubuf; dead' },
  },
  {
    rule: 'R125',
    about: 'completed, AF_XDP pin on devdax: socket closed / killed',
    act: (kernel) => bothReleases(() => held(kernel, 'devdax', UMEM)),
    cells: {
      'v6.1': both('unpin_user_pages_dirty_lock'),
      'v6.12': both('gup_folio_next'),
      'v7.3': both('unpin_user_pages_dirty_lock'),
    },
  },
  {
    rule: 'R126',
    about: 'completed, vmsplice pin on devdax: pipe drained / killed',
    act: (kernel) => bothReleases(() => held(kernel, 'devdax', PIPE)),
    cells: on(NEW, `${PIPE_OOPS}; dead / ${PIPE_OOPS}; oopsed`),
  },
  {
    rule: 'R126',
    about: 'completed, vmsplice pin on ext4: pipe drained / killed (never reaped, state X)',
    act: (kernel) => bothReleases(() => held(kernel, 'ext4', PIPE)),
    cells: {
      ...on(['v6.1', 'v6.12'], `${PIPE_OOPS}; dead / ${PIPE_OOPS}; oopsed`),
      'v7.3': `${PIPE_OOPS}, vm_normal_folio_pmd; oopsed / oops vm_normal_folio_pmd; oopsed`,
    },
  },
];

function both(at: string): string {
  return `oops ${at} (worker); running / oops ${at} (worker); dead`;
}
