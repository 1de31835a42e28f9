import type { Answer } from '../answer.ts';
import type { Command, CreateHost } from '../model/command.ts';
import { regionConditions, regionServes } from '../device/cxl/chain.ts';
import { rebootCxl } from '../device/cxl/reboot.ts';
import { forget } from '../mm/page_cache.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { emit, hostRecord, patch, put, remove, type Transaction } from '../model/transaction.ts';
import type { DaxDevice, HostRecord, Kind } from '../model/host.ts';
import { addMemory, defaultMode, kmemStateOf, probeFails } from '../device/kmem/probe.ts';
import { freshCounters } from '../mm/counters.ts';
import { PROFILES } from '../kernels/profiles.ts';
import type { RemovalRecord } from '../model/removal.ts';
import type { KernelName } from '../model/vocabulary.ts';
import { defaultAlign, definedOnly, driverOf } from './create_dax_device.ts';
import { NOT_TOLD } from '../device/told.ts';

/** memory_block_size_bytes() of a machine with less than 64 GiB of RAM (B.1). */
const MEMORY_BLOCK_BYTES = 134217728;
const NOTHING_PROPOSED = { devdax_memory_failure: false, kmem_memory_failure: false };

/** Creates a host. The default of auto_online_blocks is the distribution build's (M87). */
export function createHost(tx: Transaction, command: CreateHost): Answer | Refusal {
  if (tx.host.tables.hosts.size > 0)
    return refuse('host_exists', `there is a host ${command.name} already`, { pointer: '/name' });
  const wished = refusesProposed(command.kernel, command.proposed ?? {});
  if (wished !== null) return wished;
  const record = put(tx, 'hosts', command.name, {
    uid: tx.context.uid(),
    revision: 0,
    host: command.name,
    name: command.name,
    kernel: command.kernel,
    sysctl: command.sysctl ?? { memory_failure_early_kill: 0 },
    auto_online_blocks: command.auto_online_blocks ?? PROFILES[command.kernel].facts.auto_online_default,
    memory_block_bytes: command.memory_block_bytes ?? MEMORY_BLOCK_BYTES,
    labels: command.labels ?? {},
    counters: freshCounters(PROFILES[command.kernel].facts.per_node_mf_counters),
    proposed: { ...NOTHING_PROPOSED, ...command.proposed },
    health: 'ok',
    next_id: 1,
  });
  emit(tx, 'host_created', `hosts/${command.name}`, { kernel: command.kernel });
  return { record };
}

/** The wishes of the series are the letter's alone: no other kernel has them (FU9, FU11). */
function refusesProposed(kernel: KernelName, proposed: Partial<HostRecord['proposed']>): Refusal | null {
  const wished = Object.entries(proposed).find(([, on]) => on);
  if (wished === undefined || kernel === 'force-unmap') return null;
  return refuse('invalid_field', `${wished[0]} is proposed for force-unmap alone`, {
    pointer: `/proposed/${wished[0]}`,
  });
}

/** Changes what the operator sets: sysctl, policy, labels, wishes. */
export function patchHost(
  tx: Transaction,
  command: Extract<Command, { type: 'patch_host' }>,
): Answer | Refusal {
  const { type: _type, ...fields } = command;
  const before = hostRecord(tx.host);
  const proposed = { ...before.proposed, ...fields.proposed };
  const refusal = refusesProposed(before.kernel, proposed);
  if (refusal !== null) return refusal;
  const record = patch(tx, 'hosts', before.name, { ...definedOnly(fields), proposed });
  emit(tx, 'host_changed', `hosts/${before.name}`, { ...fields });
  return { record };
}

/** Deletes a host and everything recorded of it; refused while a removal is unfinished. */
export function deleteHost(tx: Transaction): Answer | Refusal {
  for (const removal of tx.host.tables.removals.values()) {
    if (removal.state === 'running' || removal.state === 'waiting') {
      return refuse('host_in_use', `removal ${removal.id} is ${removal.state}: POST …/reboot ends it`);
    }
  }
  const { name } = hostRecord(tx.host);
  for (const kind of Object.keys(tx.host.tables) as Kind[]) {
    if (kind === 'hosts') continue;
    for (const id of [...tx.host.tables[kind].keys()]) remove(tx, kind, id);
  }
  remove(tx, 'hosts', name);
  emit(tx, 'host_deleted', `hosts/${name}`);
  return {};
}

/** A stuck removal keeps what it told of what was left; of one that had not ended, the reboot leaves nothing. */
function endByReboot(tx: Transaction, removal: RemovalRecord): void {
  const { pages } = removal.report;
  const nothing_left = { ...pages, unmapped: pages.mapped, still_mapped: 0 };
  patch(tx, 'removals', removal.id, {
    state: 'completed',
    waiting_on: [],
    verdict: removal.verdict ?? 'contained',
    report: { ...removal.report, pages: removal.verdict === null ? nothing_left : pages },
    completed_at: tx.context.now,
  });
}

/** Processes, mappings, pins, mounts and leaked ranges end; file systems and media stay; every driver probes again. */
export function reboot(tx: Transaction, command: Extract<Command, { type: 'reboot' }>): Answer {
  const { tables } = tx.host;
  for (const kind of ['pins', 'mappings', 'processes', 'mounts', 'memory_ranges'] as const) {
    for (const id of [...tables[kind].keys()]) remove(tx, kind, id);
  }
  for (const file of tables.files.values()) forget(tx, file);
  for (const removal of tables.removals.values()) if (removal.state !== 'completed') endByReboot(tx, removal);
  rebootCxl(tx, command.kernel ?? hostRecord(tx.host).kernel);
  const before = hostRecord(tx.host);
  const record = patch(tx, 'hosts', before.name, {
    kernel: command.kernel ?? before.kernel,
    proposed: (command.kernel ?? before.kernel) === 'force-unmap' ? before.proposed : NOTHING_PROPOSED,
    health: 'ok',
    counters: freshCounters(PROFILES[command.kernel ?? before.kernel].facts.per_node_mf_counters),
  });
  for (const device of [...tables.dax_devices.values()]) probeAtBoot(tx, device);
  emit(tx, 'host_rebooted', `hosts/${before.name}`, { kernel: record.kernel });
  return { record };
}

/**
 * Every driver probes again. What kmem had by choice comes back as device_dax, which is what a pmem dax device gets
 * where nobody chooses; soft-reserved memory and CXL ram get what their kernel binds (M92). Nothing is burnt any more.
 */
function probeAtBoot(tx: Transaction, device: DaxDevice): void {
  const mode = defaultMode(tx.host, device);
  const there = device.media_present && device.state !== 'gone' && regionServes(tx.host, device);
  const driver = driverOf(mode);
  const present = there && probeFails(tx.host, device, driver, []) === null;
  const record = patch(tx, 'dax_devices', device.name, {
    mode,
    generation: mode === device.mode ? device.generation : device.generation + 1,
    align: device.align ?? defaultAlign(mode),
    state: present ? 'bound' : 'unbound',
    driver: present ? driver : null,
    dax_alive: present,
    pgmap: device.pgmap + 1,
    pgmap_state: present ? 'live' : 'none',
    hwpoisoned: [],
    faulted: [],
    instance: device.instance + 1,
    parent_bound: true,
    mem_region: present ? 'requested' : 'released',
    removal: null,
    conditions: regionConditions(tx.host, device),
    kmem_state: present ? kmemStateOf(tx.host, mode) : null,
    ...NOT_TOLD,
  });
  if (record.driver === 'kmem') addMemory(tx, record);
}
