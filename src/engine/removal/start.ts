import type { RemoveDaxDevice } from '../model/device_command.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { deviceOf, hasStructPages, nrPages } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { removalStarted } from '../device/lifecycle.ts';
import { toldOf } from '../device/told.ts';
import { emit, hostRecord, identity, noteMappedBefore, put, type Transaction } from '../model/transaction.ts';
import { blastRadius } from './blast_radius.ts';
import { costAtStart } from './cost.ts';
import { offlineFirst } from './offline_first.ts';
import { umountForOrderly } from './orderly.ts';
import { proposedProfile } from '../kernels/proposed.ts';
import type { StepSpec } from '../kernels/profile.ts';
import { knownParameters } from '../kernels/step_parameters.ts';
import { definedOnly } from '../model/defined_only.ts';
import { mappedPfns } from '../model/mapped.ts';
import { isApart, toldMapped } from '../model/mapped_before.ts';
import { pagesIn, type PfnSet } from '../model/pfn_set.ts';
import { progressOf, stepNames } from './progress.ts';
import { refusesRemoval } from './refuses.ts';
import { stepsFor } from './step_list.ts';
import type { RemovalRecord, StepRecord } from '../model/removal.ts';

/**
 * Starts `->remove()` of a device: a removal with its steps pending; advance() runs them one by one. It never fails:
 * what the kernel does is the outcome. Refused before it starts: a device that is not bound, one that is being removed,
 * a refusal by the tool itself (R17, R18, CX20).
 */
export function startRemoval(
  tx: Transaction,
  command: RemoveDaxDevice,
  cxl_memdev: string | null = null,
): RemovalRecord | Refusal {
  const device = deviceOf(tx.host, command.dax_device);
  const refusal = refusesRemoval(tx, command, device);
  if (refusal !== null) return refusal;
  if (command.trigger === 'orderly_removal') {
    const busy = umountForOrderly(tx, device);
    if (busy !== null) return busy;
  }
  const online = offlineFirst(tx, command.via, device);
  if (online !== null) return online;
  const specs = stepsFor(proposedProfile(tx.host), device, command.via);
  if (isRefusal(specs)) return specs;
  const removal = putRemoval(tx, command, specs, { cxl_memdev, state: 'running' });
  return started(tx, device, removal);
}

/** The steps of a removal of the device are due from now on. */
export function started(tx: Transaction, device: DaxDevice, removal: RemovalRecord): RemovalRecord {
  removalStarted(tx, device, removal);
  emit(tx, 'removal_started', `removals/${removal.id}`, {
    dax_device: device.name,
    trigger: removal.trigger,
    ...progressOf(removal, stepNames(removal)),
  });
  return removal;
}

/** A removal of which no step has run. */
export function putRemoval(
  tx: Transaction,
  command: RemoveDaxDevice,
  specs: readonly StepSpec[],
  how: Pick<RemovalRecord, 'cxl_memdev' | 'state' | 'behind'>,
): RemovalRecord {
  const device = deviceOf(tx.host, command.dax_device);
  const { uid, revision, host } = identity(tx);
  const { holders, told_at } = toldOf(device);
  const { steps, report, mapped_before, cut } = asBegun(tx, command, specs);
  const { cxl_memdev, state, behind } = how;
  const removal: RemovalRecord = {
    uid,
    revision,
    host,
    id: uid,
    dax_device: device.name,
    holders,
    told_at,
    kernel: hostRecord(tx.host).kernel,
    trigger: command.trigger,
    via: command.via ?? null,
    by_pid: command.by_pid ?? null,
    cxl_memdev,
    state,
    waiting_on: [],
    verdict: null,
    hazards: [],
    steps,
    report,
    mapped_before,
    created_at: tx.context.now,
    completed_at: null,
  };
  return putBegun(tx, { ...removal, ...definedOnly({ behind, cut }) });
}

/** Stores a removal of which no step has run, with all that is mapped. */
export function putBegun(tx: Transaction, begun: RemovalRecord): RemovalRecord {
  const removal = put(tx, 'removals', begun.id, begun);
  if (isApart(removal)) noteMappedBefore(tx, removal.id);
  return removal;
}

/** The steps of a removal, of which none has run, and what is there. */
export function asBegun(
  tx: Transaction,
  command: RemoveDaxDevice,
  specs: readonly StepSpec[],
): Pick<RemovalRecord, 'steps' | 'report' | 'mapped_before' | 'cut'> {
  const device = deviceOf(tx.host, command.dax_device);
  const mapped = hasStructPages(device) ? mappedPfns(tx.host, device) : new Float64Array(0);
  const report = begun(tx.host, device, mapped, command);
  return { steps: specs.map(pendingStep), report, ...toldMapped(mapped) };
}

function pendingStep({ name, source, parameters }: StepSpec): StepRecord {
  return { name, state: 'pending', source, parameters: knownParameters(parameters), result: {} };
}

/** The report while no step has run: what is there, and who would feel it. */
function begun(
  host: Host,
  device: DaxDevice,
  mapped_before: PfnSet,
  { via }: RemoveDaxDevice,
): RemovalRecord['report'] {
  const total = nrPages(device);
  const mapped = pagesIn(mapped_before);
  const kept = { unmapped: 0, still_mapped: mapped, hwpoisoned: 0, never_mapped: total - mapped };
  return {
    pages: { total, mapped, ...kept },
    signals: [],
    file_systems: [],
    pins_waited_for: [],
    leaked_ranges: [],
    exposures: [],
    kernel_log: [],
    blast_radius: blastRadius(host, device, mapped),
    simulated_kernel_cost: costAtStart(host, device, via),
  };
}
