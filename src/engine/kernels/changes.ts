import { changed, changedWithin, notOfRelease, type Change } from './change.ts';

const notLocated = 'not located' as const;
const folio = '38607c62b34b' as const;

/** What 5.17 and 5.18 did to the end of a pgmap. */
const external_refs = changed(
  '5.17',
  'b80892ca022e',
  'memremap: remove support for external pgmap refcounts',
  'B',
  {
    note: 'fsdax waits in memunmap_pages() there, and from 5.18 on for nothing',
  },
);
const extra_refcount = changed(
  '5.18',
  '27674ef6c73f',
  'mm: remove the extra ZONE_DEVICE struct page refcount',
  'A',
  {
    note: 'no removal waits for pages any more',
    needs: [external_refs],
  },
);

/** The holder of a dax_device is told, and what became of its walk. */
const notify_failure = changed('6.0', '6f643c57d57c', 'xfs: implement ->notify_failure() for XFS', 'A', {
  note: 'the call is new',
});
const length_of_walk = changed(
  '6.5',
  '5cf32f63b0f4',
  'xfs: fix the calculation for "end" and "length"',
  'A',
  {
    note: 'before, the walk passed the last group, and oopsed; of a partition it is right from 6.8 on',
    backports: ['6.1.112'],
    needs: [notify_failure],
  },
);

/** Of a partition the walk was too long by its start until then. */
const length_of_partition = changed(
  '6.8',
  'xfs-length-of-partition',
  'the walk of a partition ends at its end',
  'A',
  { note: 'the release is read in the sources, the commit was not located', needs: [length_of_walk] },
);

const refcounted = changed('6.15', folio, 'fs/dax: properly refcount fs dax pages', 'A', {
  note: 'the outcome is certain, the function in which an oops strikes is inferred',
  needs: [extra_refcount],
});

/**
 * Every change with which a fact took another value, in the order of releases. Source: trees of 5.10.223, 6.1.4,
 * 6.1.187, 6.12.8, 6.12.95, 6.17.8, 6.18.5, 6.19.6, 7.1.3, 7.2.6 and 7.3.4, single commits, and the changelogs of
 * Debian, which list the patches of 5.10.y, 6.1.y and 6.12.y.
 */
// biome-ignore format: a change is read as a line
export const CHANGES = {
  early_kill:           changed('5.11', '30c9cf492704', 'mm,hwpoison: send SIGBUS to PF_MCE_EARLY processes on action required events', 'B', { seen_without: ['5.10.261'] }),
  off_buddy:            changed('5.11', 'a8b2c2ce89d4', 'mm,hwpoison: take free pages off the buddy freelists', 'B'),
  check_vma_flags:      changed('5.11', '52650c8b466b', 'mm/gup: remove the vma allocation from gup_longterm_locked()', 'B'),
  migrate_pinned:       changed('5.13', 'd1e153fea2a8', 'mm/gup: migrate pinned pages out of movable zone', 'B'),
  already_poisoned:     changed('5.13', '47af12bae17f', 'mm,hwpoison: return -EHWPOISON to denote that the page has already been poisoned', 'A'),
  bind_checks:          changed('5.14', '204db60c8357', 'driver core: Pull required checks into driver_probe_device()', 'B', { note: 'what a failed probe answers came with ef6dcbdd8eb2 of the same series' }),
  memory_group:         changed('5.15', 'eedf634aac3b', 'dax/kmem: use a single static memory group for a single probed unit', 'B'),
  external_refs,
  compound_devmap:      changed('5.17', '14606001efb4', 'device-dax: compound devmap support', 'B', { note: 'of device-dax with an alignment above 4 KiB' }),
  extra_refcount,
  gup_by_folio:         changed('5.18', 'gup-by-folio', 'try_grab_page() looks at page_folio() before the flags', 'C', { note: 'the reader dies as before, in another function' }),
  counts_dax:           changedWithin('5.11', '6.0', 'mf-counts-dax', 'action_result() counts: perhaps 405ce051236c of 5.18, which went to 5.15.y and 5.17.y', 'C'),
  recovery_write:       changed('5.19', 'f42e8e5088b9', 'pmem: implement pmem_recovery_write()', 'B'),
  mce_misc:             changed('5.19', '7917f9cdb503', 'acpi/nfit: rely on mce->misc to determine poison granularity', 'B', { note: 'the number follows MCi_MISC' }),
  notify_failure,
  fsdax_cow:            changed('6.0', '35fcd75af3ed', 'xfs: fail dax mount if reflink is enabled on a partition', 'B'),
  xfs_flush:            changed('6.0', '7d839e325af2', 'xfs: check return codes when flushing block devices', 'A'),
  cxl_pmem_region:      changed('6.0', '04ad63f086d1', 'cxl/region: Introduce cxl_pmem_region objects', 'B', { note: 'drivers/cxl for persistent memory; Debian builds it from 6.1~rc5 on' }),
  ext4_dead_fsync:      changedWithin('5.11', '6.1', 'ext4-dead-fsync', notLocated, 'none', { note: 'the functions are the same in 5.10.223 and 6.1.187' }),
  hwpoison_of_block:    changed('6.2', '5033091de814', 'mm/hwpoison: introduce per-memory_block hwpoison counter', 'B'),
  nvdimm_of_memdev:     changed('6.2', 'f17b558d6663', 'cxl/pmem: Refactor nvdimm device registration, delete the workqueue', 'B', { note: 'that the nvdimm no longer keeps the memdev is inferred' }),
  super_lock:           changedWithin('6.2', '6.12', 'super-lock', 'super_lock() waits for s_umount in the place of its callers', 'C'),
  gup_inlined:          changedWithin('6.2', '6.12', 'gup-inlined', 'other functions of mm/gup.c are inlined', 'C'),
  list_del_report:      changedWithin('6.2', '6.12', 'list-del-report', 'what a corrupted list is found in has another name', 'C'),
  mf_of_node:           changed('6.3', '44b8f8bf2438', 'mm: memory-failure: add memory failure stats to sysfs', 'B'),
  hmem_by_kmem:         changed('6.3', 'e9ee9fe3a9d4', 'dax: Assign RAM regions to memory-hotplug by default', 'A'),
  cxl_ram_region:       changed('6.3', '09d09e04d2fc', 'cxl/dax: Create dax devices for CXL RAM regions', 'A'),
  length_of_walk,
  mark_dead:            changed('6.5', 'f55e017c6420', 'block: add a mark_dead holder operation', 'A', { note: 'with 87efb39075be, f5db130d4443 (ext4) and e7caa877e5dd (xfs)' }),
  gup_of_io_uring:      changed('6.5', 'io_uring-by-gup', 'io_uring: rsrc: delegate VMA file-backed check to GUP', 'B', { note: 'there was no such pin before; what its release does is inferred from 6.12' }),
  smaps_by_pmd:         changed('6.5', '8b9c1cc0418a', 'smaps: use vm_normal_page_pmd() instead of follow_trans_huge_pmd()', 'B'),
  fault_hwpoison:       changed('6.5', '1ea7ca1b0907', 'dax: enable dax fault handler to report VM_FAULT_HWPOISON', 'A'),
  auto_online:          notOfRelease('auto_online_default', 'a default of the distribution: read /sys/devices/system/memory/auto_online_blocks', '6.5'),
  length_of_partition,
  pre_remove:           changed('6.8', 'fa422b353d21', 'mm, pmem, xfs: Introduce MF_MEM_PRE_REMOVE for unbind', 'A', { needs: [notify_failure] }),
  dax_rwsem:            changed('6.9', 'c05ae9d85b47', 'dax/bus.c: replace driver-core lock usage by a local rwsem', 'B'),
  probe_failed:         changed('6.9', '32de4b4f9dfa', 'driver: core: Log probe failure as error and with device metadata', 'A'),
  madvise_required:     changed('6.11', 'madvise-action-required', 'mm/madvise: add MF_ACTION_REQUIRED to madvise(MADV_HWPOISON)', 'B'),
  mf_messages:          changed('6.11', 'b8b9488d50b7', 'mm/memory-failure: improve memory failure action_result messages', 'B', { note: 'from 6.12.48 on it is not counted a second time' }),
  ext4_rdonly:          changed('6.12', 'd3476f3dad4a', "ext4: don't set SB_RDONLY after filesystem errors", 'A', { backports: ['5.15.168', '6.1.113', '6.11.4'], seen_without: ['5.10.261', '6.6.56'], note: '6.6.57 has it by memory only' }),
  walk_of_rt:           changed('6.14', '799e7e6566df', 'xfs: react to fsdax failure notifications on the rt device', 'A', { needs: [length_of_walk] }),
  refcounted,
  zap_inlined:          changedWithin('6.15', '7.1', 'zap-inlined', 'whether zap_pte_range() is inlined depends on the build', 'C', { needs: [refcounted] }),
  zap_by_range:         changedWithin('7.0', '7.1', 'zap-by-range', '__zap_vma_range() takes the place of zap_pte_range()', 'C', { needs: [refcounted] }),
  io_uring_bvecs:       changed('6.15', '27cb27b6d5ea', 'io_uring: add support for kernel registered bvecs', 'B'),
  serial_checked:       changed('6.15', 'cxl-serial', 'cxl/pmem: debug invalid serial number data', 'B'),
  io_uring_release:     changedWithin('6.13', '7.3', 'io_uring-release', `${notLocated}; rsrc nodes were reworked in 6.13 and 6.15`, 'none'),
  pipe_release:         changedWithin('6.13', '7.3', 'pipe-release', notLocated, 'none'),
  gup_inlined_again:    changedWithin('6.13', '7.3', 'gup-inlined-again', 'other functions of mm/gup.c are inlined', 'C'),
  mmap_prepare:         changedWithin('6.13', '7.3', 'dax-mmap-prepare', 'device-dax has an mmap_prepare(), and __check_vma() in it', 'C'),
  decoder_detach:       changedWithin('6.13', '6.17', 'cxl-decoder-detach', '6.17.8 has it, 6.12.95 not', 'B'),
  truncation_said:      changed('6.16', 'kmem-truncation', 'DAX: warn when kmem regions are truncated for memory block alignment', 'B'),
  no_struct_page:       changed('6.19', '2ec41967189c', 'mm: handle poisoning of pfn without struct pages', 'A'),
  region_locked:        changed('6.19', 'cxl-region-locked', 'CXL_REGION_F_LOCK in cxl_region_decode_reset()', 'A'),
  mpol_rebind:          changed('7.2', 'cpuset-effective-mems', 'cgroup/cpuset: rebind mm mempolicy to effective_mems, not mems_allowed', 'A', {
    backports: ['5.10.261', '6.1.178', '6.12.117'],
    seen_without: ['5.15.168', '6.6.57', '6.12.95', '6.17.8', '6.18.5', '6.19.6', '7.0.0', '7.1.3'],
    note: 'merged on 6 July 2026: what was built before lacks it, and probably every live branch took it; a host with a v1 cpuset hierarchy always had it',
  }),
  kmem_state:           changed('7.3', 'kmem-state', 'dax/kmem hotplug state series', 'A'),
  measured:             notOfRelease('measured', 'times of the recorded kernels, which no single change explains'),
} as const satisfies Readonly<Record<string, Change>>;
