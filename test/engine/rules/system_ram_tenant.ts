import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { every, on, SIGBUS, table, told, type Rule } from '../observe.ts';
import { mounted, type Rig } from '../rig.ts';
import {
  access,
  addMapper,
  DEVICE,
  found,
  MIB,
  outcomeOf,
  processOf,
  removeDevice,
  type Mapper,
  type MapperOptions,
} from '../support.ts';

/** Online memory made of the device, as much of it as a process of tenant b has asked for. */
interface Given {
  readonly rig: Rig;
  readonly one: Mapper;
  readonly tenant: Mapper;
}

/** ext4 removed while mapped, the device given to system-ram, whose pages a process of tenant b fills. */
function givenToRam(kernel: KernelName, options: MapperOptions = {}): Given {
  const rig = mounted(kernel, { device: { size: 256 * MIB } });
  const { made } = rig;
  const one = rig.mapper({ touched: 'write', ...options });
  removeDevice(made);
  made.run({ type: 'patch_host', auto_online_blocks: 'online_movable' });
  made.run({ type: 'bind', dax_device: DEVICE, mode: 'system-ram', tenant: 'b' });
  return { rig, one, tenant: fill(rig, 'b', 160) };
}

/** A process that fills the device's memory, from its lowest free page on. */
function fill({ made }: Rig, tenant: string, mib = 32): Mapper {
  const memory = { dax_device: DEVICE, flags: ['private'], length: mib * MIB } as const;
  return addMapper(made, { tenant, touched: 'write', ...memory });
}

function reaches({ rig }: Given, { mapping }: Mapper, kind: 'read' | 'write'): string {
  const outcome = access(rig.made, mapping, kind);
  return outcome.result === 'ok' ? `tenant ${String(outcome.data_of?.tenant)}` : told(outcome);
}

/** The old process ends; how, what was logged, and whether the tenant reads its own page right after. */
function ends(kernel: KernelName, small: boolean): string {
  const given = givenToRam(kernel, { small });
  const { rig, one, tenant } = given;
  const { made } = rig;
  const outcome = outcomeOf(made.run({ type: 'exit_process', pid: one.pid }));
  const logged = ['Bad page map', 'Bad page state'].filter((line) =>
    outcome.kernel_log.some((own) => own.includes(line)),
  );
  const words = [told(outcome), processOf(made, one.pid).state, ...logged];
  return `${words.join(' ')}; ${reaches(given, tenant, 'read')}`;
}

/** After that a third tenant takes memory: who can still be answered. */
function third(kernel: KernelName): string {
  const given = givenToRam(kernel, { small: true });
  const { rig, one, tenant } = given;
  rig.made.run({ type: 'exit_process', pid: one.pid });
  const other = fill(rig, 'c');
  const decision = rig.made.try({
    type: 'access',
    mapping: tenant.mapping,
    kind: 'read',
    offset: 0,
    length: 1,
  });
  return `${'refused' in decision ? decision.code : 'answered'}, ${reaches(given, other, 'read')}`;
}

const FINE = 'ok dead; tenant b';

/** Bind again as system RAM: the pages belong to processes now. */
export const SYSTEM_RAM_TENANT_RULES: readonly Rule[] = [
  {
    rule: 'R152',
    about: 'ext4 removed while mapped, next tenant system-ram: the old process reads / writes',
    act: (kernel) => {
      const given = givenToRam(kernel);
      return `${reaches(given, given.one, 'read')} / ${reaches(given, given.one, 'write')}`;
    },
    cells: table(`tenant b / ${SIGBUS}`, { 'force-unmap': `${SIGBUS} / ${SIGBUS}` }),
  },
  {
    rule: 'R159',
    about: 'a writer that the series lets go on stores into the next process',
    act: (kernel) => {
      const given = givenToRam(kernel, { activity: 'storing' });
      return reaches(given, given.one, 'write');
    },
    cells: on(['force-unmap-v5.10', 'force-unmap-v5.12'], 'tenant b'),
  },
  {
    rule: 'R161',
    about: 'stale entry, pfns given to system-ram: the old process exits, by PMD / by PTE',
    act: (kernel) => `${ends(kernel, false)} / ${ends(kernel, true)}`,
    cells: every(`${FINE} / ${FINE}`, {
      'v7.3':
        'oops pgtable_trans_huge_withdraw oopsed; tenant b / ok dead Bad page map Bad page state; tenant b',
    }),
  },
  {
    rule: 'R161',
    about: 'after the exit by PTE a third process takes memory: the second, and the third',
    act: third,
    cells: every('answered, tenant c', { 'v7.3': 'outcome_unknown, tenant c' }),
  },
  {
    rule: 'R165',
    about: 'NVDIMM replaced at the same address: what the stale entry reads, the generation, old poison',
    act: (kernel) => {
      const rig = mounted(kernel);
      const one = rig.mapper();
      removeDevice(rig.made, { trigger: 'surprise_removal' });
      const media = { media_serial: 'new' };
      rig.made.run({
        type: 'record_hotplug_event',
        action: 'replace',
        dax_device: DEVICE,
        media,
        tenant: 'b',
      });
      const device = found(rig.made.host.tables.dax_devices.get(DEVICE));
      const outcome = access(rig.made, one.mapping, 'read');
      const read = outcome.result === 'ok' ? `tenant ${String(outcome.data_of?.tenant)}` : told(outcome);
      return `${read}, generation ${String(device.generation)}, ${String(device.media_serial)}`;
    },
    cells: table('tenant b, generation 2, new', { 'force-unmap': `${SIGBUS}, generation 2, new` }),
  },
];
