import { ifResolved } from '../kernels/not_resolved.ts';
import { blastRadius } from '../removal/blast_radius.ts';
import type { Holder } from './record.ts';
import { cdevOf } from '../model/cdev.ts';
import type { Host, MemoryRange } from '../model/host.ts';
import type { OpenFile } from '../model/open_file.ts';
import { firstBlock } from '../model/memory_block.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import { exposureThrough } from '../model/open_exposures.ts';
import {
  deviceOf,
  filesShown,
  findDevice,
  mappingsOfDevice,
  mountsOfDevice,
  openFilesOfDevice,
  pinsOfDevice,
} from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { mappedPfns } from '../model/mapped.ts';
import { pagesIn } from '../model/pfn_set.ts';
import { untoldChain, untoldOfDevice } from '../device/cxl/untold.ts';
import { toldOf } from '../device/told.ts';
import { besides } from '../model/untold.ts';
import type { SurveyHolders } from '../model/question.ts';
import type { Transaction } from '../model/transaction.ts';
import type { Survey } from './record.ts';
import { advise } from './advice.ts';
import type { Use } from './consequence.ts';
import { endsOf } from './ends.ts';
import { closeWords } from './node_words.ts';
import { outlookOf, unbound } from './outlook.ts';
import { countResidue, residualUses } from './residue.ts';

/**
 * Who holds a device, also one that is not bound or was bound again: what an unbind now does to each, who still reaches
 * it after a former removal, and how these can be ended. Refused with `dax_device_not_found` only.
 */
export function surveyHolders(tx: Transaction, { dax_device: name }: SurveyHolders): Survey | Refusal {
  const { host } = tx;
  const device = findDevice(host, name);
  if (isRefusal(device)) return device;
  const uses = listUses(host, name);
  const { consequences, ...outlook } = outlookOf(tx, device, uses);
  const residual = residualUses(host, device);
  const reaching = new Set([...residual.values()].map(({ pid }) => pid));
  const items = uses.map((use, at): Holder => {
    const residue = use.kind === 'process' ? reaching.has(use.pid!) : residual.has(use.id);
    const exposure = exposureThrough(host, use.id);
    // Of a kernel beyond all that are known none: `refused` says why (KREL8).
    const ends = residue ? ifResolved(() => endsOf(tx, use), []) : [];
    const { detail, ...consequence } = consequences[at]!;
    const closed = use.kind === 'open_file' ? closeWords(tx, host.tables.open_files.get(use.id)!) : '';
    return { ...use, ...consequence, detail: `${detail}${closed}`, residue, exposure, ends };
  });
  const blast_radius = blastRadius(host, device, pagesIn(mappedPfns(host, device)));
  const advice = advise(tx, unbound(name), { kernels: false });
  return {
    items,
    ...toldOf(device),
    ...besides(untoldOfDevice(untoldChain(host), device)),
    trigger: 'unbind',
    ...outlook,
    residue: countResidue(host, device, residual),
    blast_radius,
    advice,
  };
}

function listUses(host: Host, name: string): Use[] {
  const mounts = mountsOfDevice(host, name);
  const maps = mappingsOfDevice(host, name);
  const pins = pinsOfDevice(host, name);
  const pids = new Set([...maps, ...pins, ...openFilesOfDevice(host, name)].map(({ pid }) => pid));
  return [
    ...mounts.map(({ id }): Use => ({ kind: 'mount', id, pid: null })),
    ...filesShown(host, name).map(({ id }): Use => ({ kind: 'file', id, pid: null })),
    ...[...pids].map((pid): Use => ({ kind: 'process', id: String(pid), pid })),
    ...maps.map(({ id, pid }): Use => ({ kind: 'mapping', id, pid })),
    ...pins.map(({ id, pid }): Use => ({ kind: 'pin', id, pid })),
    ...opensOf(host, name).map(({ id, pid }): Use => ({ kind: 'open_file', id, pid })),
    ...memoryRangesOf(host, name).flatMap(blocksOf),
  ];
}

/** Descriptors of its files, of the node of a device-dax, and of its deleted ones; none of a block device. */
function opensOf(host: Host, name: string): OpenFile[] {
  const device = deviceOf(host, name);
  return openFilesOfDevice(host, name).filter(
    ({ file, device_instance }) => file !== null || cdevOf(device, device_instance) !== null,
  );
}

/** Memory blocks by the kernel's numbers, neighbours that are alike as one: `memory32-memory39`. */
function blocksOf(range: MemoryRange): Use[] {
  const start = firstBlock(range);
  return range.blocks.map(({ first, nr_blocks }): Use => {
    const [from, to] = [start + first, start + first + nr_blocks - 1];
    const id = from === to ? `memory${String(from)}` : `memory${String(from)}-memory${String(to)}`;
    return { kind: 'memory_block', id, pid: null };
  });
}
