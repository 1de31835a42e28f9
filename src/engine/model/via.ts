import type { CxlDriver, CxlRemoveVia, RemoveVia } from './vocabulary.ts';

/** A row for each `via` of a removal. */
interface Via {
  /** The driver that is unbound, or what loses the driver it has. */
  readonly unbinds:
    | 'nd_pmem'
    | 'device_dax'
    | 'kmem'
    | 'dax_pmem'
    | 'namespace'
    | 'nd_region'
    | 'cxl_region'
    | 'cxl_memdev';
  /** The tool that is asked; null where `unbind` of sysfs is written. */
  readonly tool: 'ndctl' | 'daxctl' | 'cxl' | null;
  /** Of a dax device, whether what stands above it goes with it: its dax_pmem, or its dax region. */
  readonly with_parent: boolean;
  /** Of a tool of CXL regions. */
  readonly region_tool?: RegionTool;
}

/** What one does beside the unbind of a region. Source: cxl/region.c disable_region(), destroy_region(), v81. */
interface RegionTool {
  readonly destroys: boolean;
  readonly force: boolean;
}

const ON_REGION = { unbinds: 'cxl_region', tool: 'cxl', with_parent: true } as const;

const VIAS: Readonly<Record<RemoveVia, Via>> = {
  nd_pmem: { unbinds: 'nd_pmem', tool: null, with_parent: false },
  device_dax: { unbinds: 'device_dax', tool: null, with_parent: false },
  kmem: { unbinds: 'kmem', tool: null, with_parent: false },
  dax_pmem: { unbinds: 'dax_pmem', tool: null, with_parent: true },
  cxl_region: { unbinds: 'cxl_region', tool: null, with_parent: true },
  cxl_mem: { unbinds: 'cxl_memdev', tool: null, with_parent: true },
  cxl_pci: { unbinds: 'cxl_memdev', tool: null, with_parent: true },
  ndctl_disable_namespace: { unbinds: 'namespace', tool: 'ndctl', with_parent: true },
  ndctl_destroy_namespace: { unbinds: 'namespace', tool: 'ndctl', with_parent: true },
  ndctl_disable_region: { unbinds: 'nd_region', tool: 'ndctl', with_parent: true },
  daxctl_disable_device: { unbinds: 'device_dax', tool: 'daxctl', with_parent: false },
  cxl_disable_region: { ...ON_REGION, region_tool: { destroys: false, force: false } },
  cxl_disable_region_force: { ...ON_REGION, region_tool: { destroys: false, force: true } },
  cxl_destroy_region: { ...ON_REGION, region_tool: { destroys: true, force: false } },
  cxl_destroy_region_force: { ...ON_REGION, region_tool: { destroys: true, force: true } },
};

/** What is known of a `via`; null where a removal names none, and the device's own driver is unbound. */
export function viaOf(via: RemoveVia | null | undefined): Via | null {
  return via === undefined || via === null ? null : VIAS[via];
}

/** Whether a part of the CXL chain goes, and the device because it stands on it. */
export function goesByCxl(via: RemoveVia | null | undefined): boolean {
  const unbinds = viaOf(via)?.unbinds;
  return unbinds === 'cxl_region' || unbinds === 'cxl_memdev';
}

/** What a tool of CXL regions does beside the unbind of a region; null of every other way. */
export function regionTool(via: RemoveVia | null | undefined): RegionTool | null {
  return viaOf(via)?.region_tool ?? null;
}

/** The driver that leaves a memdev; `cxl disable-memdev` unbinds cxl_mem (M107). */
export function memdevDriver(via: RemoveVia | CxlRemoveVia | null): CxlDriver {
  return via === 'cxl_pci' ? 'cxl_pci' : 'cxl_mem';
}
