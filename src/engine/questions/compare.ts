import { blastRadius } from '../removal/blast_radius.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import type { CompareRemovals } from '../model/question.ts';
import { findModelled } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { cutLists } from '../model/cut.ts';
import type { SignalRow } from '../model/removal.ts';
import { mappedPfns } from '../removal/report.ts';
import { toldOf } from '../device/told.ts';
import { hostRecord, type Transaction } from '../model/transaction.ts';
import type { KernelName } from '../model/vocabulary.ts';
import { advise } from './advice.ts';
import { cannotBe } from './cannot_be.ts';
import { differencesOf } from './differences.ts';
import type { ComparedRemoval, Comparison, NoRemoval, SignalGroup } from './record.ts';
import { onKernel, runRemoval, whatIf, type ImaginedRemoval } from './what_if.ts';

/** The same removal from the host's present state on each kernel, and where they differ. Stores nothing. */
export function compareRemovals(tx: Transaction, question: CompareRemovals): Comparison | Refusal {
  const { kernels, type: _type, ...asked } = question;
  const device = findModelled(tx.host, question.dax_device);
  if (isRefusal(device)) return { ...device, pointer: '/dax_device' };
  const removal: RemoveDaxDevice = { ...asked, type: 'remove_dax_device' };
  const whole = [...new Set(kernels)].map((kernel) => compareOn(tx, removal, kernel));
  return {
    host: hostRecord(tx.host).name,
    dax_device: device.name,
    ...toldOf(device),
    trigger: question.trigger,
    blast_radius: blastRadius(tx.host, device, mappedPfns(tx.host, device)),
    items: whole.map(cut),
    differences: differencesOf(whole),
  };
}

/** With its lists whole. */
function compareOn(tx: Transaction, command: RemoveDaxDevice, kernel: KernelName): ComparedRemoval {
  return whatIf(tx, (imagined) => {
    onKernel(imagined, kernel);
    const device = imagined.host.tables.dax_devices.get(command.dax_device)!;
    const removal =
      cannotBe(imagined.host, device) ?? whatIf(imagined, (inner) => runRemoval(inner, command));
    if (isRefusal(removal)) return { kernel, refused: noRemoval(removal) };
    const { report, state, verdict, waiting_on, hazards } = removal;
    const { pages, leaked_ranges, kernel_log, simulated_kernel_cost } = report;
    return {
      kernel,
      refused: null,
      state,
      verdict,
      waiting_on,
      hazards,
      ...cutLists({}, removal.cut).told,
      report: {
        pages,
        file_systems: report.file_systems,
        leaked_ranges,
        kernel_log,
        signals: groupsOf(removal),
      },
      advice: advise(imagined, command, { kernels: false }),
      simulated_kernel_cost,
    };
  });
}

function cut(item: ComparedRemoval): ComparedRemoval {
  if (item.refused !== null) return item;
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
