import type { AnswerTo } from '../engine/answer.ts';
import type { CommandOf, CommandType } from '../engine/model/command.ts';
import type { Mapping } from '../engine/model/host.ts';
import type { CreateMapping } from '../engine/model/use_command.ts';
import type { Labels } from '../engine/model/resource.ts';

/** Runs a command of the demo fleet, which must succeed. */
export type Run = <Type extends CommandType>(command: CommandOf<Type>) => Promise<AnswerTo<Type>>;

/** The host of the demo fleet after a bad day. */
export const INCIDENT_HOST = 'node-incident';

const MIB = 2 ** 20;
const PMEM = { size: 1024 * MIB, numa_node: 0, target_node: 1 } as const;

/**
 * A host after a bad day, for the lists that a fleet without one leaves empty:
 *
 *   pmem0   ext4 of orders, unbound while mapped, given to metrics    an open exposure
 *   dax1.0  system RAM of metrics, kmem unbound while it is in use    a leaked range
 *   dax2.0  devdax on a CXL region, one page poisoned, one pinned     a memdev, a region, a poisoned page, a pin
 */
export async function seedIncident(run: Run, labels: Labels): Promise<void> {
  await run({
    type: 'create_host',
    name: INCIDENT_HOST,
    kernel: 'v6.12',
    labels,
    auto_online_blocks: 'online_movable',
  });
  await exposeReader(run);
  await leakRange(run);
  await poisonAndPin(run);
}

async function exposeReader(run: Run): Promise<void> {
  const dax_device = 'pmem0';
  await run({
    type: 'create_dax_device',
    name: dax_device,
    mode: 'fsdax',
    phys_addr: '0x240000000',
    tenant: 'orders',
    ...PMEM,
  });
  const { id: mount } = await run({
    type: 'create_mount',
    dax_device,
    path: '/mnt/orders',
    fs_type: 'ext4',
    dax: 'always',
    mkfs: true,
  });
  const { id: file } = await run({ type: 'create_file', mount, path: '/orders.db', size: 8 * MIB });
  await run({ type: 'create_process', pid: 101, comm: 'orders-report', tenant: 'orders' });
  await map(run, { pid: 101, file, flags: ['shared'], prot: 'r', populate: 'read' });
  await unbind(run, dax_device);
  await run({ type: 'bind', dax_device, mode: 'devdax', tenant: 'metrics' });
}

async function leakRange(run: Run): Promise<void> {
  const dax_device = 'dax1.0';
  await run({
    type: 'create_dax_device',
    name: dax_device,
    mode: 'system-ram',
    phys_addr: '0x280000000',
    tenant: 'metrics',
    ...PMEM,
  });
  await run({ type: 'create_process', pid: 201, comm: 'metrics-cache', tenant: 'metrics' });
  await map(run, { pid: 201, dax_device, flags: ['private'], prot: 'rw', populate: 'write' });
  await unbind(run, dax_device);
}

async function poisonAndPin(run: Run): Promise<void> {
  const dax_device = 'dax2.0';
  await run({
    type: 'create_dax_device',
    name: dax_device,
    mode: 'devdax',
    provider: 'CXL',
    phys_addr: '0x990000000',
    media_serial: '0x1',
    tenant: 'search',
    ...PMEM,
  });
  await run({ type: 'create_process', pid: 301, comm: 'search-index', tenant: 'search', sigbus: 'handled' });
  const shared = { pid: 301, dax_device, flags: ['shared'], prot: 'rw', populate: 'write' } as const;
  const mapping = await map(run, shared);
  await run({
    type: 'memory_failure',
    dax_device,
    offset: MIB,
    length: 4096,
    source: 'madvise',
    by_pid: 301,
  });
  await run({
    type: 'create_pin',
    pid: 301,
    mapping,
    offset: 2 * MIB,
    length: 4096,
    kind: 'longterm',
    holder: 'xdp',
  });
  await run({ type: 'open_file', pid: 301, dax_device, flags: ['rdwr'] });
}

type Mapped = Pick<CreateMapping, 'file' | 'dax_device' | 'flags' | 'prot' | 'populate' | 'pid'>;

async function map(run: Run, mapped: Mapped): Promise<string> {
  const mapping = await run({ type: 'create_mapping', offset: 0, length: 4 * MIB, ...mapped });
  return (mapping as Mapping).id;
}

/** Unbinds a device and runs the removal to its end. */
export async function unbind(
  run: Run,
  dax_device: string,
  more: { readonly via?: 'nd_pmem' } = {},
): Promise<void> {
  let removal = await run({ type: 'remove_dax_device', dax_device, trigger: 'unbind', ...more });
  while (removal.state === 'running') removal = await run({ type: 'advance_removal', removal: removal.id });
}
