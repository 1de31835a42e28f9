/** What memory_failure() made of the pages of a node. Source: mm/memory-failure.c update_per_node_mf_stats(). */
export interface MemoryFailureCounters {
  readonly total: number;
  readonly ignored: number;
  readonly failed: number;
  readonly delayed: number;
  readonly recovered: number;
}

/** What the kernel of a host counts. */
export interface HostCounters {
  /** Of /proc/meminfo. Negative where the kernel's unsigned counter wrapped below zero (M46). */
  readonly HardwareCorrupted_kB: number;
  /** `nodeN/memory_failure/*` by node, where the kernel has them (v6.12 and later) and the node is online. */
  readonly memory_failure: Readonly<Record<string, MemoryFailureCounters>>;
}
