import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { answered, every, fate, OLD, on, SIGBUS, table, told, type Cells, type Rule } from '../observe.ts';
import { ext4, rmapbt, xfs, type Rig } from '../rig.ts';
import {
  access,
  addDevice,
  addFile,
  addMapper,
  addMount,
  DEVICE,
  mappingOf,
  MIB,
  mountOf,
  outcomeOf,
  processOf,
  removeDevice,
  settle,
  type Machine,
  type Mapper,
  type MapperOptions,
} from '../support.ts';
import { SYSTEM_RAM_TENANT_RULES } from './system_ram_tenant.ts';

const TENANTS = ['new file system', 'devdax'] as const;
type Tenant = (typeof TENANTS)[number];

/**
 * Gives the pfns to tenant b, the old file system still mounted: a new one of another type, or devdax. Returns what
 * tenant b maps to reach them.
 */
function repurpose({ made, mount }: Rig, tenant: Tenant): { file: string } | { dax_device: string } {
  const mode = tenant === 'devdax' ? ('devdax' as const) : ('fsdax' as const);
  made.run({ type: 'bind', dax_device: DEVICE, mode, tenant: 'b' });
  if (tenant === 'devdax') return { dax_device: DEVICE };
  const fs_type = mountOf(made, mount).fs_type === 'ext4' ? 'xfs' : 'ext4';
  const fresh = addMount(made, { path: '/mnt/b', fs_type });
  return { file: addFile(made, fresh.id, '/theirs', 32 * MIB) };
}

/** What the old process gets, and whose data it is. */
function reaches(made: Machine, one: Mapper, kind: 'read' | 'write'): string {
  const outcome = access(made, one.mapping, kind);
  return outcome.result === 'ok' ? `tenant ${String(outcome.data_of?.tenant)}` : told(outcome);
}

interface Story {
  readonly options?: MapperOptions;
  readonly before?: (rig: Rig) => void;
  readonly kinds: readonly ('read' | 'write')[];
}

/** A mapper, a removal, each next tenant in turn, and what the mapper then reaches. */
function nextTenants(make: () => Rig, { options = {}, before, kinds }: Story): string {
  return TENANTS.map((tenant) => {
    const rig = make();
    const one = rig.mapper({ touched: 'write', ...options });
    before?.(rig);
    removeDevice(rig.made);
    repurpose(rig, tenant);
    return kinds.map((kind) => reaches(rig.made, one, kind)).join(' ');
  }).join(' / ');
}

function shutdown({ made, mount }: Rig): void {
  made.run({ type: 'shutdown_mount', mount });
}

function twice(outcome: string): string {
  return `${outcome} / ${outcome}`;
}

/** Every stale read lands with the next tenant, but where nothing stale is left. */
function tenantCells(outcome: string, gone: string, but: Cells = {}): Cells {
  return table(twice(outcome), { 'force-unmap': twice(gone), ...but });
}

/** A mapper left over from a removal, the device bound again with nobody new on it. */
function boundAgain(
  kernel: KernelName,
  options: MapperOptions = {},
): { made: Machine; one: Mapper; mount: string } {
  const { made, mapper, mount } = ext4(kernel);
  const one = mapper({ touched: 'write', ...options });
  removeDevice(made);
  made.run({ type: 'bind', dax_device: DEVICE });
  return { made, one, mount };
}

/** How it ends, and how often the kernel complains of its page tables. */
function exits(made: Machine, { pid }: Mapper): string {
  const outcome = outcomeOf(made.run({ type: 'exit_process', pid }));
  const bad = outcome.kernel_log.filter((line) => line.includes('Bad page map')).length;
  return `${told(outcome)} ${processOf(made, pid).state}${bad === 0 ? '' : `, ${String(bad)} x Bad page map`}`;
}

function oopsFirst(kernel: KernelName): Rig {
  const rig = ext4(kernel);
  const one = rig.mapper({ small: true });
  removeDevice(rig.made);
  access(rig.made, one.mapping, 'write');
  return rig;
}

function mountAgain(made: Machine): string {
  const how = { path: '/mnt/again', fs_type: 'xfs', dax: 'always' } as const;
  return answered(made, { type: 'create_mount', dax_device: DEVICE, ...how });
}

function storing(kernel: KernelName, mce_kill: 'default' | 'early'): { rig: Rig; one: Mapper } {
  const rig = ext4(kernel);
  const one = rig.mapper({ touched: 'write', activity: 'storing', mce_kill });
  removeDevice(rig.made);
  return { rig, one };
}

function stops(kernel: KernelName, mce_kill: 'default' | 'early'): string {
  const { rig, one } = storing(kernel, mce_kill);
  return mappingOf(rig.made, one.mapping).activity === 'storing' &&
    told(access(rig.made, one.mapping, 'write')) === OLD
    ? 'never'
    : SIGBUS;
}

/** Bind again and repurpose. */
export const REPURPOSE_RULES: readonly Rule[] = [
  {
    rule: 'R145',
    about: 'a task has oopsed on a stale entry: bind the namespace again',
    act: (kernel) => {
      const { made } = oopsFirst(kernel);
      const { bind } = made.run({ type: 'bind', dax_device: DEVICE });
      return `${bind.result} ${String(bind.blocked_in)}`;
    },
    cells: { 'v7.3': 'blocked synchronize_rcu_normal' },
  },
  {
    rule: 'R145',
    about: 'a task has oopsed on a stale entry: remove another device',
    act: (kernel) => {
      const { made } = oopsFirst(kernel);
      addDevice(made, { name: 'pmem1' });
      made.run({ type: 'remove_dax_device', dax_device: 'pmem1', trigger: 'unbind' });
      return settle(made).state === 'completed' ? 'returns' : 'hangs';
    },
    cells: { 'v7.3': 'hangs' },
  },
  {
    rule: 'R146',
    about: 'old file system mounted, nd_pmem bound again: the old mapping reads',
    act: (kernel) => {
      const { made, one } = boundAgain(kernel);
      return told(access(made, one.mapping, 'read'));
    },
    cells: table(OLD, { 'force-unmap': SIGBUS }),
  },
  {
    rule: 'R147',
    about: 'same: mount a second time',
    act: (kernel) => {
      const { made } = rmapbt(kernel);
      removeDevice(made);
      made.run({ type: 'bind', dax_device: DEVICE });
      return mountAgain(made);
    },
    cells: every('EEXIST'),
  },
  {
    rule: 'R148',
    about: 'same, old file system unmounted: mount',
    act: (kernel) => {
      const { made, mount } = rmapbt(kernel);
      removeDevice(made);
      made.run({ type: 'bind', dax_device: DEVICE });
      made.run({ type: 'umount', mount, lazy: false });
      return mountAgain(made);
    },
    cells: every('ok'),
  },
  {
    rule: 'R149',
    about: 'bind of a bound device',
    act: (kernel) => answered(ext4(kernel).made, { type: 'bind', dax_device: DEVICE }),
    cells: every('ENODEV', on(['v6.1', 'v6.12', 'v7.3'], 'EBUSY')),
  },
  {
    rule: 'R150',
    about: 'ext4 removed while mapped; a new file system / a devdax: the old process reads',
    act: (kernel) => nextTenants(() => ext4(kernel), { kinds: ['read'] }),
    cells: tenantCells('tenant b', SIGBUS),
  },
  {
    rule: 'R151',
    about: 'the same by PTE entries, next tenant devdax',
    act: (kernel) => nextTenants(() => ext4(kernel), { options: { small: true }, kinds: ['read'] }),
    cells: tenantCells('tenant b', SIGBUS),
  },
  {
    rule: 'R153',
    about: 'same: the old process, idle during the unbind, writes',
    act: (kernel) => nextTenants(() => ext4(kernel), { kinds: ['write'] }),
    cells: every(twice(SIGBUS)),
  },
  {
    rule: 'R154',
    about: 'ext4 shut down before: the old process writes a page that was dirty',
    act: (kernel) => nextTenants(() => ext4(kernel), { before: shutdown, kinds: ['write'] }),
    cells: tenantCells('tenant b', SIGBUS),
  },
  {
    rule: 'R155',
    about: 'xfs shut down before, by PTE: the old process writes, then reads',
    act: (kernel) =>
      nextTenants(() => xfs(kernel), {
        options: { small: true },
        before: shutdown,
        kinds: ['write', 'read'],
      }),
    cells: tenantCells(`${SIGBUS} tenant b`, `${SIGBUS} ${SIGBUS}`),
  },
  {
    rule: 'R157',
    about: 'xfs with rmapbt removed (early_kill=0): the old process reads',
    act: (kernel) => nextTenants(() => rmapbt(kernel), { kinds: ['read'] }),
    cells: tenantCells('tenant b', SIGBUS, on(['v6.12', 'v7.3'], twice(SIGBUS))),
  },
  {
    rule: 'R158',
    about: 'a writer stores in a loop during the unbind of ext4: when it stops; an early one',
    act: (kernel) => `${stops(kernel, 'default')} / ${stops(kernel, 'early')}`,
    cells: every(twice(SIGBUS), {
      'force-unmap-v5.10': 'never / never',
      'force-unmap-v5.12': `never / ${SIGBUS}`,
    }),
  },
  {
    rule: 'R159',
    about: 'that writer and the next tenant: it writes',
    act: (kernel) =>
      (['default', 'early'] as const)
        .flatMap((mce_kill) =>
          TENANTS.map((tenant) => {
            const { rig, one } = storing(kernel, mce_kill);
            repurpose(rig, tenant);
            return reaches(rig.made, one, 'write');
          }),
        )
        .join(' / '),
    cells: {
      'force-unmap-v5.10': `${twice('tenant b')} / ${twice('tenant b')}`,
      'force-unmap-v5.12': `${twice('tenant b')} / ${twice(SIGBUS)}`,
    },
  },
  {
    rule: 'R160',
    about:
      'stale entry, pfns given to a new file system / to devdax, mapped there: the old process exits, by PMD / by PTE; what the tenant reads',
    act: (kernel) =>
      [false, true]
        .flatMap((small) =>
          TENANTS.map((tenant) => {
            const rig = ext4(kernel);
            const one = rig.mapper({ small });
            removeDevice(rig.made);
            const theirs = repurpose(rig, tenant);
            const next = addMapper(rig.made, { ...theirs, length: 32 * MIB, touched: 'write' });
            return `${exits(rig.made, one)}, ${told(access(rig.made, next.mapping, 'read', { pages: 8192 }))}`;
          }),
        )
        .join(' / '),
    cells: every(twice(twice('ok dead, ok')), {
      'v7.3': `${twice('ok dead, ok')} / ok dead, ok / ok dead, 60 x Bad page map, ok`,
    }),
  },
  {
    rule: 'R162',
    about: 'stale entry, bound again, pfns not mapped by anybody new: the old process exits, by PMD / by PTE',
    act: (kernel) =>
      [false, true]
        .map((small) => {
          const { made, one } = boundAgain(kernel, { small });
          return exits(made, one);
        })
        .join(' / '),
    cells: every(twice('ok dead'), { 'v7.3': 'ok dead / ok dead, 60 x Bad page map' }),
  },
  {
    rule: 'R163',
    about: 'bound again before anything oopsed: the old process stores, by PMD / by PTE',
    act: (kernel) =>
      [{}, { small: true }]
        .map((options) => {
          const { made, one } = boundAgain(kernel, options);
          return fate(made, one, 'write');
        })
        .join(' / '),
    cells: { 'v7.3': twice(`${SIGBUS}; running`) },
  },
  {
    rule: 'R164',
    about: 'stale entry, bound again: gup through it, by PMD / by PTE',
    act: (kernel) =>
      [{}, { small: true }]
        .map((options) => {
          const { made, one } = boundAgain(kernel, options);
          return told(access(made, one.mapping, 'direct_io'));
        })
        .join(' / '),
    cells: table(twice(OLD)),
  },
  ...SYSTEM_RAM_TENANT_RULES,
];
