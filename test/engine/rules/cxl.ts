import type { CreateDaxDevice, RemoveDaxDevice } from '../../../src/engine/model/device_command.ts';
import type { CxlMemdev, CxlRegion } from '../../../src/engine/model/cxl.ts';
import type { RemovalRecord } from '../../../src/engine/model/removal.ts';
import type { CxlDriver, CxlRemoveVia, KernelName } from '../../../src/engine/model/vocabulary.ts';
import { answered, atRest, on, SIGBUS, told, type Cells, type Rule } from '../observe.ts';
import type { Refused } from '../refused.ts';
import { rigOn, type Rig } from '../rig.ts';
import {
  access,
  accessCommand,
  addDevice,
  addMapper,
  addMount,
  DEVICE,
  found,
  machine,
  MIB,
  type Machine,
  type Mapper,
} from '../support.ts';

const HPA = '0x990000000';
const CXL = { provider: 'CXL', phys_addr: HPA } as const;
const WITH_CXL = ['v6.1', 'v6.12', 'v7.3'] as const;
/** The kernel reads an address that nothing decodes: zeros on the machines of the recordings. */
const NOBODY = 'data of nobody';

/** A mapped devdax on region0 of mem0. */
function devdax(kernel: KernelName, more: Partial<CreateDaxDevice> = {}): { made: Machine; one: Mapper } {
  const made = machine(kernel);
  addDevice(made, { mode: 'devdax', ...CXL, ...more });
  return { made, one: addMapper(made, { dax_device: DEVICE, length: 4 * MIB }) };
}

/** ext4 on region0 of mem0, the first 2 MiB of a file mapped and read. */
function ext4(kernel: KernelName): Rig & { readonly one: Mapper } {
  const made = machine(kernel);
  addDevice(made, CXL);
  const rig = rigOn(made, addMount(made).id);
  return { ...rig, one: rig.mapper({ length: 4 * MIB, touched: 'none' }) };
}

function memdev(made: Machine, name = 'mem0'): CxlMemdev {
  return found(made.host.tables.cxl_memdevs.get(name));
}

function region(made: Machine, name = 'region0'): CxlRegion {
  return found(made.host.tables.cxl_regions.get(name));
}

/** Removes the memdev and runs every removal to its end. */
function pull(made: Machine, via?: CxlRemoveVia, name = 'mem0'): readonly RemovalRecord[] {
  const how = via === undefined ? {} : { via };
  const { removals } = made.run({ type: 'remove_cxl_memdev', memdev: name, trigger: 'unbind', ...how });
  return removals.map(({ id }) => finish(made, id));
}

function finish(made: Machine, id: string): RemovalRecord {
  for (;;) {
    const removal = found(made.host.tables.removals.get(id));
    if (removal.state !== 'running') return removal;
    made.run({ type: 'advance_removal', removal: id });
  }
}

function removeBy(made: Machine, via: NonNullable<RemoveDaxDevice['via']>): RemovalRecord {
  const { id } = made.run({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind', via });
  return finish(made, id);
}

function reach(made: Machine, one: Mapper, kind: 'read' | 'write', page = 0): string {
  const outcome = access(made, one.mapping, kind, { page });
  return outcome.result === 'ok' && outcome.data_of === null ? NOBODY : told(outcome);
}

function chain(made: Machine): string {
  const { state, nmem } = memdev(made);
  const { decode_state, state: bound, mappings } = region(made);
  return `mem0 ${state}, ${nmem ?? 'no nmem'}; region0 ${decode_state} ${bound}, ${String(mappings.length)} targets`;
}

/** No signal by itself, then what a touch gets, and what is left of the chain. */
function devdaxGone(kernel: KernelName, remove: (made: Machine) => RemovalRecord): string {
  const { made, one } = devdax(kernel);
  const removal = remove(made);
  const words = [reach(made, one, 'read'), reach(made, one, 'write', 2), reach(made, one, 'read', 768)];
  return `signals ${atRest(removal, one.pid)}; ${words.join(', ')}; ${chain(made)}`;
}

/** Touched pages, a store, untouched pages, and the touched pages once more. */
function ext4Gone(kernel: KernelName, via: CxlDriver): string {
  const { made, one } = ext4(kernel);
  access(made, one.mapping, 'read', { pages: 512 });
  const removal = removeBy(made, via);
  const words = [
    reach(made, one, 'read'),
    reach(made, one, 'write', 2),
    reach(made, one, 'read', 768),
    reach(made, one, 'read', 1),
  ];
  return `signals ${atRest(removal, one.pid)}; ${words.join(', ')}`;
}

function same(outcome: string, but: Cells = {}): Cells {
  return { ...on(WITH_CXL, outcome), ...but };
}

const TOUCHES = `signals none; ${SIGBUS}, ${SIGBUS}, ${SIGBUS}`;
const GONE = `${TOUCHES}; mem0 disabled, no nmem; region0 reset disabled, 0 targets`;
const PULLED = `${TOUCHES}; mem0 gone, no nmem; region0 reset disabled, 0 targets`;
const STALE = `signals none; ${NOBODY}, ${SIGBUS}, ${SIGBUS}, `;

function first(removals: readonly RemovalRecord[]): RemovalRecord {
  return found(removals[0]);
}

/** One device over two memdevs. */
function twoWays(kernel: KernelName): Machine {
  return devdax(kernel, { cxl: { memdevs: [{ name: 'mem0' }, { name: 'mem1' }] } }).made;
}

function locked(kernel: KernelName): string {
  const { made } = devdax(kernel, { cxl: { locked: true } });
  pull(made);
  return region(made).decode_state;
}

/** System RAM on a ram region, in use, and its memdev goes. */
function onlineMemoryByMemdev(kernel: KernelName): string {
  const made = machine(kernel);
  made.run({ type: 'patch_host', auto_online_blocks: 'online_movable' });
  const device = { name: DEVICE, mode: 'system-ram', size: 256 * MIB, ...CXL, cxl: { type: 'ram' } } as const;
  const created = answered(made, { type: 'create_dax_device', ...device });
  if (created !== 'ok') return created;
  const { mapping } = addMapper(made, { dax_device: DEVICE, flags: ['private'], touched: 'write' });
  pull(made, 'cxl_mem');
  const { blocks, leaked } = found(made.host.tables.memory_ranges.get(DEVICE));
  const online = blocks.filter(({ state }) => state !== 'offline');
  const count = online.reduce((sum, run) => sum + run.nr_blocks, 0);
  const later = answered(made, accessCommand(mapping, 'read'));
  return `region0 ${region(made).decode_state}, ${String(count)} blocks online${leaked ? ', leaked' : ''}; ${later}`;
}

export const CXL_RULES: readonly Rule[] = [
  {
    rule: 'M95',
    about: 'a CXL device on a persistent region / on a ram region',
    act: (kernel) =>
      (['pmem', 'ram'] as const)
        .map((type) => {
          const device = { name: 'dax0.0', mode: 'devdax', size: 64 * MIB, ...CXL } as const;
          return answered(machine(kernel), { type: 'create_dax_device', ...device, cxl: { type } });
        })
        .join(' / '),
    cells: {
      ...on(['v5.10', 'force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12'], 'ENODEV / ENODEV'),
      'v6.1': 'ok / ENXIO',
      ...on(['v6.12', 'v7.3'], 'ok / ok'),
    },
  },
  {
    rule: 'M96',
    about: 'devdax mapped: unbind cxl_mem',
    act: (kernel) => devdaxGone(kernel, (made) => removeBy(made, 'cxl_mem')),
    cells: same(GONE, { 'v6.1': GONE.replace('no nmem', 'nmem0') }),
  },
  {
    rule: 'M97',
    about: 'after that: bind cxl_mem; its region stays reset',
    act: (kernel) => {
      const { made } = devdax(kernel);
      pull(made, 'cxl_mem');
      const bind = answered(made, { type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_mem' });
      return `${bind}, ${region(made).decode_state}`;
    },
    cells: same('ENXIO, reset'),
  },
  {
    rule: 'M98',
    about: 'ext4 mapped: unbind cxl_mem',
    act: (kernel) => ext4Gone(kernel, 'cxl_mem'),
    cells: same(`${STALE}${NOBODY}`, { 'v6.1': `${STALE}${SIGBUS}` }),
  },
  {
    rule: 'M99',
    about: 'ext4 mapped: unbind cxl_pci',
    act: (kernel) => ext4Gone(kernel, 'cxl_pci'),
    cells: same(`${STALE}${NOBODY}`, { 'v6.1': `${STALE}${SIGBUS}` }),
  },
  {
    rule: 'M100',
    about: 'devdax mapped: unbind cxl_pci',
    act: (kernel) => devdaxGone(kernel, (made) => removeBy(made, 'cxl_pci')),
    cells: same(PULLED),
  },
  {
    rule: 'M101',
    about: 'after that: bind cxl_pci',
    act: (kernel) => {
      const { made } = devdax(kernel);
      pull(made, 'cxl_pci');
      const { name, state } = made.run({ type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_pci' });
      return `${name} ${state}`;
    },
    cells: same('mem0 disabled', { 'v6.1': 'mem1 disabled' }),
  },
  {
    rule: 'M102',
    about: 'devdax mapped: unbind cxl_region',
    act: (kernel) => devdaxGone(kernel, (made) => removeBy(made, 'cxl_region')),
    cells: same(`${TOUCHES}; mem0 enabled, nmem0; region0 commit disabled, 1 targets`),
  },
  {
    rule: 'M103',
    about: 'after that: the region is there without a driver, and no nd device on it',
    act: (kernel) => {
      const { made } = devdax(kernel);
      removeBy(made, 'cxl_region');
      const { parent_bound, conditions } = found(made.host.tables.dax_devices.get(DEVICE));
      return `${region(made).state}, parent ${String(parent_bound)}, ${conditions.map(({ type }) => type).join()}`;
    },
    cells: same('disabled, parent false, cxl_region_disabled'),
  },
  {
    rule: 'M104',
    about: 'devdax mapped: the PCI function is removed',
    act: (kernel) => devdaxGone(kernel, (made) => first(pull(made))),
    cells: same(PULLED),
  },
  {
    rule: 'M105',
    about: 'after that: PCI rescan',
    act: (kernel) => {
      const { made } = devdax(kernel);
      pull(made);
      made.run({ type: 'record_hotplug_event', action: 'add', dax_device: DEVICE });
      const [back] = made.host.tables.cxl_memdevs.values();
      return `${found(back).state}; region0 ${region(made).decode_state}`;
    },
    cells: same('disabled; region0 reset'),
  },
  {
    rule: 'M106',
    about: 'cxl disable-memdev of a memdev in use',
    act: (kernel) => {
      const { made, one } = devdax(kernel);
      const how = { trigger: 'unbind', via: 'cxl_disable_memdev' } as const;
      const said = answered(made, { type: 'remove_cxl_memdev', memdev: 'mem0', ...how });
      return `${said}; ${reach(made, one, 'read')}; ${chain(made)}`;
    },
    cells: same('tool_refused; ok; mem0 enabled, nmem0; region0 commit enabled, 1 targets'),
  },
  {
    rule: 'M107',
    about: 'cxl disable-memdev -f of a memdev in use',
    act: (kernel) => devdaxGone(kernel, (made) => first(pull(made, 'cxl_disable_memdev_force'))),
    cells: same(GONE, { 'v6.1': GONE.replace('no nmem', 'nmem0') }),
  },
  {
    rule: 'M109',
    about: 'order of steps when a memdev is lost; the decoders of a locked region',
    act: (kernel) => {
      const names = first(pull(devdax(kernel).made)).steps.map(({ name }) => name);
      const order = names.filter((name) => name.startsWith('cxl_') || name === 'kill_dax');
      return `${order.join(' ')}; ${locked(kernel)}`;
    },
    cells: Object.fromEntries(
      WITH_CXL.map((kernel) => [
        kernel,
        `cxl_region_decode_reset cxl_decoder_detach cxl_region_remove kill_dax cxl_memdev_remove; ${kernel === 'v7.3' ? 'commit' : 'reset'}`,
      ]),
    ),
  },
  {
    rule: 'M110',
    about: 'the addresses of a region whose target left',
    act: (kernel) => {
      const { made } = devdax(kernel);
      pull(made);
      return String(region(made).resource);
    },
    cells: same(HPA),
  },
  {
    rule: 'M111',
    about: 'two ways, one memdev leaves: the region, its targets, the other memdev',
    act: (kernel) => {
      const made = twoWays(kernel);
      pull(made, 'cxl_mem', 'mem1');
      const { state, committed_with_zero_size } = memdev(made);
      return `${chain(made)}; mem0 ${state}, ${committed_with_zero_size ? 'decoder reset' : 'decoding'}`;
    },
    cells: same('mem0 enabled, nmem0; region0 reset disabled, 1 targets; mem0 enabled, decoder reset'),
  },
  {
    rule: 'M112',
    about: 'ram region, its memory online: unbind cxl_mem; a later touch',
    act: onlineMemoryByMemdev,
    cells: {
      'v6.1': 'ENXIO',
      ...on(['v6.12', 'v7.3'], 'region0 reset, 2 blocks online, leaked; outcome_unknown'),
    },
  },
  {
    rule: 'M113',
    about: 'a persistent region over a memdev of serial 0',
    act: (kernel) => {
      const device = { name: 'dax0.0', mode: 'devdax', size: 64 * MIB, ...CXL } as const;
      const cxl = { memdevs: [{ serial: '0x0' }] };
      return answered(machine(kernel), { type: 'create_dax_device', ...device, cxl });
    },
    cells: same('ok', { 'v7.3': 'ENXIO' }),
  },
  {
    rule: 'M154',
    about: 'the PCI function is bound again: the name of its memdev',
    act: (kernel) => {
      const { made } = devdax(kernel);
      pull(made);
      made.run({ type: 'bind_cxl_memdev', memdev: 'mem0', driver: 'cxl_pci' });
      return [...made.host.tables.cxl_memdevs.keys()].join();
    },
    cells: same('mem0', { 'v6.1': 'mem1' }),
  },
  {
    rule: 'R166',
    about: 'CXL, devdax mapped: unbind cxl_mem / cxl_pci / cxl_region: a touch',
    act: (kernel) =>
      (['cxl_mem', 'cxl_pci', 'cxl_region'] as const)
        .map((via) => {
          const { made, one } = devdax(kernel);
          return `${removeBy(made, via).state} ${reach(made, one, 'read')}`;
        })
        .join(' / '),
    cells: same(Array<string>(3).fill(`completed ${SIGBUS}`).join(' / ')),
  },
  {
    rule: 'R167',
    about: 'CXL, ext4 mounted: unbind cxl_mem / cxl_pci: what is left',
    act: (kernel) =>
      (['cxl_mem', 'cxl_pci'] as const)
        .map((via) => {
          const { made, one } = ext4(kernel);
          access(made, one.mapping, 'read');
          const { verdict, hazards } = removeBy(made, via);
          return `${String(verdict)}: ${hazards.map(({ kind }) => kind).find((kind) => kind === 'stale_mapping') ?? ''}`;
        })
        .join(' / '),
    cells: same('exposed: stale_mapping / exposed: stale_mapping'),
  },
];

/** xfs with rmapbt on a CXL region, asked to go with its memdev. */
function rmapbtByMemdev(kernel: KernelName): readonly string[] {
  const made = machine(kernel);
  addDevice(made, CXL);
  addMount(made, { fs_type: 'xfs', rmapbt: true, agcount: 1 });
  return (['cxl_mem', 'cxl_pci'] as const).map((via) =>
    answered(made, { type: 'remove_dax_device', dax_device: DEVICE, trigger: 'unbind', via }),
  );
}

export const CXL_REFUSED: readonly Refused[] = [
  { rule: 'M108', reason: 'a request that no handler serves is no request of the API: nothing happens' },
  { rule: 'M114', reason: 'no command makes a PCI error: AER is not modelled' },
  { rule: 'M115', reason: 'no command makes a CXL media error record: memory_failure() is asked for itself' },
  { rule: 'M152', reason: 'no export prints `cxl list`; both shapes of it are imported' },
  { rule: 'M153', reason: 'no export prints `cxl list`: max_available_extent is kept as it was imported' },
  {
    rule: 'R167',
    reason: 'xfs with rmapbt: the order of its walk against the reset of the decoders is not known',
    proof: {
      act: rmapbtByMemdev,
      codes: Object.fromEntries(WITH_CXL.map((kernel) => [kernel, ['outcome_unknown', 'outcome_unknown']])),
    },
  },
];
