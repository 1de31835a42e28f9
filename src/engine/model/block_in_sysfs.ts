/**
 * What `/sys/devices/system/memory/memoryN` prints of a block, where that was told since its state changed last (KM27).
 * Source: drivers/base/memory.c removable_show(), valid_zones_show().
 */
export interface BlockInSysfs {
  readonly removable?: boolean;
  /** Names of zones, one space between them, or `none`. */
  readonly valid_zones?: string;
}
