import type { CommitCxlRegion } from '../model/device_command.ts';
import {
  findRegion,
  hasLostTarget,
  consumersOf,
  capacityFor,
  regionsOn,
  memdevGone,
  findMemdev,
  bindsMemdev,
} from '../device/cxl/chain.ts';
import { commitDecode } from '../device/cxl/change.ts';
import {
  isMeasured,
  isTyped,
  sizeUnknown,
  typeUnknown,
  type MeasuredRegion,
  type TypedRegion,
} from '../device/cxl/region_type.ts';
import { must } from '../model/lookup.ts';
import type { CxlRegion } from '../model/cxl.ts';
import { isRefusal, kernelRefuses, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';

/**
 * Programs the decoders of a region that lost a target anew (targetN, commit; what `cxl create-region` does): the
 * range decodes to these memdevs, in position order. A target is refused by a region that is active (EBUSY), the
 * commit by one that has not all of them (ENXIO); a region over smaller cards is smaller, as far as the devices on
 * it let it (ENOSPC). Source: drivers/cxl/core/region.c cxl_region_attach(), commit_store(), hdm.c cxl_dpa_alloc().
 */
export function commitCxlRegion(
  tx: Transaction,
  { region: name, memdevs }: CommitCxlRegion,
): CxlRegion | Refusal {
  const region = findRegion(tx.host, name);
  if (isRefusal(region)) return region;
  if (region.decode_state === 'commit' && !hasLostTarget(tx.host, region)) {
    return kernelRefuses('EBUSY', `${name} is committed`);
  }
  if (!isMeasured(region)) return sizeUnknown(region);
  if (memdevs.length !== region.interleave_ways || new Set(memdevs).size !== memdevs.length) {
    const detail = `${name} needs ${String(region.interleave_ways)} targets, each a different memdev`;
    return { ...kernelRefuses('ENXIO', detail), pointer: '/memdevs' };
  }
  for (const memdev of memdevs) {
    const refusal = refusesTarget(tx, name, memdev);
    if (refusal !== null) return { ...refusal, pointer: '/memdevs' };
  }
  if (!isTyped(region)) return typeUnknown(region);
  const size = sizeOver(tx, region, memdevs);
  const tooLarge = consumersOf(tx.host, name).find((device) => device.size > size);
  if (tooLarge !== undefined) {
    const detail = `${String(size)} bytes of ${region.type} capacity are too small for ${tooLarge.name}`;
    return { ...kernelRefuses('ENOSPC', detail), pointer: '/memdevs' };
  }
  return commitDecode(tx, region, memdevs, size);
}

/** The former size, or less where the smallest card holds less: every way takes the same share. */
function sizeOver(
  tx: Transaction,
  { type, size }: TypedRegion & MeasuredRegion,
  memdevs: readonly string[],
): number {
  const cards = memdevs.map((name) => must(tx.host.tables.cxl_memdevs.get(name), name));
  const shares = cards.map((card) => capacityFor(card, type));
  return Math.min(size, Math.min(...shares) * memdevs.length);
}

function refusesTarget(tx: Transaction, region: string, name: string): Refusal | null {
  const memdev = findMemdev(tx.host, name);
  if (isRefusal(memdev)) return memdev;
  if (memdev.state === 'gone') return memdevGone(memdev);
  if (memdev.state === 'disabled')
    return kernelRefuses('ENODEV', `${name} has no endpoint: ${bindsMemdev(name)} first`);
  const taken = regionsOn(tx.host, name).find((other) => other.name !== region);
  return taken === undefined ? null : kernelRefuses('EBUSY', `${name} already decodes to ${taken.name}`);
}
