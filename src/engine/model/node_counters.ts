/** What memory_failure() made of the pages of a node. Source: mm/memory-failure.c update_per_node_mf_stats(). */
export interface MemoryFailureCounters {
  readonly total: number;
  readonly ignored: number;
  readonly failed: number;
  readonly delayed: number;
  readonly recovered: number;
}
