/**
 * The closed unions of the model: every word here is the kernel's own, spelled its way.
 * Imports nothing.
 */

/** Kernel profiles: the columns of every table of `kernels/`, in this order. */
export const KERNEL_NAMES = [
  'v5.10',
  'force-unmap',
  'force-unmap-v5.10',
  'force-unmap-v5.12',
  'v6.1',
  'v6.12',
  'v7.3',
] as const;

/** The name of a kernel profile. */
export type KernelName = (typeof KERNEL_NAMES)[number];

/** What a host runs: a profile, or a kernel that is made out by its release and by what was looked up on it. */
export const HOST_KERNELS = [...KERNEL_NAMES, 'resolved'] as const;

/** The kernel of a host. */
export type HostKernel = (typeof HOST_KERNELS)[number];

/** Modes of a dax device that are modelled, as ndctl and daxctl name them. */
export const KNOWN_MODES = ['fsdax', 'devdax', 'system-ram', 'raw', 'sector'] as const;

/** A mode that is modelled. */
export type KnownMode = (typeof KNOWN_MODES)[number];

/** Those, and any other that a listing shows. */
export const DEVICE_MODES = [...KNOWN_MODES, 'unknown'] as const;

/** The mode of a dax device. */
export type DeviceMode = (typeof DEVICE_MODES)[number];

/** Modes of the dax bus: the device is a character device, or memory of the machine, and no block device. */
export const DAX_MODES = ['devdax', 'system-ram'] as const;

/** A mode of the dax bus. */
export type DaxMode = (typeof DAX_MODES)[number];

/** Whether a device of this mode is on the dax bus (`/sys/bus/dax`). */
export function isOnDaxBus(mode: DeviceMode): mode is DaxMode {
  return mode === 'devdax' || mode === 'system-ram';
}

/** Stages of a device: `removing` until `->remove()` returns, `gone` where no listing shows it any more. */
export const DEVICE_STATES = ['bound', 'removing', 'unbound', 'gone'] as const;

/** The stage of a device. */
export type DeviceState = (typeof DEVICE_STATES)[number];

/** Whether anyone has said who uses a device. */
export const HOLDERS_TOLD = ['not_told', 'told'] as const;

/** Whether the users of a device are known. */
export type HoldersTold = (typeof HOLDERS_TOLD)[number];

/** How a link is known: a listing or the operator says so, or it follows from the kernel's numbering or an address. */
export const LINK_SOURCES = ['listed', 'derived'] as const;

/** How the link of a device to its CXL region is known. */
export type LinkSource = (typeof LINK_SOURCES)[number];

/** Drivers that bind a device, or the dax region above it. */
export const DRIVERS = ['nd_pmem', 'device_dax', 'dax_pmem', 'kmem'] as const;

/** The driver of a device. */
export type Driver = (typeof DRIVERS)[number];

/** The driver that binds a device of this mode; null in one that is not modelled. */
export function driverOf(mode: KnownMode): Driver;
export function driverOf(mode: DeviceMode): Driver | null;
export function driverOf(mode: DeviceMode): Driver | null {
  if (mode === 'unknown') return null;
  return mode === 'devdax' ? 'device_dax' : mode === 'system-ram' ? 'kmem' : 'nd_pmem';
}

/** File systems that know DAX. */
export const FS_TYPES = ['ext4', 'xfs'] as const;

/** The type of a file system. */
export type FsType = (typeof FS_TYPES)[number];

/** Partitions that a device can have: equal parts of it, numbered from 1 (PART1). */
export const PARTITIONS_MAX = 4;

/** The mount option `dax=`. */
export const DAX_OPTIONS = ['always', 'inode', 'never'] as const;

/** When files of a mount use DAX. */
export type DaxOption = (typeof DAX_OPTIONS)[number];

/** What a remount changes. */
export const REMOUNT_OPTIONS = ['ro', 'rw'] as const;

/** An option of a remount. */
export type RemountOption = (typeof REMOUNT_OPTIONS)[number];

/** `alive` until the removal or a failed log write shuts it down; `frozen`: a removal that never ends froze it (R54). */
export const FS_STATES = ['alive', 'shutdown', 'frozen'] as const;

/** How a superblock stands. */
export type FsState = (typeof FS_STATES)[number];

/** What the kernel does with memory blocks that come: `/sys/devices/system/memory/auto_online_blocks`. */
export const ONLINE_POLICIES = ['offline', 'online', 'online_kernel', 'online_movable'] as const;

/** One of them. */
export type OnlinePolicy = (typeof ONLINE_POLICIES)[number];

/** PR_MCE_KILL of a process; `default` follows the sysctl. */
export const MCE_KILL_POLICIES = ['default', 'early', 'late'] as const;

/** Why what a mapping or pin reaches belongs to another owner. */
export const EXPOSURE_REASONS = ['generation', 'tenant'] as const;

/** How pfns came to another owner. */
export type ExposureReason = (typeof EXPOSURE_REASONS)[number];

/** When a process is killed for poison. */
export type MceKillPolicy = (typeof MCE_KILL_POLICIES)[number];

/** What a process does with SIGBUS. */
export const SIGBUS_DISPOSITIONS = ['default', 'handled', 'blocked', 'ignored'] as const;

/** What becomes of a SIGBUS to a process. */
export type SigbusDisposition = (typeof SIGBUS_DISPOSITIONS)[number];

/**
 * `dead`: ended and reaped. `oopsed`: the kernel oopsed in this task and it is never reaped.
 * `blocked`: state D in a call that does not return. `livelocked`: spins in the kernel until SIGKILL.
 */
export const PROCESS_STATES = ['running', 'dead', 'oopsed', 'blocked', 'livelocked'] as const;

/** How a process stands. */
export type ProcessState = (typeof PROCESS_STATES)[number];

/** Flags of mmap(2): MAP_SHARED, MAP_PRIVATE, MAP_SYNC. */
export const MAP_FLAGS = ['shared', 'private', 'sync'] as const;

/** A flag of mmap(2). */
export type MapFlag = (typeof MAP_FLAGS)[number];

/** PROT_READ alone, or with PROT_WRITE. */
export const PROTS = ['r', 'rw'] as const;

/** The protection of a mapping. */
export type Prot = (typeof PROTS)[number];

/** Bytes under one entry of a page table. */
export const PAGE_SIZES = [4096, 2097152, 1073741824] as const;

/** The largest entry that a mapping takes; bytes. */
export type PageSize = (typeof PAGE_SIZES)[number];

/** How a mapping is touched as it is made. */
export const POPULATE_KINDS = ['none', 'read', 'write'] as const;

/** How a new mapping is touched. */
export type Populate = (typeof POPULATE_KINDS)[number];

/** What a process does with a mapping all the time; `storing` stores without pause. */
export const ACTIVITIES = ['idle', 'storing'] as const;

/** What goes on through a mapping. */
export type Activity = (typeof ACTIVITIES)[number];

/** Page references by gup; the second is FOLL_LONGTERM. */
export const PIN_KINDS = ['transient', 'longterm'] as const;

/** The kind of a pin. */
export type PinKind = (typeof PIN_KINDS)[number];

/** Kernel users that pin pages for a process. */
export const PIN_HOLDERS = ['io_uring', 'rdma', 'vfio', 'xdp', 'vmsplice', 'direct_io', 'other'] as const;

/** Who holds a pin. */
export type PinHolder = (typeof PIN_HOLDERS)[number];

/** Ways to use mapped memory: by the process itself, by the kernel for it, or by another process. */
export const ACCESS_KINDS = [
  'read',
  'write',
  'msync',
  'copy_out',
  'vmsplice',
  'process_vm_readv',
  'ptrace',
  'direct_io',
  'io_uring_register',
  'mlock',
  'mprotect',
  'madvise_dontneed',
  'madvise_hwpoison',
  'smaps',
  'pagemap',
  'numa_maps',
] as const;

/** How mapped memory is used. */
export type AccessKind = (typeof ACCESS_KINDS)[number];

/** What can be done with a mapping, as hazards name it: its accesses (`load` and `store` are read and write), and its ends. */
export type MappingVerb = Exclude<AccessKind, 'read' | 'write'> | 'load' | 'store' | 'munmap' | 'exit';

/** How a pin ends: by itself, or with its process. */
export const PIN_VERBS = ['unpin', 'exit'] as const;

/** How a pin ends. */
export type PinVerb = (typeof PIN_VERBS)[number];

/** What such a use comes to. */
export const ACCESS_RESULTS = ['ok', 'signal', 'errno', 'blocked', 'livelock', 'kernel_oops'] as const;

/** What a use of memory, or a call, comes to. */
export type AccessResult = (typeof ACCESS_RESULTS)[number];

/** Calls on a file by descriptor. */
export const IO_KINDS = ['pread', 'pwrite', 'fsync'] as const;

/** A call on a file. */
export type IoKind = (typeof IO_KINDS)[number];

/** What `memoryN/state` takes and reads. */
export const MEMORY_BLOCK_STATES = ['offline', 'online', 'online_kernel', 'online_movable'] as const;

/** The state of a memory block. */
export type MemoryBlockState = (typeof MEMORY_BLOCK_STATES)[number];

/** What `daxX.Y/state` reads and takes (v7.3). */
export const KMEM_STATES = ['unplugged', ...MEMORY_BLOCK_STATES] as const;

/** What the kmem state attribute says. */
export type KmemState = (typeof KMEM_STATES)[number];

/** Who calls memory_failure() or soft_offline_page() on a page; a scrub, or a tool that has it find, calls neither. */
// biome-ignore format: a list of short words is read as a line
export const MEMORY_FAILURE_SOURCES = ['madvise', 'mce', 'debugfs', 'soft_offline', 'ars', 'inject_error'] as const;

/** Who says that a page is broken. */
export type MemoryFailureSource = (typeof MEMORY_FAILURE_SOURCES)[number];

/** What memory_failure() makes of a page: the words of its `recovery action` log line. */
export const MEMORY_FAILURE_RESULTS = ['Ignored', 'Failed', 'Delayed', 'Recovered'] as const;

/** What the kernel says became of a page. */
export type MemoryFailureResult = (typeof MEMORY_FAILURE_RESULTS)[number];

/** `disabled`: on the bus without its driver. `gone`: its PCI function was removed. */
export const CXL_MEMDEV_STATES = ['enabled', 'disabled', 'gone'] as const;

/** How a memdev stands. */
export type CxlMemdevState = (typeof CXL_MEMDEV_STATES)[number];

/** What is bound to a memdev: the memdev's own driver, or that of its PCI function. */
export const CXL_DRIVERS = ['cxl_mem', 'cxl_pci'] as const;

/** A driver of a memdev, or of its PCI function. */
export type CxlDriver = (typeof CXL_DRIVERS)[number];

/** What is unbound under a memdev, or the tool asked, without and with `-f`. */
export const CXL_REMOVE_VIAS = [...CXL_DRIVERS, 'cxl_disable_memdev', 'cxl_disable_memdev_force'] as const;

/** How a memdev is taken away. */
export type CxlRemoveVia = (typeof CXL_REMOVE_VIAS)[number];

/** Whether the decoders of a region are programmed. */
export const CXL_DECODE_STATES = ['commit', 'reset'] as const;

/** How the decoders of a region stand. */
export type CxlDecodeState = (typeof CXL_DECODE_STATES)[number];

/** What makes `->remove()` run. */
export const REMOVE_TRIGGERS = ['unbind', 'surprise_removal', 'orderly_removal'] as const;

/** What makes a removal begin. */
export type RemoveTrigger = (typeof REMOVE_TRIGGERS)[number];

/** What is unbound, or which tool is called. */
export const REMOVE_VIAS = [
  'nd_pmem',
  'device_dax',
  'kmem',
  'dax_pmem',
  'cxl_region',
  'cxl_mem',
  'cxl_pci',
  'ndctl_disable_namespace',
  'ndctl_destroy_namespace',
  'ndctl_disable_region',
  'daxctl_disable_device',
  'cxl_disable_region',
  'cxl_disable_region_force',
  'cxl_destroy_region',
  'cxl_destroy_region_force',
] as const;

/** The way by which a removal is asked for. */
export type RemoveVia = (typeof REMOVE_VIAS)[number];

/** The tool that is asked for a bind; `_force`: with -f. */
export const BIND_VIAS = [
  'daxctl_reconfigure_device',
  'daxctl_reconfigure_device_force',
  'daxctl_enable_device',
  'ndctl_enable_namespace',
  'ndctl_create_namespace',
  'ndctl_create_namespace_force',
] as const;

/** The tool by which a bind is asked for. */
export type BindVia = (typeof BIND_VIAS)[number];

/**
 * `waiting` for somebody to let go; `stuck` where that kernel never finishes; `undetermined` where its next step
 * depends on a fact that is not known of the kernel.
 */
export const REMOVAL_STATES = ['running', 'waiting', 'stuck', 'completed', 'undetermined'] as const;

/** How far a removal is. */
export type RemovalState = (typeof REMOVAL_STATES)[number];

/** What a removal leaves, the least first; `undetermined` where that depends on a fact that is not known of the kernel. */
export const VERDICTS = ['contained', 'leaked', 'unsafe', 'exposed', 'undetermined'] as const;

/** The worst that a removal leaves. */
export type Verdict = (typeof VERDICTS)[number];

/** Stages of `->remove()`, each named for the kernel function that it models. */
export const STEP_NAMES = [
  'nd_pmem_remove',
  'dax_holder_notify_failure',
  'kill_dax',
  'del_gendisk',
  'dev_pagemap_failure',
  'unmap_mapping_range',
  'cdev_del',
  'pgmap_drain',
  'arch_remove_memory',
  'kmem_memory_failure',
  'remove_memory',
  'release_mem_region',
  'unregister_dev_dax',
  'cxl_region_decode_reset',
  'cxl_decoder_detach',
  'cxl_region_remove',
  'cxl_memdev_remove',
] as const;

/** The name of a step. */
export type StepName = (typeof STEP_NAMES)[number];

/** The errnos the kernel answers in this model. */
// biome-ignore format: a list of short words is read as a line
export const ERRNOS = [
  'EACCES', 'EBUSY', 'EEXIST', 'EFAULT', 'EHWPOISON', 'EINTR', 'EINVAL', 'EIO', 'ENODEV',
  'ENOENT', 'ENOSPC', 'ENXIO', 'EOPNOTSUPP', 'EPERM', 'EROFS', 'EUCLEAN',
] as const;

/** The kernel's own no. */
export type Errno = (typeof ERRNOS)[number];

/** What the bus did: a removal is named as its trigger. */
export const HOTPLUG_ACTIONS = ['surprise_removal', 'orderly_removal', 'add', 'replace'] as const;

/** What the bus did. */
export type HotplugAction = (typeof HOTPLUG_ACTIONS)[number];

/** Whether the kernel of a host oopsed, or spins. */
export const HOST_HEALTH = ['ok', 'oopsed', 'livelocked'] as const;

/** How the kernel of a host is. */
export type HostHealth = (typeof HOST_HEALTH)[number];

/** Bytes of a base page: every offset and length of a mapping is a multiple of it. */
export const PAGE_BYTES = 4096;
/** The unit in which the kernel keeps badblocks, and the tools print them. */
export const SECTOR_BYTES = 512;
/** Base pages under one PMD entry (2 MiB). */
export const PMD_PAGES = 512;
/** Base pages under one PUD entry (1 GiB). */
export const PUD_PAGES = 262144;
