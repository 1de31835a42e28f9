import type { DaxDevice, Host, Process } from '../model/host.ts';
import { onlinePfns } from '../model/memory_block.ts';
import { memoryRangesOf, pfns, ramRuns } from '../model/memory_range.ts';
import { mappingsOfDevice, processOf, presentPins, virtualAddress } from '../model/lookup.ts';
import { intersect, normalize, subtract, type PfnRange } from '../model/pfn_range.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';

/** Neighbouring pages of a device with system RAM that memory_failure() treats alike. */
export interface RamPiece {
  readonly pfn: number;
  readonly nr_pages: number;
  /** `none`: no struct page. `free`: nobody has them. */
  readonly kind: 'none' | 'offline' | 'poisoned' | 'used' | 'free';
  /** VMAs that map the first page, and the rest behind it. */
  readonly users: readonly User[];
  /** References beside those of the entries. */
  readonly pins: number;
}

interface User {
  readonly process: Process;
  /** Virtual address of the first page. */
  readonly address: bigint;
}

/** Who has pages of system RAM: an entry, or (no address) a pin. */
interface Claim {
  readonly from: number;
  readonly to: number;
  readonly user: { readonly process: Process; readonly address: bigint } | null;
}

/** The pages of a range by what they are, ascending. Work grows with runs. */
export function ramPieces(host: Host, device: DaxDevice, range: PfnRange): RamPiece[] {
  const memory = memoryRangesOf(host, device.name);
  const added = normalize(memory.map(pfns));
  const online = intersect([range], normalize(memory.flatMap(onlinePfns)));
  const sound = subtract(online, device.hwpoisoned);
  const claims = claimsOf(host, device);
  return [
    ...alike('none', subtract([range], added)),
    ...alike('offline', subtract(intersect([range], added), online)),
    ...cut('poisoned', intersect(online, device.hwpoisoned), claims),
    ...cut('used', sound, claims),
  ].sort((a, b) => a.pfn - b.pfn);
}

function alike(kind: RamPiece['kind'], ranges: readonly PfnRange[]): RamPiece[] {
  return ranges.map(([pfn, nr_pages]) => ({ pfn, nr_pages, kind, users: [], pins: 0 }));
}

function claimsOf(host: Host, device: DaxDevice): Claim[] {
  const claims: Claim[] = [];
  for (const mapping of mappingsOfDevice(host, device.name)) {
    const process = processOf(host, mapping.pid);
    for (const run of ramRuns(host, mapping)) {
      const address = virtualAddress(mapping, run.index * PAGE_BYTES);
      claims.push({ from: run.pfn, to: run.pfn + run.nr_pages, user: { process, address } });
    }
  }
  for (const pin of presentPins(host, device)) {
    for (const [pfn, nr_pages] of pin.pfn_ranges) claims.push({ from: pfn, to: pfn + nr_pages, user: null });
  }
  return claims.sort((a, b) => a.from - b.from);
}

/** Ranges cut wherever a claim begins or ends; what nobody claims is free (or only poisoned). */
function cut(kind: 'poisoned' | 'used', ranges: readonly PfnRange[], claims: readonly Claim[]): RamPiece[] {
  const pieces: RamPiece[] = [];
  let next = 0;
  let active: Claim[] = [];
  for (const [first, count] of ranges) {
    let at = first;
    while (at < first + count) {
      while (next < claims.length && claims[next]!.from <= at) {
        active.push(claims[next]!);
        next += 1;
      }
      active = active.filter((claim) => claim.to > at);
      const begins = claims[next]?.from ?? Number.POSITIVE_INFINITY;
      const to = Math.min(first + count, begins, ...active.map((claim) => claim.to));
      pieces.push(pieceOf(kind, at, to, active));
      at = to;
    }
  }
  return pieces;
}

function pieceOf(kind: 'poisoned' | 'used', pfn: number, to: number, claims: readonly Claim[]): RamPiece {
  const users = claims.flatMap(({ from, user }) =>
    user === null ? [] : [{ ...user, address: user.address + BigInt((pfn - from) * PAGE_BYTES) }],
  );
  const unclaimed = kind === 'used' && claims.length === 0;
  return {
    pfn,
    nr_pages: to - pfn,
    kind: unclaimed ? 'free' : kind,
    users,
    pins: claims.length - users.length,
  };
}
