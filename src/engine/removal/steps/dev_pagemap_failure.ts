import type { DaxDevice, File } from '../../host.ts';
import { mountsOn, nrPages } from '../../lookup.ts';
import { runs } from '../../mapping_table.ts';
import { emit, entriesOf } from '../../transaction.ts';
import { killProcs } from '../kill_procs.ts';
import type { SignalRow } from '../record.ts';
import { deliver } from '../signals.ts';
import type { StepInput, StepOutput } from '../step.ts';

/**
 * "Detect the 'remove while mounted' case and trigger memory_failure() over the entire dax_dev": for every
 * pfn of the pgmap, ascending. As the letter says it (FU1-FU4) every translation goes; as the code does it
 * (B4) only where somebody was collected.
 * Source: mm/memremap.c dev_pagemap_failure(), the series of 2021.
 */
export function devPagemapFailure(input: StepInput): StepOutput {
  const { tx, device, parameters } = input;
  // del_gendisk() has taken the block device away: the superblocks are those of the instance before.
  const mounts = [...tx.host.tables.mounts.values()].filter(
    (mount) => mount.dax_device === device.name && mount.device_instance === device.instance - 1,
  );
  if (mounts.length === 0 && mountsOn(tx.host, device).length === 0)
    return { end: 'done', result: { dax_is_idle: true } };
  const sent: SignalRow[] = [];
  const lines: string[] = [];
  const systems = new Set(mounts.map((mount) => mount.file_system));
  const files = [...tx.host.tables.files.values()].filter(
    (file) => systems.has(file.file_system) && file.dax,
  );
  let hwpoisoned = 0;
  for (const { file, extent } of inPfnOrder(files)) {
    const end = extent.offset + extent.nr_pages;
    const killed = killProcs(tx, file, extent.offset, end, { parameters, by_pid: input.removal.by_pid });
    sent.push(...killed.signals);
    lines.push(...killed.log);
  }
  for (const file of files) for (const run of runs(entriesOf(tx.host, file.id))) hwpoisoned += run.nr_pages;
  const signals = deliver(tx, sent);
  emit(tx, 'entries_zapped', `dax-devices/${device.name}`, { signals: signals.length });
  const log = [
    `nd_pmem ${device.name}: DAX active at remove, trigger mass memory failure`,
    ...recovered(device),
    ...lines,
  ];
  return { end: 'done', signals, hwpoisoned, log, result: { dax_is_idle: false, signals: sent.length } };
}

function inPfnOrder(files: readonly File[]): { file: File; extent: File['extents'][number] }[] {
  return files
    .flatMap((file) => file.extents.map((extent) => ({ file, extent })))
    .sort((a, b) => a.extent.pfn - b.extent.pfn);
}

/** action_result(), rate limited: the first 10 pfns of the device, mapped or not (R91). */
function recovered(device: DaxDevice): string[] {
  const lines = Math.min(10, nrPages(device));
  return Array.from({ length: lines }, (_, at) => {
    return `Memory failure: 0x${(device.base_pfn + at).toString(16)}: recovery action for dax page: Recovered`;
  });
}
