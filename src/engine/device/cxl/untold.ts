import type { CxlRegion, DaxDevice, Host } from '../../model/host.ts';
import { unknownOutcome, type Refusal } from '../../model/refusal.ts';
import type { Untold } from '../../model/untold.ts';
import { hasLostTarget } from './chain.ts';

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
    devices: dax_devices.where(mayBeOnCxl),
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
  const isLoose = mayBeOnCxl(device) && (device.provider === 'CXL' || mayBeOnACard(chain, device));
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
  return { what: `${what} is not told`, run: '`cxl list -RMT`, `daxctl list -R` and `ndctl list -BRD`' };
}

function hasUntoldTargets(host: Host, region: CxlRegion): boolean {
  const decodes = region.state === 'enabled' && region.decode_state === 'commit';
  return decodes && region.mappings.length < (region.interleave_ways ?? 1) && !hasLostTarget(host, region);
}

function mayBeOnCxl({ cxl_region, state, provider }: DaxDevice): boolean {
  return cxl_region === null && state !== 'gone' && (provider === null || provider === 'CXL');
}

/**
 * Whether a device without a told region may be on one that is told: its bus is, or its number is that of one, which
 * something else contradicts.
 */
function isNumbered({ tables }: Host, { name, provider }: DaxDevice): boolean {
  return provider === 'CXL' || tables.cxl_regions.has(name.replace(/^[a-z]+(\d+).*$/, 'region$1'));
}

/** Whether a region may decode to a memdev: of one that no listing has told nobody can say that none does (CX22). */
function isInUse({ tables }: Host, name: string): boolean {
  const memdev = tables.cxl_memdevs.get(name);
  return memdev === undefined || (memdev.state === 'enabled' && memdev.left_region === null);
}
