import type { RemoveDaxDevice } from '../model/command.ts';
import type { DaxDevice } from '../model/host.ts';
import { deviceOf, findActor, hasStructPages, mountsOn, nrPages } from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { isDynamic } from '../device/dax_region.ts';
import { onlineRuns } from '../model/memory_block.ts';
import { memoryPins, memoryRangesOf } from '../model/memory_range.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { removalStarted } from '../device/lifecycle.ts';
import { toldOf } from '../device/told.ts';
import { wayBack } from '../device/way_back.ts';
import { emit, hostRecord, identity, put, type Transaction } from '../model/transaction.ts';
import type { CxlDriver, RemoveVia } from '../model/vocabulary.ts';
import { blastRadius } from './blast_radius.ts';
import { costAtStart } from './cost.ts';
import { umountForOrderly } from './orderly.ts';
import { proposedProfile } from '../kernels/proposed.ts';
import type { Profile, StepSpec } from '../kernels/profile.ts';
import { countPages } from '../model/pfn_range.ts';
import { mappedPfns } from './report.ts';
import type { RemovalRecord, StepRecord } from '../model/removal.ts';

/**
 * Starts `->remove()` of a device: a removal with its steps pending; advance() runs them one by one. It never fails:
 * what the kernel does is the outcome. Refused before it starts: a device that is not bound, one that is being removed,
 * a refusal by the tool itself (R17, R18).
 */
export function removeDaxDevice(
  tx: Transaction,
  command: RemoveDaxDevice,
  cxl_memdev: string | null = null,
): RemovalRecord | Refusal {
  const device = deviceOf(tx.host, command.dax_device);
  const refusal = refuses(tx, command, device);
  if (refusal !== null) return refusal;
  if (command.trigger === 'orderly_removal') {
    const busy = umountForOrderly(tx, device);
    if (busy !== null) return busy;
  }
  const specs = stepsFor(proposedProfile(tx.host), device, command.via);
  if (isRefusal(specs)) return specs;
  const own = identity(tx);
  const mapped_before = hasStructPages(device) ? mappedPfns(tx.host, device) : [];
  const total = nrPages(device);
  const mapped = countPages(mapped_before);
  const removal = put(tx, 'removals', own.uid, {
    ...own,
    id: own.uid,
    dax_device: device.name,
    ...toldOf(device),
    kernel: hostRecord(tx.host).kernel,
    trigger: command.trigger,
    via: command.via ?? null,
    by_pid: command.by_pid ?? null,
    cxl_memdev,
    state: 'running',
    waiting_on: [],
    verdict: null,
    hazards: [],
    steps: specs.map(pendingStep),
    report: {
      pages: {
        total,
        mapped,
        unmapped: 0,
        still_mapped: mapped,
        hwpoisoned: 0,
        never_mapped: total - mapped,
      },
      signals: [],
      file_systems: [],
      pins_waited_for: [],
      leaked_ranges: [],
      exposures: [],
      kernel_log: [],
      blast_radius: blastRadius(tx.host, device, mapped_before),
      simulated_kernel_cost: costAtStart(tx.host, device, command.via),
    },
    mapped_before,
    created_at: tx.context.now,
    completed_at: null,
  });
  const media_present = command.trigger === 'surprise_removal' ? false : device.media_present;
  removalStarted(tx, device, removal.id, media_present);
  emit(tx, 'removal_started', `removals/${removal.id}`, {
    dax_device: device.name,
    trigger: command.trigger,
  });
  return removal;
}

function pendingStep({ name, source, parameters }: StepSpec): StepRecord {
  return { name, state: 'pending', source, parameters, result: {} };
}

function refuses(tx: Transaction, command: RemoveDaxDevice, device: DaxDevice): Refusal | null {
  if (device.removal !== null)
    return refuse(
      'removal_in_progress',
      `${device.name} is being removed: its removal says what it waits on, POST …/reboot ends one that never returns`,
    );
  if (device.state !== 'bound' && !reachesParent(command.via, device))
    return refuse('dax_device_not_bound', `${device.name} is ${device.state}: ${wayBack(tx.host, device)}`);
  if (command.by_pid !== undefined) {
    const process = findActor(tx.host, command.by_pid, '/by_pid');
    if (isRefusal(process)) return process;
  }
  return (
    noNamespace(tx, command.via, device) ??
    cxlRefuses(tx, command.via, device) ??
    toolRefuses(tx, command.via, device) ??
    poisonRefuses(tx, command, device) ??
    refusesProposed(tx, device)
  );
}

/**
 * Whether the removal goes to what stands above a dax device that has no driver: dax_pmem, or the namespace that ndctl
 * takes away beside memory that has leaked (M72, M73).
 */
function reachesParent(via: RemoveVia | undefined, device: DaxDevice): boolean {
  if (device.state !== 'unbound') return false;
  if (via === 'dax_pmem') return isDax(device) && device.parent_bound;
  return (
    device.mem_region === 'leaked' && (via === 'ndctl_disable_namespace' || via === 'ndctl_destroy_namespace')
  );
}

function isDax({ mode }: DaxDevice): boolean {
  return mode === 'devdax' || mode === 'system-ram';
}

/** Dynamic dax regions, of soft-reserved memory and of CXL ram, are no namespaces, and dax_pmem makes neither (CX11). */
function noNamespace(tx: Transaction, via: RemoveVia | undefined, device: DaxDevice): Refusal | null {
  if (!isDynamic(tx.host, device) || (via !== 'dax_pmem' && via?.startsWith('ndctl_') !== true)) return null;
  return refuse('invalid_field', `${device.name} is no namespace: its dax region is dynamic`, {
    pointer: '/via',
  });
}

/** xfs with rmapbt walks its files after the decoders are reset: neither recorded nor in the sources read (CX7). */
function cxlRefuses(tx: Transaction, via: RemoveVia | undefined, device: DaxDevice): Refusal | null {
  if (device.cxl_region === null || (via !== 'cxl_mem' && via !== 'cxl_pci')) return null;
  if (!holdsRmapbt(tx, device)) return null;
  return unknownOutcome('xfs with rmapbt is told of the removal when its range decodes to nothing any more');
}

function holdsRmapbt(tx: Transaction, device: DaxDevice): boolean {
  return mountsOn(tx.host, device).some(({ rmapbt, dax }) => rmapbt && dax !== 'never');
}

/** M46: what HardwareCorrupted is once the memmap of pages that were poisoned under an xfs with rmapbt has gone. */
function poisonRefuses(tx: Transaction, { trigger }: RemoveDaxDevice, device: DaxDevice): Refusal | null {
  if (factsOf(tx.host).memory_failure.poisoned_rmapbt_teardown === 'known') return null;
  if (trigger === 'orderly_removal' || device.hwpoisoned.length === 0 || !holdsRmapbt(tx, device))
    return null;
  return unknownOutcome(
    'HardwareCorrupted after the removal of a poisoned xfs with rmapbt is not known (M46)',
  );
}

/** ndctl opens the block device O_EXCL: a mount makes it say no in user space (R17, R18). */
function toolRefuses(tx: Transaction, via: RemoveVia | undefined, device: DaxDevice): Refusal | null {
  const mounted = mountsOn(tx.host, device).length > 0;
  if (mounted && (via === 'ndctl_disable_namespace' || via === 'ndctl_destroy_namespace')) {
    return refuse('tool_refused', 'ndctl: Device or resource busy: the namespace is mounted', {
      errno: 'EBUSY',
    });
  }
  if (via === 'ndctl_disable_region') {
    if (mounted) return refuse('tool_refused', 'ndctl: disabled 0 regions (rc 0)', { errno: null });
    return refuse('not_modelled', 'ndctl disable-region of a region on which nothing is mounted');
  }
  const ram = memoryToolRefuses(tx, via, device);
  if (ram !== null) return ram;
  if (via === 'daxctl_disable_device' && device.mode !== 'devdax') {
    return refuse('tool_refused', 'daxctl: no such device', { errno: 'ENODEV' });
  }
  return null;
}

/** M91, M149: what ndctl and daxctl say of a device whose memory is there. */
function memoryToolRefuses(tx: Transaction, via: RemoveVia | undefined, device: DaxDevice): Refusal | null {
  if (device.driver !== 'kmem') return null;
  if (via === 'daxctl_disable_device') {
    const detail = 'daxctl: status operations are only applicable in devdax mode';
    return refuse('tool_refused', detail, { errno: 'ENXIO' });
  }
  const online = memoryRangesOf(tx.host, device.name).some((range) => onlineRuns(range).length > 0);
  if (!online || (via !== 'ndctl_disable_namespace' && via !== 'ndctl_destroy_namespace')) return null;
  const detail = 'ndctl: Device or resource busy: the namespace has active memory';
  return refuse('tool_refused', detail, { errno: 'EBUSY' });
}

/** FU11 says nothing about pinned pages, which memory_failure() cannot take. */
function refusesProposed(tx: Transaction, device: DaxDevice): Refusal | null {
  const proposed = device.driver === 'kmem' && hostRecord(tx.host).proposed.kmem_memory_failure;
  if (!proposed || memoryPins(tx.host, device.name).length === 0) return null;
  return unknownOutcome(
    'the letter does not say what memory_failure() of a pinned page lets remove_memory() do',
  );
}

/** The step list of the device's mode and of what is unbound. */
function stepsFor(
  profile: Profile,
  device: DaxDevice,
  via: RemoveVia | undefined | null,
): readonly StepSpec[] | Refusal {
  if (via === 'cxl_region' || via === 'cxl_mem' || via === 'cxl_pci')
    return cxlStepsFor(profile, device, via);
  const fits = (wanted: readonly RemoveVia[]) => via === undefined || via === null || wanted.includes(via);
  if (isDax(device)) {
    const ram = device.mode === 'system-ram';
    if (via === 'dax_pmem' || via === 'ndctl_disable_namespace' || via === 'ndctl_destroy_namespace') {
      const steps = withParent(profile, device);
      return device.state === 'unbound' ? steps.slice(-1) : steps;
    }
    if (!fits(ram ? [] : ['device_dax', 'daxctl_disable_device'])) return notThatWay(via, device);
    return ram ? profile.steps.system_ram : profile.steps.devdax;
  }
  if (!fits(['nd_pmem', 'ndctl_disable_namespace', 'ndctl_destroy_namespace']))
    return notThatWay(via, device);
  return ofBlockDevice(profile, device);
}

/** A dax device and the dax_pmem, or dax region, above it. */
function withParent({ steps }: Profile, { mode }: DaxDevice): readonly StepSpec[] {
  return mode === 'system-ram' ? steps.system_ram_parent : steps.devdax_parent;
}

function ofBlockDevice({ steps }: Profile, device: DaxDevice): readonly StepSpec[] {
  return hasStructPages(device) ? steps.fsdax : steps.raw;
}

/** The steps of the device with those of the CXL chain around them: a devdax goes with its parent (CX1). */
function cxlStepsFor(
  profile: Profile,
  device: DaxDevice,
  via: 'cxl_region' | CxlDriver,
): readonly StepSpec[] | Refusal {
  if (device.cxl_region === null) {
    return refuse('invalid_field', `${device.name} stands on no CXL region`, { pointer: '/via' });
  }
  const own = isDax(device) ? withParent(profile, device) : ofBlockDevice(profile, device);
  const around = via === 'cxl_region' ? profile.steps.cxl_region : profile.steps.cxl_memdev;
  const last = around.filter(({ name }) => name === 'cxl_memdev_remove');
  return [...around.slice(0, around.length - last.length), ...own, ...last];
}

function notThatWay(via: RemoveVia | undefined | null, device: DaxDevice): Refusal {
  return refuse('invalid_field', `${String(via)} does not bind a ${device.mode} device`, { pointer: '/via' });
}
