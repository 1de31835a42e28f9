import { ifResolved } from '../kernels/not_resolved.ts';
import { blastRadius } from '../removal/blast_radius.ts';
import type { AssessRemovals } from '../model/question.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { deviceOf, findDevice } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { dependOn } from '../model/depends_on.ts';
import { cutLists } from '../model/cut.ts';
import { hazardsOf } from '../removal/hazards.ts';
import type { Hazard, RemovalRecord } from '../model/removal.ts';
import { mappedPfns } from '../model/mapped.ts';
import { pagesIn } from '../model/pfn_set.ts';
import { begin, hostRecord, type Context, type Transaction } from '../model/transaction.ts';
import { untoldChain, untoldOfDevice } from '../device/cxl/untold.ts';
import { toldOf } from '../device/told.ts';
import { besides } from '../model/untold.ts';
import { advise } from './advice.ts';
import { cleanUpHazards } from './clean_up_hazard.ts';
import { noRemoval } from './compare.ts';
import { inCommon } from './in_common.ts';
import { hostKey, idleKey, type IdleVerdicts, type Result } from './idle.ts';
import type { Assessment } from './record.ts';
import { runWithImpact } from './impact.ts';
import { countResidue, residualUses } from './residue.ts';
import { hasBegun, standingOf } from './standing.ts';
import { whatIf } from './what_if.ts';

/** What a surprise removal now would leave of each device of the host, or of one, with advice. */
export function assessRemovals(tx: Transaction, question: AssessRemovals): readonly Assessment[] | Refusal {
  const named = question.dax_device === undefined ? null : findDevice(tx.host, question.dax_device);
  if (isRefusal(named)) return named;
  const all = assessHost(tx.host, new Map());
  const asked = named === null ? all : all.filter(({ uid }) => uid === named.uid);
  return asked.map((assessment) => ({
    ...assessment,
    advice: adviceOn(tx.host, assessment.dax_device),
  }));
}

const NOTHING = { state: null, verdict: null, waiting_on: [], hazards: [] } as const;

/** Nothing that is only imagined has a time or an identifier that is seen. */
const NOBODY: Context = { now: '1970-01-01T00:00:00Z', uid: () => '' };

/** Every device of a host, without advice; `idle` remembers what came of those that nobody uses. */
export function assessHost(host: Host, idle: IdleVerdicts): Assessment[] {
  const tx = begin(host, NOBODY);
  const { name, kernel } = hostRecord(host);
  const under = hostKey(hostRecord(host));
  const chain = untoldChain(host);
  return [...host.tables.dax_devices.values()].map((device) => {
    const { uid, mode, tenant } = device;
    return {
      host: name,
      dax_device: device.name,
      uid,
      mode,
      kernel,
      tenant,
      ...toldOf(device),
      trigger: 'surprise_removal',
      ...besides(untoldOfDevice(chain, device)),
      ...resultOf(tx, device, under, idle),
    };
  });
}

/**
 * What to do before a device is pulled; nothing where its removal leaves nothing and harms nobody, or there is none.
 */
export function adviceOn(host: Host, dax_device: string): Assessment['advice'] {
  return advise(begin(host, NOBODY), pulled(dax_device), { kernels: true });
}

function resultOf(tx: Transaction, device: DaxDevice, under: string, idle: IdleVerdicts): Result {
  const key = idleKey(tx.host, device);
  if (key === null) return simulate(tx, device);
  const known = idle.get(under + key);
  if (known !== undefined) return known;
  const result = simulate(tx, device);
  if (result.refused === null) idle.set(under + key, result);
  return result;
}

function simulate(tx: Transaction, device: DaxDevice): Result {
  return inCommon<Result>(
    tx.host,
    () => simulateOnce(tx, device),
    () => UNDETERMINED,
  );
}

const UNDETERMINED = {
  verdict: 'undetermined',
  state: 'undetermined',
  waiting_on: [],
  hazards: [],
  impact: null,
  simulated_kernel_cost: null,
  refused: null,
} as const;

function simulateOnce(tx: Transaction, device: DaxDevice): Result {
  const run = whatIf(tx, (imagined) => {
    const pull = runWithImpact(imagined, device, pulled(device.name));
    return isRefusal(pull) ? pull : { ...pull, hazards: allHazards(imagined, pull.removal) };
  });
  const blast_radius = blastRadius(tx.host, device, pagesIn(mappedPfns(tx.host, device)));
  const residue = countResidue(tx.host, device, residualUses(tx.host, device));
  if (isRefusal(run)) {
    const standing = hasBegun(device) ? ifResolved(() => standingOf(tx, device), null) : null;
    const { state, verdict, waiting_on, hazards } = standing ?? NOTHING;
    const none = { impact: null, simulated_kernel_cost: null, advice: [], refused: noRemoval(run) };
    const { rows, told } = cutLists({ waiting_on });
    return { verdict, state, ...rows, ...told, hazards: countKinds(hazards), residue, blast_radius, ...none };
  }
  const { removal, impact, hazards } = run;
  const { verdict, state, waiting_on, report } = removal;
  const { simulated_kernel_cost } = report;
  const { rows, told } = cutLists({ waiting_on });
  return {
    verdict,
    state,
    ...rows,
    ...told,
    hazards: countKinds(hazards),
    impact,
    residue,
    blast_radius,
    simulated_kernel_cost,
    advice: [],
    refused: null,
    ...dependOn(removal, ...hazards),
  };
}

/** Those of a removal that has just ended, also where its record has the first 100. */
export function allHazards(tx: Transaction, removal: RemovalRecord): readonly Hazard[] {
  if (removal.cut?.hazards === undefined) return removal.hazards;
  const device = deviceOf(tx.host, removal.dax_device);
  return [...hazardsOf(tx.host, removal, device), ...cleanUpHazards(tx, device)];
}

function pulled(dax_device: string): RemoveDaxDevice {
  return { type: 'remove_dax_device', dax_device, trigger: 'surprise_removal' };
}

/** Dangers by their kind. */
export function countKinds(hazards: readonly Hazard[]): Assessment['hazards'] {
  const counts = new Map<Hazard['kind'], number>();
  for (const { kind } of hazards) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => ({ kind, count }));
}
