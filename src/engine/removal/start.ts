import type { RemoveDaxDevice } from '../command.ts';
import type { DaxDevice } from '../host.ts';
import { findActor, findDevice, hasStructPages, mountsOn, nrPages, profileOf } from '../lookup.ts';
import { isRefusal, refuse, type Refusal } from '../refusal.ts';
import { emit, hostRecord, identity, patch, put, type Transaction } from '../transaction.ts';
import type { RemoveVia } from '../vocabulary.ts';
import { umountForOrderly } from './orderly.ts';
import type { Profile, StepSpec } from './profile.ts';
import { countPages } from '../pfn_range.ts';
import { mappedPfns } from './report.ts';
import type { RemovalRecord, StepRecord } from './record.ts';

/**
 * Starts `->remove()` of a device: a removal with its steps pending; advance() runs them one by one.
 * It never fails: what the kernel does is the outcome. Refused before it starts: a device that is not bound,
 * one that is being removed, a tool's own no (R17, R18).
 */
export function removeDaxDevice(tx: Transaction, command: RemoveDaxDevice): RemovalRecord | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  const refusal = refuses(tx, command, device);
  if (refusal !== null) return refusal;
  if (command.trigger === 'orderly_removal') {
    const busy = umountForOrderly(tx, device);
    if (busy !== null) return busy;
  }
  const specs = stepsFor(profileOf(tx.host), device, command.via);
  if (isRefusal(specs)) return specs;
  const own = identity(tx);
  const mapped_before = hasStructPages(device) ? mappedPfns(tx.host, device) : [];
  const total = nrPages(device);
  const mapped = countPages(mapped_before);
  const removal = put(tx, 'removals', own.uid, {
    ...own,
    id: own.uid,
    dax_device: device.name,
    kernel: hostRecord(tx.host).kernel,
    trigger: command.trigger,
    via: command.via ?? null,
    by_pid: command.by_pid ?? null,
    state: 'running',
    waiting_on: [],
    verdict: null,
    hazards: [],
    steps: specs.map(
      (spec): StepRecord => ({ name: spec.name, state: 'pending', source: spec.source, result: {} }),
    ),
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
    },
    mapped_before,
    created_at: tx.context.now,
    completed_at: null,
  });
  const media_present = command.trigger === 'surprise_removal' ? false : device.media_present;
  patch(tx, 'dax_devices', device.name, { state: 'removing', removal: removal.id, media_present });
  emit(tx, 'removal_started', `removals/${removal.id}`, {
    dax_device: device.name,
    trigger: command.trigger,
  });
  return removal;
}

function refuses(tx: Transaction, command: RemoveDaxDevice, device: DaxDevice): Refusal | null {
  if (device.removal !== null) return refuse('removal_in_progress', `${device.name} is being removed`);
  const parentOnly =
    command.via === 'dax_pmem' && device.mode === 'devdax' && device.parent_bound && device.state !== 'gone';
  if (device.state !== 'bound' && !parentOnly)
    return refuse('dax_device_not_bound', `${device.name} is ${device.state}`);
  if (device.mode === 'system-ram') return refuse('not_modelled', 'removal of system-ram');
  if (command.by_pid !== undefined) {
    const process = findActor(tx.host, command.by_pid, '/by_pid');
    if (isRefusal(process)) return process;
  }
  return toolRefuses(tx, command.via, device);
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
    return refuse('not_modelled', 'ndctl disable-region of a region that is not in use');
  }
  if (via === 'daxctl_disable_device' && device.mode !== 'devdax') {
    return refuse('tool_refused', 'daxctl: no such device', { errno: 'ENODEV' });
  }
  return null;
}

/** The step list of the device's mode and of what is unbound. */
export function stepsFor(
  profile: Profile,
  device: DaxDevice,
  via: RemoveVia | undefined | null,
): readonly StepSpec[] | Refusal {
  const fits = (wanted: readonly RemoveVia[]) => via === undefined || via === null || wanted.includes(via);
  if (device.mode === 'devdax') {
    if (via === 'dax_pmem' || via === 'ndctl_disable_namespace' || via === 'ndctl_destroy_namespace') {
      if (device.provider === 'hmem')
        return refuse('invalid_field', 'a soft-reserved device has no namespace', { pointer: '/via' });
      return device.state === 'bound' ? profile.steps.devdax_parent : profile.steps.devdax_parent.slice(-1);
    }
    if (!fits(['device_dax', 'daxctl_disable_device'])) return notThatWay(via, device);
    return profile.steps.devdax;
  }
  if (!fits(['nd_pmem', 'ndctl_disable_namespace', 'ndctl_destroy_namespace']))
    return notThatWay(via, device);
  return hasStructPages(device) ? profile.steps.fsdax : profile.steps.raw;
}

function notThatWay(via: RemoveVia | undefined | null, device: DaxDevice): Refusal {
  const cxl = via === 'cxl_region' || via === 'cxl_mem' || via === 'cxl_pci';
  if (cxl) return refuse('not_modelled', 'removal through the CXL bus', { pointer: '/via' });
  return refuse('invalid_field', `${String(via)} does not bind a ${device.mode} device`, { pointer: '/via' });
}
