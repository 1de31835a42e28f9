import type { Answer } from '../answer.ts';
import type { Command, CreateHost } from '../command.ts';
import { forget } from '../page_cache.ts';
import { refuse, type Refusal } from '../refusal.ts';
import { emit, hostRecord, patch, put, remove, type Transaction } from '../transaction.ts';
import type { Kind } from '../host.ts';
import { PROFILES } from '../removal/profiles.ts';
import { definedOnly, driverOf } from './device.ts';

/** Creates a host. The default of auto_online_blocks is the distribution build's (M87). */
export function createHost(tx: Transaction, command: CreateHost): Answer | Refusal {
  if (tx.host.tables.hosts.size > 0)
    return refuse('host_exists', `there is a host ${command.name} already`, { pointer: '/name' });
  const record = put(tx, 'hosts', command.name, {
    uid: tx.context.uid(),
    revision: 0,
    host: command.name,
    name: command.name,
    kernel: command.kernel,
    sysctl: command.sysctl ?? { memory_failure_early_kill: 0 },
    auto_online_blocks: command.auto_online_blocks ?? PROFILES[command.kernel].facts.auto_online_default,
    labels: command.labels ?? {},
    counters: { HardwareCorrupted_kB: 0 },
    health: 'ok',
    next_id: 1,
  });
  emit(tx, 'host_created', `hosts/${command.name}`, { kernel: command.kernel });
  return { record };
}

export function patchHost(tx: Transaction, command: Extract<Command, { type: 'patch_host' }>): Answer {
  const { type: _type, ...fields } = command;
  const before = hostRecord(tx.host);
  const record = patch(tx, 'hosts', before.name, definedOnly(fields));
  emit(tx, 'host_changed', `hosts/${before.name}`, { ...fields });
  return { record };
}

/** Deletes a host and everything recorded of it; refused while a removal is unfinished. */
export function deleteHost(tx: Transaction): Answer | Refusal {
  for (const removal of tx.host.tables.removals.values()) {
    if (removal.state === 'running' || removal.state === 'waiting') {
      return refuse('host_in_use', `removal ${removal.id} is ${removal.state}`);
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

/** Processes, mappings, pins, mounts and leaked ranges end; file systems and media stay; every driver probes again. */
export function reboot(tx: Transaction, command: Extract<Command, { type: 'reboot' }>): Answer {
  const { tables } = tx.host;
  for (const kind of ['pins', 'mappings', 'processes', 'mounts'] as const) {
    for (const id of [...tables[kind].keys()]) remove(tx, kind, id);
  }
  for (const file of tables.files.values()) forget(tx, file);
  for (const removal of tables.removals.values()) {
    if (removal.state === 'completed') continue;
    const verdict = removal.verdict ?? 'contained';
    patch(tx, 'removals', removal.id, {
      state: 'completed',
      waiting_on: [],
      verdict,
      completed_at: tx.context.now,
    });
  }
  for (const device of tables.dax_devices.values()) {
    const present = device.media_present && device.state !== 'gone';
    patch(tx, 'dax_devices', device.name, {
      state: present ? 'bound' : 'unbound',
      driver: present ? driverOf(device.mode) : null,
      dax_alive: present,
      pgmap: device.pgmap + 1,
      pgmap_state: present ? 'live' : 'none',
      instance: device.instance + 1,
      parent_bound: true,
      mem_region: present ? 'requested' : 'released',
      removal: null,
      conditions: [],
    });
  }
  const before = hostRecord(tx.host);
  const record = patch(tx, 'hosts', before.name, {
    kernel: command.kernel ?? before.kernel,
    health: 'ok',
    counters: { HardwareCorrupted_kB: 0 },
  });
  emit(tx, 'host_rebooted', `hosts/${before.name}`, { kernel: record.kernel });
  return { record };
}
