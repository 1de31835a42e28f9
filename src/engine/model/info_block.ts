import type { DaxDevice } from './host.ts';
import { isWithoutLabels } from './provider.ts';
import { PAGE_BYTES, PMD_PAGES } from './vocabulary.ts';

/** What of a device says where its data lie in its namespace. */
export type Layout = Pick<DaxDevice, 'mode' | 'map' | 'align' | 'provider'>;

/** The info block and its page in front of it; the struct page that is allowed for. */
const INFO_BYTES = 8192;
const STRUCT_PAGE_BYTES = 64;
/** Source: memremap_compat_align() of x86, v6.12. */
export const DATA_ALIGN = PMD_PAGES * PAGE_BYTES;

/** Bytes in front of the data, by the size of the whole namespace. */
export type Metadata = (whole: number) => number;

/** Of a namespace that is all data. */
export const NO_METADATA: Metadata = () => 0;
const INFO_BLOCK: Metadata = () => aligned(INFO_BYTES);
const STRUCT_PAGES: Metadata = (whole) =>
  aligned(INFO_BYTES + STRUCT_PAGE_BYTES * Math.floor((whole - INFO_BYTES) / PAGE_BYTES));

/**
 * What lies in front of the data of a namespace in a layout; null where that cannot be told: of sector mode (the version
 * of a btt follows the labels, its blocks are chosen), of a mode that is not modelled, of an align of 1 GiB.
 *
 * Source: drivers/nvdimm/pfn_devs.c nd_pfn_init(), v6.12.
 */
export function metadataOf({ mode, map, align, provider }: Layout): Metadata | null {
  if (mode === 'raw') return NO_METADATA;
  if (mode === 'sector' || mode === 'unknown' || (align ?? 0) > DATA_ALIGN) return null;
  // Their struct pages come with the bus, and no info block says so (M126).
  const isNative = map === 'mem' && mode === 'fsdax' && isWithoutLabels(provider);
  if (isNative) return align === null ? NO_METADATA : null;
  return map === 'mem' ? INFO_BLOCK : STRUCT_PAGES;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / DATA_ALIGN) * DATA_ALIGN;
}
