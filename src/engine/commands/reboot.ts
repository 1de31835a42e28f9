import type { Reboot } from '../model/host_command.ts';
import { regionConditions, regionServes } from '../device/cxl/chain.ts';
import { rebootCxl } from '../device/cxl/reboot.ts';
import { regionTypeUnknown } from '../device/cxl/region_type.ts';
import { deleteFile } from '../mm/last_user.ts';
import { forget } from '../mm/page_cache.ts';
import { emit, hostRecord, patch, remove, type Transaction } from '../model/transaction.ts';
import type { DaxDevice, HostRecord } from '../model/host.ts';
import { BY_NDCTL, NAMESPACE_DESTROYED } from '../device/conditions.ts';
import { has } from '../model/conditions.ts';
import { addMemory } from '../device/kmem/add.ts';
import { probeFails } from '../device/kmem/probe.ts';
import { defaultMode } from '../device/dax_region.ts';
import { freshCounters } from '../mm/counters.ts';
import { factsOf } from '../kernels/of_host.ts';
import { NO_PROBES, toldKernel } from '../kernels/told.ts';
import { isModelled, removalsNotCompleted } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { booted } from '../device/lifecycle.ts';
import { withStillHeld } from '../removal/pages_waited_for.ts';
import { driverOf } from '../model/vocabulary.ts';
import { knownPolicy } from './told_policy.ts';
import { keptProposed } from '../kernels/proposed.ts';

/** A stuck removal keeps its report; one that had not ended has left nothing after the reboot (HOST3). */
function endByReboot(tx: Transaction, removal: RemovalRecord): void {
  const { pages } = removal.report;
  const isStuck = removal.state === 'stuck';
  const nothing_left = { ...pages, unmapped: pages.mapped, still_mapped: 0 };
  patch(tx, 'removals', removal.id, {
    state: 'completed',
    waiting_on: [],
    verdict: isStuck ? removal.verdict : 'contained',
    report: { ...withStillHeld(removal.report, () => 0), pages: isStuck ? pages : nothing_left },
    completed_at: tx.context.now,
  });
}

/**
 * Processes, mappings, pins, mounts and leaked ranges end; file systems and media stay; every driver probes again.
 * Recovery frees the inodes without a name.
 * Source: fs/ext4/super.c ext4_orphan_cleanup(), fs/xfs/xfs_log_recover.c xlog_recover_process_iunlinks().
 */
export function reboot(tx: Transaction, command: Reboot): HostRecord | Refusal {
  const before = hostRecord(tx.host);
  const another = command.kernel !== undefined || command.kernel_release !== undefined;
  const kernel = toldKernel(command, another ? { ...before, kernel_probes: NO_PROBES } : before);
  if (isRefusal(kernel)) return kernel;
  const { tables } = tx.host;
  for (const kind of ['pins', 'mappings', 'open_files', 'processes', 'mounts', 'memory_ranges'] as const) {
    for (const id of [...tables[kind].keys()]) remove(tx, kind, id);
  }
  for (const file of [...tables.files.values()]) {
    if (file.state === 'linked') forget(tx, file);
    else deleteFile(tx, file);
  }
  for (const removal of removalsNotCompleted(tx.host)) endByReboot(tx, removal);
  patch(tx, 'hosts', before.name, {
    kernel: kernel.kernel,
    kernel_release: kernel.kernel_release,
    kernel_probes: kernel.kernel_probes,
    auto_online_blocks: knownPolicy(command, before.auto_online_blocks, kernel),
    proposed: keptProposed(kernel.kernel, before.proposed),
    health: 'ok',
    stuck: [],
    underflow_warned: false,
  });
  const record = patch(tx, 'hosts', before.name, { counters: freshCounters(factsOf(tx.host)) });
  rebootCxl(tx);
  for (const device of [...tables.dax_devices.values()]) probeAtBoot(tx, device);
  emit(tx, 'host_rebooted', `hosts/${before.name}`, { kernel: record.kernel });
  return record;
}

/**
 * Every driver probes again, but that of a namespace that ndctl destroyed: a seed is left (BIND3). What kmem had by
 * choice comes back as device_dax, which is what a pmem dax device gets where nobody chooses; soft-reserved memory and CXL ram get what their kernel binds (M92). No range is leaked any
 * more. Who drives a device in a mode that is not modelled, nobody knows: it stays as it is (IMP45); on a region of such
 * a type it has the driver that it had (CX23).
 */
function probeAtBoot(tx: Transaction, device: DaxDevice): void {
  if (!isModelled(device)) return;
  const untyped = regionTypeUnknown(tx.host, device) !== null;
  const mode = untyped ? device.mode : defaultMode(tx.host, device);
  const may = untyped ? device.state === 'bound' : device.state !== 'gone';
  const isSeed = has(device, NAMESPACE_DESTROYED);
  const seed = device.conditions.filter(({ type }) => isSeed && BY_NDCTL.has(type));
  const there = device.media_present && may && !isSeed && regionServes(tx.host, device);
  const present = there && probeFails(tx.host, device, driverOf(mode), []) === null;
  const record = booted(tx, device, mode, present, [...seed, ...regionConditions(tx.host, device)]);
  if (record.driver === 'kmem') addMemory(tx, record);
}
