import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { currentInventory } from '../../../src/inventory/current_inventory.ts';
import { exportListing } from '../../../src/inventory/export_listing.ts';
import type { KnownInventory } from '../../../src/inventory/known_inventory.ts';
import { isEqual } from '../../../src/inventory/is_equal.ts';
import { textOf } from '../../../src/inventory/read_field.ts';
import type { InventoryDeviceRecord, ListedObject, ListedRecord } from '../../../src/inventory/record.ts';
import {
  after,
  currentOf,
  deviceOf,
  exportOf,
  importInto,
  knownAfter,
  NOTHING,
  unordered,
  valueOf,
} from '../../inventory/support/host.ts';
import { otherListing, recorded, recordedInventories } from '../../inventory/support/recordings.ts';
import { on, type Rule } from '../observe.ts';
import type { Refused } from '../refused.ts';

/** The kernels that listings were recorded on, by machine: a column without one has no cell. */
const SUFFIX: Readonly<Partial<Record<KernelName, string>>> = {
  'v5.10': '5.10',
  'force-unmap-v5.10': '5.10-force-unmap',
  'v6.1': '6.1',
  'v6.12': '6.12',
  'v7.3': '7.3',
};
const NVDIMM = ['v5.10', 'force-unmap-v5.10', 'v6.1', 'v6.12', 'v7.3'] as const;
const OTHERS = ['v5.10', 'v6.1', 'v6.12', 'v7.3'] as const;
const CXL = ['v6.1', 'v6.12', 'v7.3'] as const;

const NDCTL = 'ndctl list -RBNDMXv';
const NDCTL_IDLE = 'ndctl list -RBNDMXvi';
const DAXCTL = 'daxctl list -RDM';

/** What one invocation printed on one machine in one state, under a kernel. */
function listing(kernel: KernelName, state: string, command: string): string {
  return recorded(`${state}@${SUFFIX[kernel] ?? kernel}`, command);
}

/** What is known of a machine after several of its listings, from nothing. */
function known(kernel: KernelName, state: string, ...commands: readonly string[]): KnownInventory {
  return knownAfter(...commands.map((command) => listing(kernel, state, command)));
}

function only(inventory: KnownInventory): InventoryDeviceRecord {
  const [device, other] = inventory.devices;
  if (device === undefined || other !== undefined) throw new Error('wanted one device');
  return device;
}

function fieldOf(list: readonly ListedRecord[], name: string, field: string): unknown {
  return list.find((own) => own.name === name)?.fields[field];
}

/** Fields in which two devices differ, but for their uuids. */
function differing(one: InventoryDeviceRecord, other: InventoryDeviceRecord): string {
  const keys = (Object.keys(one) as (keyof InventoryDeviceRecord)[]).filter((key) => key !== 'listed');
  const differ = keys.filter((key) => key !== 'uuid' && !isEqual(one[key], other[key]));
  return differ.length === 0 ? 'no field' : differ.join();
}

/** Both exports of everything that was listed, with uuids and the kernel's paths left out. */
function comparable(name: string): string {
  const inventory = knownAfter(recorded(name, NDCTL_IDLE), recorded(name, DAXCTL));
  const exports = (['ndctl', 'daxctl'] as const).map((format) =>
    unordered(valueOf(exportOf(format, inventory))),
  );
  return JSON.stringify(exports)
    .replace(/"[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"uuid"')
    .replace(/"path":"[^"]*"/g, '"path"');
}

/** Recorded states of the machines that M163 names whose listings tell another thing than those of 6.1. */
function unlikeV61(kernel: KernelName): string {
  const suffix = `@${SUFFIX[kernel] ?? kernel}`;
  const names = recordedInventories()
    .filter(({ name, topology }) => name.endsWith(suffix) && /^(?:nvdimm2?|e820|hmem)$/.test(topology))
    .map(({ name }) => name);
  const differ = names.filter((name) => comparable(name) !== comparable(name.replace(suffix, '@6.1')));
  return `${String(names.length)} states: ${differ.map((name) => name.replace(suffix, '')).join() || 'none differs'}`;
}

/** Rows M116-M134 and M163-M168: what the three tools print, and what is made of it. */
export const INVENTORY_RULES: readonly Rule[] = [
  {
    rule: 'M116',
    about: 'nothing to list: imported / exported',
    act: (kernel) => {
      const formats = ['ndctl list -N', 'daxctl list'].map(
        (command) => importInto(NOTHING, listing(kernel, 'nvdimm.region-disabled', command)).format,
      );
      return `${formats.join()} / ${JSON.stringify(exportOf('daxctl', known(kernel, 'nvdimm.fsdax', NDCTL)))}`;
    },
    cells: on(NVDIMM, 'empty,empty / ""'),
  },
  {
    rule: 'M117',
    about: 'cxl list with nothing to list, after a device is known',
    act: (kernel) => {
      const text = listing(kernel, 'nvdimm.raw', 'cxl list -vvv');
      const { format, devices } = importInto(known(kernel, 'nvdimm.raw', NDCTL), text);
      return `${text} ${format}, ${String(devices.length)} changed`;
    },
    cells: on(NVDIMM, '[] empty, 0 changed'),
  },
  {
    rule: 'M118',
    about: 'one bus with -u: an object, the same devices',
    act: (kernel) => {
      const human = listing(kernel, 'nvdimm.fsdax', 'ndctl list -RBNDMXvu');
      const exact = known(kernel, 'nvdimm.fsdax', NDCTL);
      return `${human.slice(0, 1)} ${differing(only(exact), only(after(exact, human)))} differs`;
    },
    cells: on(NVDIMM, '{ no field differs'),
  },
  {
    rule: 'M119',
    about: '-u: by ndctl, rounded / with daxctl, whose mappings are in hex / and the exact listing',
    act: (kernel) => {
      const state = 'nvdimm.system-ram';
      const steps = ['ndctl list -RBNDMXvu', 'daxctl list -RDMu', DAXCTL];
      const told = steps.map((_, at) => {
        const device = only(known(kernel, state, ...steps.slice(0, at + 1)));
        return `${String(device.size)} ${device.size_is_rounded ? 'rounded' : 'exact'} ${String(device.phys_addr)}`;
      });
      return told.join(' / ');
    },
    cells: on(
      NVDIMM,
      '1054867456 rounded null / 1054867456 exact 0x101200000 / 1054867456 exact 0x101200000',
    ),
  },
  {
    rule: 'M120',
    about: 'iset_id above 2^53, exported',
    act: (kernel) =>
      /"iset_id": ?(\d+)/.exec(exportOf('ndctl', known(kernel, 'nvdimm.fsdax', NDCTL)))?.[1] ?? 'none',
    cells: on(NVDIMM, '52512752653219036'),
  },
  {
    rule: 'M121',
    about: 'a mounted namespace against an unmounted one',
    act: (kernel) =>
      differing(
        only(known(kernel, 'nvdimm.fsdax', NDCTL_IDLE)),
        only(known(kernel, 'nvdimm.fsdax-mounted', NDCTL_IDLE)),
      ),
    cells: on(NVDIMM, 'no field'),
  },
  {
    rule: 'M122',
    about: 'fsdax unbound: -N / -i / the keys of what is exported of a device that was unbound here',
    act: (kernel) => {
      const state = 'nvdimm.fsdax-unbound-while-mounted';
      const { name, size, state: bound } = only(known(kernel, state, NDCTL_IDLE));
      const inventory = known(kernel, 'nvdimm.fsdax', NDCTL_IDLE);
      const record = only(inventory);
      const current = currentOf(record, { state: 'unbound' });
      const unbound = exportListing('ndctl', currentInventory(inventory.host, [{ record, current }]));
      const alike =
        namespaceKeys(unbound) === namespaceKeys(exportOf('ndctl', known(kernel, state, NDCTL_IDLE)));
      const listed = known(kernel, state, 'ndctl list -N').devices.length;
      return `${String(listed)} / ${name} ${bound}, size ${String(size)} / ${alike ? 'as recorded' : unbound}`;
    },
    cells: on(NVDIMM, '0 / namespace0.0 unbound, size null / as recorded'),
  },
  {
    rule: 'M123',
    about: 'a dax device without driver: by ndctl alone / with daxctl',
    act: (kernel) => {
      const state = 'nvdimm.devdax-unbound';
      const alone = deviceOf(known(kernel, state, 'ndctl list -N'), 'dax0.0');
      const both = deviceOf(known(kernel, state, 'ndctl list -N', 'daxctl list'), 'dax0.0');
      return `${alone.mode} ${alone.state} / ${both.mode} ${both.state}`;
    },
    cells: on(NVDIMM, 'devdax bound / devdax unbound'),
  },
  {
    rule: 'M124',
    about: 'system-ram: by ndctl -N alone / with daxctl / and ndctl -N once more',
    act: (kernel) => {
      const state = 'nvdimm.system-ram';
      const steps = ['ndctl list -N', 'daxctl list', 'ndctl list -N'];
      const modes = steps.map(
        (_, at) => deviceOf(known(kernel, state, ...steps.slice(0, at + 1)), 'dax0.0').mode,
      );
      return modes.join(' / ');
    },
    cells: on(NVDIMM, 'devdax / system-ram / system-ram'),
  },
  {
    rule: 'M125',
    about: 'system-ram with all blocks offline; exported again',
    act: (kernel) => {
      const inventory = known(kernel, 'nvdimm.system-ram-offline', DAXCTL);
      const { online, total, movable } = only(inventory).memory_blocks!;
      const again = exportOf('daxctl', inventory).includes('movable');
      return `${String(online)} of ${String(total)}, movable ${String(movable)}; ${again ? 'movable' : 'not'} exported`;
    },
    cells: on(NVDIMM, '0 of 7, movable null; not exported'),
  },
  {
    rule: 'M126',
    about: 'e820 / virtio-pmem without a pfn superblock',
    act: (kernel) =>
      ['e820.raw', 'virtio-pmem.raw']
        .map((state) => {
          const { mode, map, uuid, align } = only(known(kernel, state, NDCTL));
          return `${mode} ${String(map)} ${String(uuid)} ${String(align)}`;
        })
        .join(' / '),
    cells: on(OTHERS, 'fsdax mem null null / fsdax mem null null'),
  },
  {
    rule: 'M127',
    about: 'NFIT namespace without labels; its region',
    act: (kernel) => {
      const inventory = known(kernel, 'nvdimm.raw', NDCTL);
      const { mode, map, uuid } = only(inventory);
      const iset = fieldOf(inventory.host.regions, 'region0', 'iset_id');
      return `${mode} ${String(map)} ${String(uuid)}; iset_id ${String(iset)}`;
    },
    cells: on(NVDIMM, 'raw null null; iset_id undefined'),
  },
  {
    rule: 'M128',
    about: 'a destroyed namespace with -i: no device, skipped',
    act: (kernel) => {
      const { devices, skipped } = importInto(NOTHING, listing(kernel, 'nvdimm.destroyed', NDCTL_IDLE));
      const seeds = skipped.filter(({ name }) => name.startsWith('namespace'));
      return `${String(devices.length)} devices; ${seeds.map(({ name, reason }) => `${name} ${reason}`).join()}`;
    },
    cells: on(NVDIMM, '0 devices; namespace0.1 seed,namespace0.0 seed'),
  },
  {
    rule: 'M129',
    about: 'devdax namespace0.1: its dax region and its device',
    act: (kernel) => {
      const inventory = known(kernel, 'nvdimm.two-labelled-namespaces', NDCTL, DAXCTL);
      return inventory.devices
        .filter(({ mode }) => mode === 'devdax')
        .map(({ name, namespace, dax_region_id, listed }) => {
          const path = String(textOf(listed.dax_region, 'path')).split('/').at(-1);
          return `${name} of ${String(namespace)}, id ${String(dax_region_id)}, path …/${String(path)}`;
        })
        .join('; ');
    },
    cells: on(NVDIMM, 'dax0.1 of namespace0.1, id 0, path …/dax0.0'),
  },
  {
    rule: 'M130',
    about: 'the path of an NFIT dax region; what is derived from it all the same',
    act: (kernel) => pathOf(kernel, 'nvdimm.devdax'),
    cells: {
      ...on(NVDIMM, '/LNXSYSTM:00/LNXSYBUS:00/ACPI0012:00/ndbus0/region0/dax0.0: ACPI.NFIT region0, id 0'),
      'v7.3': '/platform/ACPI0012:00/ndbus0/region0/dax0.0: ACPI.NFIT region0, id 0',
    },
  },
  {
    rule: 'M131',
    about: 'the id of a CXL dimm; the serial of the device once cxl list tells it',
    act: (kernel) => {
      const inventory = known(kernel, 'cxl.region-devdax', NDCTL, 'cxl list -vvv');
      return `${String(fieldOf(inventory.host.dimms, 'nmem0', 'id'))}; ${String(only(inventory).media_serial)}`;
    },
    cells: { 'v6.1': 'undefined; 0x1', ...on(['v6.12', 'v7.3'], '1; 0x1') },
  },
  {
    rule: 'M132',
    about: 'dport and alias of a CXL host bridge; the device hangs together all the same',
    act: (kernel) => {
      const inventory = known(kernel, 'cxl.region-devdax', NDCTL, 'cxl list -vvv');
      const [dport] = inventory.host.cxl_buses[0]?.fields['dports'] as readonly ListedObject[];
      return `${String(textOf(dport, 'dport'))}, alias ${String(textOf(dport, 'alias'))}; ${String(only(inventory).cxl_region)}`;
    },
    cells: {
      'v6.1': 'ACPI0016:00, alias pci0000:0c; region0',
      ...on(['v6.12', 'v7.3'], 'pci0000:0c, alias ACPI0016:00; region0'),
    },
  },
  {
    rule: 'M133',
    about: 'nd region and CXL region of one memory',
    act: (kernel) => {
      const { name, region, cxl_region, bus } = only(
        known(kernel, 'cxl.region-devdax', NDCTL, DAXCTL, 'cxl list -vvv'),
      );
      return `${name}: ${String(region)} of ${String(bus)}, CXL ${String(cxl_region)}`;
    },
    cells: on(CXL, 'dax0.0: region0 of ndbus0, CXL region0'),
  },
  {
    rule: 'M134',
    about: 'badblocks of a machine check, in bytes from the data start',
    act: (kernel) => {
      const mode = kernel === 'v6.1' ? 'devdax' : 'fsdax';
      const inventory = knownAfter(otherListing(`ndctl-NMR.badblocks-${mode}@${SUFFIX[kernel] ?? kernel}`));
      return JSON.stringify(inventory.devices.map(({ poisoned_ranges }) => poisoned_ranges));
    },
    cells: {
      'v5.10': '[[{"offset":144723968,"length":512}]]',
      'v6.1': '[[{"offset":2117632,"length":4096}]]',
      'v7.3': '[[{"offset":144723968,"length":4096}]]',
    },
  },
  {
    rule: 'M163',
    about: 'every recorded state of the NVDIMM, e820 and hmem machines against 6.1',
    act: unlikeV61,
    cells: {
      ...on(['v5.10', 'v6.1'], '31 states: none differs'),
      'force-unmap-v5.10': '13 states: none differs',
      // M164.
      ...on(['v6.12', 'v7.3'], '31 states: hmem.no-driver'),
    },
  },
  {
    rule: 'M164',
    about: 'a soft-reserved device at boot with kmem not loaded',
    act: (kernel) => {
      const { state, driver } = only(known(kernel, 'hmem.no-driver', 'daxctl list'));
      return `${state} ${String(driver)}`;
    },
    cells: { ...on(['v5.10', 'v6.1'], 'bound device_dax'), ...on(['v6.12', 'v7.3'], 'unbound null') },
  },
  {
    rule: 'M165',
    about: 'virtio-pmem: numa_node and target_node',
    act: (kernel) => {
      const { numa_node, target_node } = only(known(kernel, 'virtio-pmem.fsdax', NDCTL));
      return `${String(numa_node)} ${String(target_node)}`;
    },
    cells: { ...on(['v5.10', 'v6.1'], 'null 0'), ...on(['v6.12', 'v7.3'], '0 0') },
  },
  {
    rule: 'M166',
    about: 'the path of a hmem dax region; what is derived from it all the same',
    act: (kernel) => pathOf(kernel, 'hmem.devdax'),
    cells: {
      ...on(OTHERS, '/platform/hmem.0: hmem null, id 0'),
      'v7.3': '/platform/hmem_platform.0/hmem.0: hmem null, id 0',
    },
  },
  {
    rule: 'M167',
    about: 'dports of the host bridge with two root ports and one memdev',
    act: (kernel) => {
      const [port] = known(kernel, 'cxl.region', 'cxl list -vvv').host.ports;
      const dports = port?.fields['dports'] as readonly ListedObject[];
      return `${String(port?.name)}: ${JSON.stringify(port?.fields['nr_dports'])}, ${String(dports.length)} listed`;
    },
    cells: { ...on(CXL, 'port1: 2, 2 listed'), 'v7.3': 'port1: 1, 1 listed' },
  },
  {
    rule: 'M168',
    about: 'two memdevs: their endpoints, and the serials of the device in the order of its interleave set',
    act: (kernel) => {
      const inventory = known(kernel, 'cxl2.region-devdax', NDCTL, 'cxl list -vvv');
      const pairs = inventory.host.memdevs.map(({ name, parent }) => `${name} in ${String(parent)}`);
      return `${pairs.join(', ')}; ${String(only(inventory).media_serial)}`;
    },
    cells: {
      ...on(CXL, 'mem0 in endpoint2, mem1 in endpoint3; 0x2,0x1'),
      'v7.3': 'mem1 in endpoint2, mem0 in endpoint3; 0x1,0x2',
    },
  },
];

/** The path that daxctl shows, with what the import makes of it. */
function pathOf(kernel: KernelName, state: string): string {
  const commands = state.startsWith('hmem') ? [DAXCTL] : [NDCTL, DAXCTL];
  const { listed, provider, region, dax_region_id } = only(known(kernel, state, ...commands));
  const path = String(textOf(listed.dax_region, 'path'));
  return `${path}: ${String(provider)} ${String(region)}, id ${String(dax_region_id)}`;
}

/** The keys of the first namespace of an exported listing. */
function namespaceKeys(text: string): string {
  type Region = { readonly namespaces: readonly ListedObject[] };
  const [bus] = valueOf(text) as unknown as readonly { readonly regions: readonly Region[] }[];
  return Object.keys(bus?.regions[0]?.namespaces[0] ?? {})
    .sort()
    .join();
}

export const INVENTORY_REFUSED: readonly Refused[] = [
  {
    rule: 'M169',
    reason: 'a log line of one emulated device at the probe of cxl_nvdimm: no log is kept of a bind',
  },
];
