import { cutBadblocks } from '../mm/badblocks.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { DATA_ALIGN, type Metadata, metadataOf, NO_METADATA } from '../model/info_block.ts';
import { PAGE_BYTES, SECTOR_BYTES } from '../model/vocabulary.ts';
import { placesOf, refusesPlace } from './place.ts';

/** Where a device's data are, and of which layout that is. */
type Place = Pick<DaxDevice, 'size' | 'base_pfn' | 'phys_addr' | 'badblocks' | 'placed_as'>;
type Target = NonNullable<DaxDevice['placed_as']>;

/** To what the sizes of namespaces are aligned. Source: drivers/nvdimm/region_devs.c default_align(), x86. */
const NAMESPACE_ALIGN = 16 * 2 ** 20;

/**
 * Where the data of a namespace lie once it is bound in another layout: behind the info block and, where struct pages
 * are kept on the device, those (BIND1). Where that cannot be told, as of sector mode, of an align of 1 GiB, and of a
 * size that no namespace has, all stays, and `placed_as` says of which layout it is: from that the next bind goes on.
 *
 *   raw    │ data ─────────────────────────────────────────────────────│
 *   fsdax  │ info block │ struct pages (map=dev) │ data ───────────────│
 *
 * Source: drivers/nvdimm/pfn_devs.c nd_pfn_init(), v6.12.
 */
export function placeAs(host: Host, device: DaxDevice, to: Target): Partial<Place> {
  const stays = unmoved(device, to);
  return stays.placed_as === null ? stays : (movedTo(host, device, to) ?? stays);
}

/** A device in another layout, of which nobody has told where its data lie in that. */
export function unmoved(device: DaxDevice, to: Target): Pick<Place, 'placed_as'> {
  const from = layoutOf(device);
  const [before, after] = [metadataOf({ ...device, ...from }), metadataOf({ ...device, ...to })];
  const isSame = from.mode === to.mode && from.map === to.map;
  return { placed_as: isSame || (before !== null && before === after) ? null : from };
}

/** The layout that its place is of. */
function layoutOf({ placed_as, mode, map }: DaxDevice): Target {
  return placed_as ?? { mode, map };
}

function movedTo(host: Host, device: DaxDevice, to: Target): Place | null {
  const before = metadataOf({ ...device, ...layoutOf(device) });
  const after = metadataOf({ ...device, ...to });
  if (before === null || after === null) return null;
  const whole = namespaceBytes(device.size, before);
  if (whole === null) return null;
  const [from, start] = [before(whole), after(whole)];
  const moved = start - from;
  const behind = whole - start;
  const size = after === NO_METADATA ? behind : Math.floor(behind / DATA_ALIGN) * DATA_ALIGN;
  const place = { size, base_pfn: device.base_pfn + moved / PAGE_BYTES };
  if (
    size <= 0 ||
    place.base_pfn < 0 ||
    refusesPlace(host, placesOf(host, device.name), { ...device, ...place }) !== null
  )
    return null;
  const badblocks = badblocksFrom(device, moved, size);
  return { ...place, phys_addr: movedBy(device.phys_addr, moved), badblocks, placed_as: null };
}

/** The whole namespace of which that much is data; null where that is no whole number of 2 MiB. */
function namespaceBytes(size: number, metadata: Metadata): number | null {
  if (metadata === NO_METADATA) return size;
  if (size % DATA_ALIGN !== 0) return null;
  let least = size;
  // What is in front grows with the whole, a 64th as fast: a few steps end at the least that has room for both.
  while (least < size + metadata(least)) least = size + metadata(least);
  const fitting = [least, least + DATA_ALIGN].filter((whole) => whole - metadata(whole) === size);
  // Of two, one is a multiple of 128 MiB, where another 2 MiB of struct pages begin.
  return fitting.find((whole) => whole % NAMESPACE_ALIGN === 0) ?? fitting[0]!;
}

function movedBy(phys_addr: string | null, bytes: number): string | null {
  return phys_addr === null ? null : `0x${(BigInt(phys_addr) + BigInt(bytes)).toString(16)}`;
}

/** Badblocks stay where they are on the medium; those that are in front of the data now are none of the device. */
function badblocksFrom({ badblocks }: DaxDevice, moved: number, size: number): DaxDevice['badblocks'] {
  const by = moved / SECTOR_BYTES;
  const shifted = badblocks.map(({ offset, length }) => ({ offset: offset - by, length }));
  return cutBadblocks(shifted, { offset: 0, length: Math.ceil(size / SECTOR_BYTES) });
}
