import { orRefused } from '../kernels/not_resolved.ts';
import { recordedProfile } from '../kernels/recorded.ts';
import { NO_PROBES, type KernelOfHost } from '../kernels/told.ts';
import { dependOn } from '../model/depends_on.ts';
import { blastRadius } from '../removal/blast_radius.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import type { CompareRemovals } from '../model/question.ts';
import { findModelled } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { cutLists, type Counts } from '../model/cut.ts';
import type { RemovalRecord, SignalRow } from '../model/removal.ts';
import { mappedPfns } from '../model/mapped.ts';
import { pagesIn } from '../model/pfn_set.ts';
import { toldOf } from '../device/told.ts';
import { hostRecord, type Transaction } from '../model/transaction.ts';
import { advise } from './advice.ts';
import { cannotBe } from './cannot_be.ts';
import { differencesOf } from './differences.ts';
import { inCommon } from './in_common.ts';
import type {
  AnsweredRemoval,
  ComparedRemoval,
  Comparison,
  NoRemoval,
  RefusedRemoval,
  SignalGroup,
} from './record.ts';
import { runRemoval, type ImaginedRemoval } from './run_removal.ts';
import { onKernel, whatIf } from './what_if.ts';

/**
 * The same removal from the host's present state on each kernel, and where they differ. Stores nothing. Of a release
 * that is no profile is told what is the same whatever the facts are that are not known of it (UNK9); one of which none
 * is known is refused, and the others are told (KREL8).
 */
export function compareRemovals(tx: Transaction, question: CompareRemovals): Comparison | Refusal {
  const { kernels, kernel_releases = [], type: _type, ...asked } = question;
  const device = findModelled(tx.host, question.dax_device);
  if (isRefusal(device)) return { ...device, pointer: '/dax_device' };
  const removal: RemoveDaxDevice = { ...asked, type: 'remove_dax_device' };
  const on = [
    ...[...new Set(kernels)].map((kernel) => ({ kernel, kernel_release: null, kernel_probes: NO_PROBES })),
    ...[...new Set(kernel_releases)].map((release) => kernelOfRelease(tx, release)),
  ];
  const whole = on.map((kernel) => compareOn(tx, removal, kernel));
  return {
    host: hostRecord(tx.host).name,
    dax_device: device.name,
    ...toldOf(device),
    trigger: question.trigger,
    blast_radius: blastRadius(tx.host, device, pagesIn(mappedPfns(tx.host, device))),
    items: whole.map(cut),
    differences: differencesOf(whole),
  };
}

/** What is known of a release: of the host's own, what was looked up on it, too. */
function kernelOfRelease({ host }: Transaction, kernel_release: string): KernelOfHost {
  const own = hostRecord(host);
  if (kernel_release === own.kernel_release) return own;
  const kernel = recordedProfile(kernel_release) ?? 'resolved';
  return { kernel, kernel_release, kernel_probes: NO_PROBES };
}

/** With its lists whole. */
function compareOn(tx: Transaction, command: RemoveDaxDevice, on: KernelOfHost): ComparedRemoval {
  return whatIf(tx, (imagined) => {
    onKernel(imagined, on, command.dax_device);
    const { kernel, kernel_release } = on;
    const item = inCommon<Compared>(
      imagined.host,
      () => removalOf(imagined, command),
      () => UNDETERMINED,
    );
    if (item.refused !== null) return { kernel, kernel_release, ...item };
    const advice = advise(imagined, command, { kernels: false });
    return { kernel, kernel_release, ...item, advice };
  });
}

/** What is compared of one kernel, whichever it is. */
type Compared = Omit<RefusedRemoval, OfKernel> | Omit<AnsweredRemoval, OfKernel | 'advice'>;
type OfKernel = 'kernel' | 'kernel_release';

/** What stands where the worlds differ; no report is of all of them. */
const UNDETERMINED = {
  refused: null,
  state: 'undetermined',
  verdict: 'undetermined',
  waiting_on: [],
  hazards: [],
  report: null,
  simulated_kernel_cost: null,
} as const;

function removalOf(tx: Transaction, command: RemoveDaxDevice): Compared {
  const device = tx.host.tables.dax_devices.get(command.dax_device)!;
  const removal = orRefused(
    () => cannotBe(tx.host, device) ?? whatIf(tx, (inner) => runRemoval(inner, command)),
  );
  if (isRefusal(removal)) return { refused: noRemoval(removal) };
  const { report, state, verdict, waiting_on, hazards } = removal;
  const { pages, file_systems, leaked_ranges, kernel_log, simulated_kernel_cost } = report;
  return {
    refused: null,
    state,
    verdict,
    waiting_on,
    hazards,
    ...cutLists({}, shownCut(removal)).told,
    report: { pages, file_systems, leaked_ranges, kernel_log, signals: groupsOf(removal) },
    simulated_kernel_cost,
    ...dependOn(removal, ...hazards),
  };
}

/** Of the lists that are shown. */
function shownCut({ cut = {} }: Pick<RemovalRecord, 'cut'>): Counts {
  const { mapped_before: _ranges, ...shown } = cut;
  return shown;
}

function cut(item: ComparedRemoval): ComparedRemoval {
  if (item.refused !== null || item.report === null) return item;
  const { waiting_on, report } = item;
  const { rows, told } = cutLists({ waiting_on, file_systems: report.file_systems }, item.cut);
  const { file_systems } = rows;
  return { ...item, waiting_on: rows.waiting_on, ...told, report: { ...report, file_systems } };
}

/** A refusal as an answer in its own right. */
export function noRemoval({ code, detail, errno }: Refusal): NoRemoval {
  return { code, detail, errno: errno ?? null };
}

function groupsOf({ report }: ImaginedRemoval): SignalGroup[] {
  const groups = new Map<string, readonly SignalRow[]>();
  for (const row of report.signals) {
    const key = `${row.si_code}/${String(row.si_addr_lsb)}/${row.delivery}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((rows) => {
    const { signal, si_code, si_addr_lsb, delivery } = rows[0]!;
    const count = rows.reduce((sum, row) => sum + row.count, 0);
    const processes = new Set(rows.map((row) => row.pid)).size;
    const killed = new Set(rows.filter((row) => row.killed).map((row) => row.pid)).size;
    return { signal, si_code, si_addr_lsb, delivery, count, processes, killed };
  });
}
