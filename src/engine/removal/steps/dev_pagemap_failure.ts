import { append } from '../../model/append.ts';
import { extentsOf } from '../../model/extents.ts';
import type { DaxDevice, File, Host, Process } from '../../model/host.ts';
import {
  filesOfDevice,
  mountsOfDevice,
  mountsOn,
  nrPages,
  pinsOfDevice,
  processOf,
} from '../../model/lookup.ts';
import { setHwpoison } from '../../mm/hwpoison.ts';
import { joined, type IndexRange } from '../../model/inode.ts';
import { pagesIn, pfnList, setOf, setOfRanges, type PfnSet } from '../../model/pfn_set.ts';
import { addEntered } from '../../model/scan_entries.ts';
import { emit, entriesOf, remove } from '../../model/transaction.ts';
import { fileSpace, nodeSpace, type AddressSpace } from '../../mm/address_space.ts';
import { announce, killProcs, LOG_LINES, massPlan } from '../../mm/kill_procs.ts';
import type { SignalRow } from '../../model/removal.ts';
import { deliver } from '../../mm/signals.ts';
import type { StepInput, StepOutput } from '../step.ts';
import { storeAgain, storingLoops } from '../storing.ts';

/**
 * "Detect the 'remove while mounted' case and trigger memory_failure() over the entire dax_dev": for every
 * pfn of the pgmap, ascending. As the letter says it (FU1-FU4) every translation goes; as the code does it
 * (B4) only where somebody was collected.
 * Source: mm/memremap.c dev_pagemap_failure(), the series of 2021.
 */
export function devPagemapFailure(input: StepInput): StepOutput {
  const { tx, device } = input;
  if (device.mode === 'devdax') return nodeFailure(input);
  // del_gendisk() has taken the block device away: the superblocks are those of the instance before.
  const mounts = mountsOfDevice(tx.host, device.name).filter(
    (mount) => mount.device_instance === device.instance - 1,
  );
  if (mounts.length === 0 && mountsOn(tx.host, device).length === 0)
    return { end: 'done', result: { dax_is_idle: true } };
  const systems = new Set(mounts.map((mount) => mount.file_system));
  const files = filesOfDevice(tx.host, device.name).filter(
    (file) => systems.has(file.file_system) && file.dax,
  );
  const ranges = inPfnOrder(tx.host, files).map(({ file, offset, nr_pages }): Range => {
    return { space: fileSpace(tx, file), start: offset, end: offset + nr_pages };
  });
  const entered = pfnList();
  for (const file of files) addEntered(entered, extentsOf(tx.host, file), entriesOf(tx.host, file.id));
  return failed(input, ranges, setOf(entered), 'nd_pmem');
}

/**
 * FU9, proposed: device-dax too, before its inode is unmapped, "to get the longterm pin holder to wake up": one
 * that handles the signal drops its pins.
 */
function nodeFailure(input: StepInput): StepOutput {
  const { tx, device } = input;
  const range = { space: nodeSpace(tx, device), start: 0, end: nrPages(device) };
  const done = failed(input, [range], setOfRanges(device.faulted), 'device_dax');
  const woken = new Set(done.signals.map(({ pid }) => pid).filter((pid) => wakes(processOf(tx.host, pid))));
  const dropped = pinsOfDevice(tx.host, device.name).filter(
    (pin) => pin.kind === 'longterm' && woken.has(pin.pid),
  );
  for (const pin of dropped) {
    remove(tx, 'pins', pin.id);
    emit(tx, 'pin_deleted', `pins/${pin.id}`, { pid: pin.pid });
  }
  const pins_dropped = dropped.map((pin) => pin.id);
  return { ...done, result: { ...done.result, proposed: 'devdax_memory_failure', pins_dropped } };
}

function wakes({ state, sigbus }: Process): boolean {
  return state === 'running' && sigbus === 'handled';
}

interface Range {
  readonly space: AddressSpace;
  readonly start: number;
  readonly end: number;
}

/** The mass failure of ranges in pfn order, and what it flags: every page in a DAX entry. */
function failed(
  input: StepInput,
  ranges: readonly Range[],
  entered: PfnSet,
  driver: string,
): StepOutput & { readonly signals: readonly SignalRow[] } {
  const { tx, device } = input;
  const plan = massPlan(input.parameters, input.removal.by_pid);
  const sent: SignalRow[] = [];
  const lines: string[] = [];
  let rows = 0;
  const loops = storingLoops(tx, device);
  for (const { space, start, end } of ranges) {
    const killed = killProcs(tx, space, start, end, plan);
    append(sent, killed.signals);
    rows += killed.rows;
    if (lines.length < LOG_LINES) append(lines, announce(space, killed));
  }
  setHwpoison(tx, device.name, entered);
  const signals = [...deliver(tx, sent).signals, ...storeAgain(tx, loops)];
  emit(tx, 'entries_zapped', `dax-devices/${device.name}`, { signals: signals.length });
  const log = [
    `${driver} ${device.name}: DAX active at remove, trigger mass memory failure`,
    ...recovered(device),
    ...lines,
  ];
  const result = { dax_is_idle: false, signals: rows };
  return { end: 'done', signals, hwpoisoned: pagesIn(entered), log, result };
}

/** Extents in the order of their pfns; those of a file that follow each other by index, too, are one. */
function inPfnOrder(host: Host, files: readonly File[]): (IndexRange & { readonly file: File })[] {
  const extents = files
    .flatMap((file) => extentsOf(host, file).map((extent) => ({ file, ...extent })))
    .sort((a, b) => a.pfn - b.pfn);
  return joined(extents, (before, next) => before.file === next.file);
}

/** action_result(), rate limited: the first 10 pfns of the device, mapped or not (R91). */
function recovered(device: DaxDevice): string[] {
  const lines = Math.min(10, nrPages(device));
  return Array.from({ length: lines }, (_, at) => {
    return `Memory failure: 0x${(device.base_pfn + at).toString(16)}: recovery action for dax page: Recovered`;
  });
}
