import { isFrozen } from '../mm/freeze.ts';
import { isAbandoned } from '../mm/last_user.ts';
import type { DaxDevice, Host, Mount } from '../model/host.ts';
import { deviceOf, hasStructPages, mountsOfDevice } from '../model/lookup.ts';
import { leakOf, memoryRangesOf } from '../model/memory_range.ts';
import { mappedPfns } from '../model/mapped.ts';
import { mappedBefore } from '../model/mapped_before.ts';
import { pagesInBoth } from '../model/pfn_set.ts';
import type { Transaction } from '../model/transaction.ts';
import type { Verdict } from '../model/vocabulary.ts';
import { costAtEnd } from './cost.ts';
import { cutLists, ROWS_MAX } from '../model/cut.ts';
import { hazardsOf } from './hazards.ts';
import type { Hazard, RemovalRecord } from '../model/removal.ts';

/** What cleaning up behind the removal of a device will do: it plays commands, which this room does not know. */
export type TellCleanUp = (tx: Transaction, device: DaxDevice) => readonly Hazard[];

/** The verdict, hazards and page accounting of what is left, for a removal that ends or never will. */
export function leftNow(
  tx: Transaction,
  removal: RemovalRecord,
  state: 'completed' | 'stuck',
  cleanUp: TellCleanUp,
): Pick<RemovalRecord, 'verdict' | 'hazards' | 'report' | 'cut'> {
  const { host } = tx;
  const device = deviceOf(host, removal.dax_device);
  const still = hasStructPages(device)
    ? pagesInBoth(mappedPfns(host, device), mappedBefore(host, removal))
    : 0;
  const { pages, signals } = removal.report;
  const hazards = [...hazardsOf(host, removal, device), ...cleanUp(tx, device)];
  const { rows, told } = cutLists({ hazards: eachKindFirst(hazards) }, removal.cut);
  return {
    verdict: verdictOf(hazards),
    ...rows,
    ...told,
    report: {
      ...removal.report,
      pages: { ...pages, still_mapped: still, unmapped: pages.mapped - still },
      file_systems: [...tornDownBefore(host, removal), ...fileSystems(host, removal)],
      leaked_ranges: leakedOf(host, device),
      simulated_kernel_cost: costAtEnd(host, removal.report.simulated_kernel_cost, signals, state),
    },
  };
}

/** One of each kind first, where some are cut off: no kind is lost behind a crowd of another. */
function eachKindFirst(hazards: readonly Hazard[]): readonly Hazard[] {
  if (hazards.length <= ROWS_MAX) return hazards;
  const firsts = new Map<Hazard['kind'], Hazard>();
  for (let at = hazards.length - 1; at >= 0; at -= 1) firsts.set(hazards[at]!.kind, hazards[at]!);
  const rest = hazards.filter((hazard) => firsts.get(hazard.kind) !== hazard);
  return [...firsts.values(), ...rest];
}

/** The worst of what is left (api.md, Removal). */
export function verdictOf(hazards: readonly Hazard[]): Verdict {
  const reaches = hazards.some(
    (hazard) => hazard.kind === 'stale_mapping' || (hazard.kind === 'pin_outlives_pgmap' && hazard.writable),
  );
  if (reaches) return 'exposed';
  const kernel = ['pin_outlives_pgmap', 'kernel_oops', 'kernel_livelock', 'frozen_file_system'];
  if (hazards.some((hazard) => kernel.includes(hazard.kind))) return 'unsafe';
  return hazards.some((hazard) => hazard.kind === 'leaked_range') ? 'leaked' : 'contained';
}

function leakedOf(host: Host, device: DaxDevice): RemovalRecord['report']['leaked_ranges'] {
  return memoryRangesOf(host, device.name)
    .filter((range) => range.leaked)
    .map(leakOf);
}

type FileSystems = RemovalRecord['report']['file_systems'];

/** Those that an earlier step has ended. */
function tornDownBefore(host: Host, { report }: RemovalRecord): FileSystems {
  return report.file_systems.filter(({ mount }) => !host.tables.mounts.has(mount));
}

/** Detached file systems that end with this step (RM12): nobody uses them any more, and no freeze keeps them. */
export function tornDown(host: Host, { dax_device }: RemovalRecord): FileSystems {
  const ends = mountsOfDevice(host, dax_device).filter(
    (mount) => isAbandoned(host, mount) && !isFrozen(mount),
  );
  return ends.map(rowOf);
}

function fileSystems(host: Host, { dax_device }: RemovalRecord): FileSystems {
  return mountsOfDevice(host, dax_device).map(rowOf);
}

function rowOf(mount: Mount): FileSystems[number] {
  return {
    mount: mount.id,
    fs_type: mount.fs_type,
    dax_holder: mount.dax_holder,
    result: mount.fs_state === 'alive' ? 'untouched' : mount.fs_state,
    reason: mount.shutdown_reason,
  };
}
