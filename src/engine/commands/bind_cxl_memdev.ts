import type { Answer } from '../answer.ts';
import type { Command } from '../model/command.ts';
import type { CxlMemdev, CxlRegion } from '../model/host.ts';
import { factsOf, must } from '../model/lookup.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import { bind } from './bind.ts';
import { emit, identity, put, remove, type Transaction } from '../model/transaction.ts';
import { changeMemdev, changeRegion, tellConsumers } from '../device/cxl/change.ts';
import {
  bindsMemdev,
  capacityFor,
  consumersOf,
  findMemdev,
  findRegion,
  hasLostTarget,
  memdevGone,
  regionsOn,
} from '../device/cxl/chain.ts';
import { freeMemdev, nmemOf } from '../device/cxl/names.ts';

/** A new medium in the place of the old: what was on it is not there, so nothing is bound by itself. */
export const MEDIUM_REPLACED = {
  type: 'medium_replaced',
  detail: 'another medium: it has no namespace of the old one, bind makes a new one',
} as const;

const ZERO_SIZE =
  'the decoder is committed with zero size, so the endpoint fails to probe: a reboot (POST …/reboot) clears it, ' +
  'another card (hotplug event replace) has one of its own';

/**
 * Binds cxl_mem to a memdev, or cxl_pci to its PCI function. ENXIO where its decoder was reset and kept the
 * COMMITTED bit (M97); its function binds all the same, and the memdev is there without a driver (M101, M105).
 */
export function bindCxlMemdev(
  tx: Transaction,
  command: Extract<Command, { type: 'bind_cxl_memdev' }>,
): Answer | Refusal {
  const memdev = findMemdev(tx.host, command.memdev);
  if (isRefusal(memdev)) return memdev;
  if (command.driver === 'cxl_pci') {
    if (memdev.state !== 'gone') return kernelRefuses('EBUSY', 'the PCI function has a driver');
    return { record: returnMemdev(tx, memdev, {}) };
  }
  if (memdev.state === 'gone') return memdevGone(memdev);
  if (memdev.state === 'enabled') return kernelRefuses('EBUSY', `${memdev.name} has a driver`);
  if (memdev.committed_with_zero_size) {
    return kernelRefuses('ENXIO', ZERO_SIZE);
  }
  return { record: changeMemdev(tx, memdev.name, { state: 'enabled', nmem: nmemOf(memdev) }) };
}

/**
 * The PCI function is probed again: its memdev gets the next number or the old one (M154), and a driver unless
 * its decoder is committed with zero size. `fields`: what another card in the slot brings.
 * Source: drivers/cxl/core/memdev.c devm_cxl_add_memdev().
 */
export function returnMemdev(tx: Transaction, before: CxlMemdev, fields: Partial<CxlMemdev>): CxlMemdev {
  const next = { ...before, ...fields };
  const name = factsOf(tx.host).cxl.memdev_on_return === 'next_number' ? freeMemdev(tx) : before.name;
  if (name !== before.name) remove(tx, 'cxl_memdevs', before.name);
  const enabled = !next.committed_with_zero_size;
  const record = put(tx, 'cxl_memdevs', name, {
    ...next,
    ...identity(tx),
    id: name,
    name,
    state: enabled ? 'enabled' : 'disabled',
    nmem: enabled ? nmemOf({ ...next, name }) : null,
  });
  emit(tx, 'cxl_memdev_changed', `cxl-memdevs/${name}`, { before: before.name, state: record.state });
  return record;
}

/**
 * Programs the decoders of a region that lost a target anew (targetN, commit; what `cxl create-region` does): the
 * range decodes to these memdevs, in position order. A target is refused by a region that is active (EBUSY), the
 * commit by one that has not all of them (ENXIO); a region over smaller cards is smaller, as far as the devices on
 * it let it (ENOSPC). Source: drivers/cxl/core/region.c cxl_region_attach(), commit_store(), hdm.c cxl_dpa_alloc().
 */
export function commitCxlRegion(
  tx: Transaction,
  { region: name, memdevs }: Extract<Command, { type: 'commit_cxl_region' }>,
): Answer | Refusal {
  const region = findRegion(tx.host, name);
  if (isRefusal(region)) return region;
  if (region.decode_state === 'commit' && !hasLostTarget(tx.host, region)) {
    return kernelRefuses('EBUSY', `${name} is committed`);
  }
  if (memdevs.length !== region.interleave_ways || new Set(memdevs).size !== memdevs.length) {
    const detail = `${name} needs ${String(region.interleave_ways)} targets, each another memdev`;
    return { ...kernelRefuses('ENXIO', detail), pointer: '/memdevs' };
  }
  for (const memdev of memdevs) {
    const refusal = refusesTarget(tx, name, memdev);
    if (refusal !== null) return { ...refusal, pointer: '/memdevs' };
  }
  const size = sizeOver(tx, region, memdevs);
  const tooLarge = consumersOf(tx.host, name).find((device) => device.size > size);
  if (tooLarge !== undefined) {
    const detail = `${String(size)} bytes of ${region.type} capacity do not hold ${tooLarge.name}`;
    return { ...kernelRefuses('ENOSPC', detail), pointer: '/memdevs' };
  }
  const mappings = memdevs.map((memdev, position) => ({ position, memdev, decoder: null }));
  const record = changeRegion(tx, name, { decode_state: 'commit', mappings, size });
  tellConsumers(tx, name);
  return { record };
}

/** What there was, or less where the smallest of the cards has less: every way takes the same share of its own. */
function sizeOver(tx: Transaction, { type, size }: CxlRegion, memdevs: readonly string[]): number {
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
  return taken === undefined ? null : kernelRefuses('EBUSY', `${name} decodes to ${taken.name}`);
}

/**
 * Binds cxl_region again: its devices are found anew and bound, but for those whose medium is another now. ENXIO
 * below CXL_CONFIG_COMMIT: its decoders are reset, or a target has left.
 * Source: drivers/cxl/core/region.c cxl_region_probe().
 */
export function bindCxlRegion(
  tx: Transaction,
  command: Extract<Command, { type: 'bind_cxl_region' }>,
): Answer | Refusal {
  const region = findRegion(tx.host, command.region);
  if (isRefusal(region)) return region;
  if (region.state === 'enabled') return kernelRefuses('EBUSY', `${region.name} has a driver`);
  if (region.decode_state === 'reset' || hasLostTarget(tx.host, region)) {
    return kernelRefuses('ENXIO', `${region.name} is not committed`);
  }
  if (consumersOf(tx.host, region.name).some(({ removal }) => removal !== null)) {
    return refuse('removal_in_progress', `a device on ${region.name} is being removed`);
  }
  const record = changeRegion(tx, region.name, { state: 'enabled' });
  tellConsumers(tx, region.name);
  for (const { name, mode, state, media_present, conditions } of consumersOf(tx.host, region.name)) {
    const other = conditions.some(({ type }) => type === MEDIUM_REPLACED.type);
    if (state === 'unbound' && media_present && !other) bind(tx, { type: 'bind', dax_device: name, mode });
  }
  return { record };
}
