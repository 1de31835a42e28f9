import type { CxlMemdev, CxlRegion } from '../../model/cxl.ts';
import type { DaxDevice, Host } from '../../model/host.ts';
import { unknownOutcome, type Refusal } from '../../model/refusal.ts';
import type { Untold } from '../../model/untold.ts';
import { consumersOf, hasLostTarget, isUp } from './chain.ts';

/*
 * What no listing has told of the chain memdev ── region ── dax device, so that nobody knows all that goes with a part
 * of it (CX21). Everything that tells what goes with something asks here: who only asks is answered with it beside
 * what is known, who acts is refused in the same words.
 */

/** What of a host's chain is untold, and what was worked out of that. */
export interface UntoldChain {
  readonly host: Host;
  /** Regions that decode, and of whose targets a listing showed fewer than they have ways. */
  readonly regions: readonly CxlRegion[];
  /** Devices without a told region, on a bus that is CXL or not told. */
  readonly devices: readonly DaxDevice[];
  /** The memdevs of which a region is told. */
  readonly onRegions: ReadonlySet<string>;
  /** Whether a card is in use at all, and whether one is of which no region is told. */
  readonly hasCard: boolean;
  readonly hasLooseCard: boolean;
  readonly memdevs: Map<string, Untold | null>;
}

/** Reads a host once, O(devices, regions and memdevs): what is then asked of each looks at what is untold alone. */
export function untoldChain(host: Host): UntoldChain {
  const { cxl_memdevs, cxl_regions, dax_devices } = host.tables;
  const targets = [...cxl_regions.values()].flatMap(({ mappings }) => mappings.map(({ memdev }) => memdev));
  const onRegions = new Set(targets);
  const cards = [...cxl_memdevs.keys()].filter((name) => isInUse(host, name));
  return {
    host,
    regions: cxl_regions.where((region) => hasUntoldTargets(host, region)),
    devices: dax_devices.where((device) => mayBeOnCxl(host, device)),
    onRegions,
    hasCard: cards.length > 0,
    hasLooseCard: cards.some((name) => !onRegions.has(name)),
    memdevs: new Map(),
  };
}

/** What may go with a memdev and is not told to: a region or device that may stand on this card, for all that is told. */
export function untoldOfMemdev(chain: UntoldChain, name: string): Untold | null {
  const { host, regions, devices, onRegions, memdevs } = chain;
  const known = memdevs.get(name);
  if (known !== undefined) return known;
  const others = regions.filter(({ mappings }) => !mappings.some(({ memdev }) => memdev === name));
  const loose = devices.filter((device) => !onRegions.has(name) || isNumbered(host, device));
  const untold = isInUse(host, name) ? whether([...others, ...loose], name) : null;
  memdevs.set(name, untold);
  return untold;
}

/**
 * Of a memdev, or a region of it, with which nothing goes for all that is told: that no listing has told what would
 * (CX25). Of RAM daxctl tells it, of a persistent region ndctl, which shows the card as a dimm.
 */
export function untoldOfEmpty(host: Host, memdev: CxlMemdev, regions: readonly CxlRegion[]): Untold | null {
  const { cxl_regions, dax_devices, inventories } = host.tables;
  if (inventories.size === 0 || memdev.state !== 'enabled') return null;
  if (regions.length === 0) {
    if (cxl_regions.size > 0) return null;
    return untold(`whether ${memdev.name} is in a region, and what stands on that,`);
  }
  const ofDaxctl = dax_devices.where(({ name }) => name.startsWith('dax')).length > 0;
  const isTold = ({ type }: CxlRegion): boolean => (type === 'pmem' ? memdev.nmem !== null : ofDaxctl);
  const isEmpty = ({ name }: CxlRegion): boolean => consumersOf(host, name).length === 0;
  const empty = regions.find((region) => isUp(region) && isEmpty(region) && !isTold(region));
  return empty === undefined
    ? null
    : untold(`whether a device stands on ${empty.name} and goes with ${memdev.name}`);
}

/** What may go with a region and is not told to. */
export function untoldOfRegion({ host, devices }: UntoldChain, name: string): Untold | null {
  return whether(
    devices.filter((device) => isNumbered(host, device)),
    name,
  );
}

/** What may go with a device when its card does, and is not told to. */
export function untoldOfDevice(chain: UntoldChain, device: DaxDevice): Untold | null {
  const { host } = chain;
  const region = host.tables.cxl_regions.get(device.cxl_region ?? '');
  if (region !== undefined) {
    const [first] = region.mappings;
    if (first !== undefined) return untoldOfMemdev(chain, first.memdev);
    return hasUntoldTargets(host, region) ? untold(`which CXL memdev ${region.name} decodes to`) : null;
  }
  const isLoose = mayBeOnCxl(host, device) && (device.provider === 'CXL' || mayBeOnACard(chain, device));
  return isLoose ? untold(`which CXL memdev ${device.name} stands on, and so what goes with it,`) : null;
}

function mayBeOnACard({ host, hasCard, hasLooseCard }: UntoldChain, device: DaxDevice): boolean {
  return hasLooseCard || (hasCard && isNumbered(host, device));
}

/** The refusal of an act of which nobody knows all that goes with it. */
export function refusesUntold({ what, run }: Untold): Refusal {
  return unknownOutcome(`unknown: ${what}: import ${run}`);
}

function whether(things: readonly { readonly name: string }[], goesWith: string): Untold | null {
  if (things.length === 0) return null;
  const names = things.slice(0, NAMES_MAX).map(({ name }) => name);
  const more = things.length - names.length;
  const rest = more === 0 ? '' : ` and ${String(more)} more`;
  return untold(`whether ${names.join(', ')}${rest} goes with ${goesWith}`);
}

const NAMES_MAX = 20;

function untold(what: string): Untold {
  return { what: `${what} is not told`, run: '`cxl list -RMT`, `daxctl list -RM` and `ndctl list -BRD`' };
}

function hasUntoldTargets(host: Host, region: CxlRegion): boolean {
  return (
    isUp(region) && region.mappings.length < (region.interleave_ways ?? 1) && !hasLostTarget(host, region)
  );
}

function mayBeOnCxl(host: Host, device: DaxDevice): boolean {
  const { cxl_region, state, provider } = device;
  const mayBe = provider === null || provider === 'CXL' || mayBeInWindow(host, device);
  return cxl_region === null && state !== 'gone' && mayBe;
}

/**
 * Whether a device may lie in the window of a card, where no listing shows its address: soft-reserved memory is often
 * memory of a CXL region that the firmware made. Source: drivers/dax/hmem/hmem.c hmem_register_device(), v6.12.
 */
function mayBeInWindow({ tables }: Host, { provider, phys_addr }: DaxDevice): boolean {
  return provider === 'hmem' && phys_addr === null && tables.inventories.size > 0;
}

/**
 * Whether a device without a told region may be on one that is told: its bus is, it may lie in its window, or its number
 * is that of one, which something else contradicts.
 */
function isNumbered({ tables }: Host, { name, provider }: DaxDevice): boolean {
  return (
    provider === 'CXL' ||
    provider === 'hmem' ||
    tables.cxl_regions.has(name.replace(/^[a-z]+(\d+).*$/, 'region$1'))
  );
}

/** Whether a region may decode to a memdev: of one that no listing has told nobody can say that none does (CX22). */
function isInUse({ tables }: Host, name: string): boolean {
  const memdev = tables.cxl_memdevs.get(name);
  return memdev === undefined || (memdev.state === 'enabled' && memdev.left_region === null);
}
