import type { ListedItem, Listing } from './listing.ts';
import { nameOfDaxRegion } from './merge_dax_regions.ts';
import { toCount } from './number.ts';
import type { ListedObject, ListedRecord, ObjectKind } from './record.ts';
import { isSeed } from './skip.ts';

/** What listings of one moment show, and by it what of a host they would show if it were there. */
export interface Sight {
  readonly items: readonly ListedItem[];
  /** Names of what is listed, by kind; a dax region's is that of its record. */
  readonly names: ReadonlyMap<ObjectKind, ReadonlySet<string>>;
  /** `daxctl list`: dax devices that stand in no namespace. */
  readonly showsDax: boolean;
  /** Objects without a driver: only with -i. */
  readonly showsIdle: boolean;
  /** `cxl list -vv` and more: every port, decoder and region. */
  readonly isCxlTree: boolean;
  /** Regions whose whole capacity is available: they have no namespace. */
  readonly free: ReadonlySet<string>;
}

/** What these listings show. */
export function sightOf(listings: readonly Listing[]): Sight {
  const items = listings.flatMap((listing) => listing.items);
  const names = new Map<ObjectKind, Set<string>>();
  const note = (kind: ObjectKind, name: string): void => {
    names.set(kind, (names.get(kind) ?? new Set()).add(name));
  };
  for (const { kind, name } of items) if (kind !== 'dax_region') note(kind, name);
  for (const { format, items: printed } of listings) {
    if (format !== 'daxctl') continue;
    for (const { kind, fields } of printed) if (kind === 'dax_region') note(kind, nameOfDaxRegion(fields));
  }
  const isFree = ({ kind, fields }: ListedItem): boolean =>
    kind === 'region' && toCount(fields['size']) !== null && fields['available_size'] === fields['size'];
  const showsIdle = items.some(
    (item) => item.fields['state'] === 'disabled' || isSeed(item) || isIdleDecoder(item.kind, item.fields),
  );
  const tree = ['cxl_bus', 'port', 'decoder'] as const;
  return {
    items,
    names,
    showsDax: items.some(({ kind, parent }) => kind === 'dax_device' && parent === null),
    showsIdle,
    isCxlTree: showsIdle && tree.every((kind) => names.has(kind)),
    free: new Set(items.filter(isFree).map(({ name }) => name)),
  };
}

/** Whether an object of this kind and name is listed. */
export function isListed({ names }: Sight, kind: ObjectKind, name: string): boolean {
  return names.get(kind)?.has(name) === true;
}

/**
 * Whether the listings would show an object of the kind, being what the record says [IMP17]: they show others of it, and
 * it is none that only -i shows.
 * Source: ndctl/filter.c, daxctl/list.c, cxl/filter.c walk_decoders(), v81.
 */
export function wouldShow(sight: Sight, kind: ObjectKind, { parent, fields }: ListedRecord): boolean {
  const { names, showsIdle, isCxlTree } = sight;
  const isIdle = fields['state'] === 'disabled' || isIdleDecoder(kind, fields);
  if (isIdle && !showsIdle) return false;
  switch (kind) {
    case 'namespace':
      return names.has(kind) || sight.free.has(parent ?? '');
    case 'dax_device':
      return sight.showsDax;
    case 'memdev':
      return names.has(kind) || (isCxlTree && !names.has('endpoint'));
    case 'bus':
    case 'dimm':
    case 'region':
    case 'dax_region':
    case 'cxl_bus':
      return names.has(kind);
    case 'cxl_region':
    case 'port':
    case 'endpoint':
    case 'decoder':
      return names.has(kind) || isCxlTree;
  }
}

/** A decoder that decodes nothing. */
function isIdleDecoder(kind: ObjectKind, { size }: ListedObject): boolean {
  return kind === 'decoder' && (toCount(size) ?? 0) === 0;
}
