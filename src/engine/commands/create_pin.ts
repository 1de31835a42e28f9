import type { CreatePin } from '../model/use_command.ts';
import { touch } from '../mm/fault.ts';
import { ofZeroPage } from '../mm/gup.ts';
import { findMapper } from '../mm/mm_locked.ts';
import type { Site } from '../mm/site.ts';
import { leaveMovable } from '../device/kmem/offline.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import { deviceOf, findMapping, generationOf } from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { clipRun, runs } from '../model/mapping_table.ts';
import { normalize } from '../model/pfn_range.ts';
import type { Mapping, Pin } from '../model/host.ts';
import type { Outcome } from '../model/outcome.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import { emit, entriesOf, identity, nextId, put, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { longtermOfStale, notFaultedIn, pinOfStale } from './pin_stale.ts';

/**
 * Pins pages by gup (C1, C2): faults them in, then takes a reference on each, of a stale entry on what its pfn is now
 * (R164). 409 with EOPNOTSUPP where the kernel refuses FOLL_LONGTERM; an outcome instead where gup meets a stale entry
 * and takes nothing (C3).
 */
export function createPin(tx: Transaction, command: CreatePin): Pin | Outcome | Refusal {
  const site = siteOf(tx, command);
  if (isRefusal(site)) return site;
  const { mapping, device, index, nr } = site;
  const untaken = refusesLongterm(site, command) ?? pinOfStale(site, command.holder);
  if (untaken !== null) return untaken;
  const { failure } = touch(tx, mapping, index, nr, command.kind === 'longterm' && mapping.prot === 'rw');
  if (failure !== null) return notFaultedIn(failure);
  const ofHole = ofZeroPage(tx.host, mapping, { index, nr });
  if (ofHole !== null) return ofHole;
  if (command.kind === 'longterm') pinLongterm(tx, mapping, index, nr);
  const id = nextId(tx, 'p');
  const { uid, revision, host } = identity(tx);
  const record = put(tx, 'pins', id, {
    uid,
    revision,
    host,
    id,
    pid: command.pid,
    mapping: mapping.id,
    dax_device: device.name,
    offset: command.offset,
    length: command.length,
    kind: command.kind,
    holder: command.holder,
    pfn_ranges: pinnedPfns(tx, mapping, index, nr),
    pgmap: device.pgmap,
    generation: generationOf(tx.host, mapping),
  });
  emit(tx, 'pin_created', `pins/${id}`, { kind: command.kind, holder: command.holder });
  return record;
}

function siteOf(tx: Transaction, command: CreatePin): Site | Refusal {
  const process = findMapper(tx.host, command.pid, '/pid');
  if (isRefusal(process)) return process;
  const mapping = findMapping(tx.host, command.mapping);
  if (isRefusal(mapping)) return { ...mapping, pointer: '/mapping' };
  if (mapping.pid !== command.pid)
    return refuse('invalid_field', 'the mapping belongs to another process', { pointer: '/mapping' });
  const { offset, length } = command;
  if (length < 1 || offset + length > mapping.length) {
    return refuse('out_of_range', 'the pin reaches past the end of the mapping', { pointer: '/offset' });
  }
  const device = deviceOf(tx.host, mapping.dax_device);
  const index = Math.floor(offset / PAGE_BYTES);
  const nr = Math.ceil((offset + length) / PAGE_BYTES) - index;
  return { tx, mapping, device, process, caller: 'self', offset, index, nr };
}

/** C1: fsdax never; io_uring's own rule on file-backed memory of 5.10 and 6.1. */
function refusesLongterm(site: Site, { kind, holder }: CreatePin): Outcome | Refusal | null {
  if (kind !== 'longterm') return null;
  const { tx, mapping, device } = site;
  const facts = factsOf(tx.host);
  const file = mapping.file === null ? null : tx.host.tables.files.get(mapping.file);
  if (file?.dax === true)
    return (
      longtermOfStale(site, holder) ??
      kernelRefuses('EOPNOTSUPP', 'FOLL_LONGTERM on a file system DAX mapping')
    );
  if (
    holder === 'io_uring' &&
    device.mode === 'devdax' &&
    facts.io_uring_longterm_on_devdax === 'EOPNOTSUPP'
  ) {
    return kernelRefuses(
      'EOPNOTSUPP',
      'io_uring fixed buffers refuse file-backed memory that is neither shmem nor hugetlb',
    );
  }
  if (file !== null)
    return refuse(
      'not_modelled',
      'a longterm pin of page-cache pages holds ordinary RAM and reaches no device',
    );
  return null;
}

/** FOLL_LONGTERM of anonymous memory: from v6.1 on it leaves ZONE_MOVABLE first (M76). */
function pinLongterm(tx: Transaction, mapping: Mapping, index: number, nr: number): void {
  if (!mapping.anonymous || !factsOf(tx.host).kmem.longterm_pin_leaves_movable) return;
  const wanted = normalize(pinnedPfns(tx, mapping, index, nr));
  for (const range of memoryRangesOf(tx.host, mapping.dax_device)) leaveMovable(tx, range, wanted);
}

function pinnedPfns(
  tx: Transaction,
  mapping: Mapping,
  index: number,
  nr: number,
): (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  for (const run of runs(entriesOf(tx.host, mapping.id))) {
    const part = clipRun(run, index, index + nr);
    if (part?.kind === 'dax' || part?.kind === 'ram') ranges.push([part.pfn, part.nr_pages]);
  }
  return ranges;
}
